// dist/quick.js: the verbs that are called again and again, in one file. Both are imported at once: what is loaded lazily within
// a file is read twice.

import { verb as status } from "../cli/status.ts";
import { verb as statusline } from "../cli/statusline.ts";
import { isNewEnough } from "../platform/runtime.ts";
import { callVerb } from "./call.ts";

const [, , name, ...args] = process.argv;

if (!isNewEnough(process.versions.node)) await import("./mpm.ts");
else if (name === "status") process.exitCode = await callVerb(name, status, args);
else process.exitCode = await callVerb("statusline", statusline, args);
