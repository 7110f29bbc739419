// dist/importer.js: reads and redacts transcripts in a thread of its own, so that importing holds up no event.

import { setFlagsFromString } from "node:v8";
import { parentPort, workerData } from "node:worker_threads";
import { runImporter } from "../transcripts/importer.ts";

setFlagsFromString("--heap-growing-percent=10"); // in all of the process: much passes through, and little of it stays

if (parentPort) await runImporter(workerData, parentPort);
