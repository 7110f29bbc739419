// dist/quick.js: the verbs that are called again and again.

import { QUICK } from "../cli/quick.ts";
import { main } from "./main.ts";

process.exitCode = await main(process.argv.slice(2), QUICK);
