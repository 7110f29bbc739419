// dist/relay.js: starts the relay, as the hook does, in the background, without stdio.

import { setFlagsFromString } from "node:v8";
import { startProgram } from "./start.ts";

// Collects earlier: memory counts for more here than time. Before anything is loaded: what is kept compiled is kept by the flags.
setFlagsFromString("--heap-growing-percent=20");

await startProgram(
  () => import("./relay-program.ts"),
  () => {}, // nobody listens; `mpm doctor` looks at the files
);
