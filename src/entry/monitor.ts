// dist/monitor.js: starts the monitor in the background, as the relay, the installer and `mpm monitor start` do.

import { startProgram } from "./start.ts";

await startProgram(
  () => import("./monitor-program.ts"),
  (given) => void process.stderr.write(`${JSON.stringify({ code: "unknown", given })}\n`), // for who started it
);
