// dist/importer.js: reads and redacts transcripts in a thread of its own, so that importing holds up no event.

import { parentPort, workerData } from "node:worker_threads";
import { runImporter } from "../transcripts/importer.ts";

if (parentPort) await runImporter(workerData, parentPort);
