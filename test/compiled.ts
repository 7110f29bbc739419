// Sources that a test file loads are compiled once for all files: their types are stripped, and what V8 made of them is kept.
// It is asked for in the test's own process alone; the programs that it starts do as they do anywhere.

import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { NPM_CACHE } from "./tools.ts";

enableCompileCache(join(NPM_CACHE, "compiled"));
