// dist/status.js: mpm status, in one file.

import { verb } from "../cli/status.ts";
import { isNewEnough } from "../platform/runtime.ts";
import { callVerb } from "./call.ts";

if (isNewEnough(process.versions.node)) process.exitCode = await callVerb("status", verb, process.argv.slice(3));
else await import("./mpm.ts");
