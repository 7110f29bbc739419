// dist/statusline.js: mpm statusline, in one file.

import { verb } from "../cli/statusline.ts";
import { isNewEnough } from "../platform/runtime.ts";
import { callVerb } from "./call.ts";

if (isNewEnough(process.versions.node)) process.exitCode = await callVerb("statusline", verb, process.argv.slice(3));
else await import("./mpm.ts");
