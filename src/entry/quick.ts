// dist/quick.js: the verbs that are called again and again, in one file. Of that file each runs what it needs.

import { config } from "zod/mini";
import { isNewEnough } from "../platform/runtime.ts";
import { callVerb } from "./call.ts";

const [, , name = "", ...args] = process.argv;
config({ jitless: true }); // each schema reads one value: to compile it first takes longer than to read

if (!isNewEnough(process.versions.node)) await import("./mpm.ts");
else {
  const { verb } = name === "status" ? await import("../cli/status.ts") : await import("../cli/statusline.ts");
  process.exitCode = await callVerb(name, verb, args);
}
