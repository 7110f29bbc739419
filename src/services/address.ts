// Where the monitor of a home listens, as it has written it down in monitor.json.

import { rmSync } from "node:fs";
import type { Paths } from "../config/config.ts";
import { MonitorAddress } from "../contract/address.ts";
import { replaceFile } from "../platform/file.ts";
import { readText } from "../platform/read.ts";

/** What stands there, of a monitor that may have ended; undefined where nothing can be read. */
export function readAddress(paths: Paths): MonitorAddress | undefined {
  try {
    return MonitorAddress.parse(JSON.parse(readText(paths.monitorAddress) ?? ""));
  } catch {
    return undefined;
  }
}

export function writeAddress(paths: Paths, address: MonitorAddress): void {
  replaceFile(paths.monitorAddress, `${JSON.stringify(address)}\n`);
}

/** Removes the address, unless another monitor has written its own by now. */
export function dropAddress(paths: Paths, instance: string): void {
  if (readAddress(paths)?.instance !== instance) return;
  try {
    rmSync(paths.monitorAddress, { force: true });
  } catch {
    // A disk that cannot be written any more: its pid says that it has ended.
  }
}
