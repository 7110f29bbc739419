// `npm run prices`: writes src/prices/list.json from the price list that @pydantic/genai-prices keeps.
// - Only Anthropic's models, and only what a cost needs: the package itself is 0.5 MB, its list for us 8 kB.
// - The date is that of the package's version; a test compares the list with the package that is installed.

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { modelsOf } from "../test/unit/prices/package.ts";

const NAME = "@pydantic/genai-prices";
const { version }: { version: string } = JSON.parse(readFileSync(`node_modules/${NAME}/package.json`, "utf8"));
const times: Record<string, string> = JSON.parse(
  execFileSync("npm", ["view", NAME, "time", "--json"], { encoding: "utf8" }),
);
const list = { source: `${NAME} ${version}`, date: times[version]?.slice(0, 10), models: modelsOf() };
writeFileSync("src/prices/list.json", `${JSON.stringify(list, null, 2)}\n`);
