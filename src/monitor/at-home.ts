// The socket in the home: says to this user's programs what who has the token is told of the monitor's health, without a proof
// (services/at-home.ts asks). Nothing is read from it.
// - The caller holds the home's lock: what lies in the socket's place is of a monitor that was killed.
// - Where it cannot be opened, the port is asked as before.

import { once } from "node:events";
import { chmodSync, lstatSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import type { FullHealth } from "../contract/health.ts";
import type { Log } from "../platform/log.ts";
import { canBeSocket } from "../services/at-home.ts";

/** Who asks reads at once, or has gone. */
const READ_WITHIN_MS = 5000;

/** Listens at the path, for its user alone; closes it. */
export async function answerAtHome(
  file: string,
  health: () => Promise<FullHealth>,
  log: Log,
  opened: AsyncDisposableStack,
): Promise<void> {
  if (!canBeSocket(file)) return;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => {}); // it has gone
    socket.setTimeout(READ_WITHIN_MS, () => socket.destroy());
    health().then(
      (full) => socket.end(`${JSON.stringify(full)}\n`),
      () => socket.destroy(),
    );
  });
  try {
    if (lstatSync(file, { throwIfNoEntry: false })?.isSocket()) rmSync(file);
    server.listen(file);
    await once(server, "listening");
    chmodSync(file, 0o600);
  } catch (error) {
    log.debug({ err: error }, "there is no socket in the home: `mpm status` asks the port");
    server.close();
    return;
  }
  opened.defer(() => {
    for (const socket of sockets) socket.destroy();
    server.close(); // takes the file away
  });
}
