// All verbs of mpm.

import { VERBS } from "../cli/verbs.ts";
import { main } from "./main.ts";

process.exitCode = await main(process.argv.slice(2), VERBS);
