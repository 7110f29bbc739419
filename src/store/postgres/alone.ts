// What one process alone does for all that share the store: the one that holds its lock.
// - The lock ends with the connection of who holds it: whoever is killed, or cut off, has it no more, and another takes it
//   within seconds. It lies in a transaction that stays open, so that a pooler in transaction mode may stand in between;
//   that transaction reads and writes nothing, and holds back no vacuum.

import type { Log } from "../../platform/log.ts";
import type { Database, Held } from "./connection.ts";
import type { Scope } from "./scope.ts";

/** How often who has not got the lock asks for it, ms. */
const ASK_MS = 2000;

/** Something that runs until it is closed. */
interface Closable {
  close(): Promise<void>;
}

/** Begins it as soon as this process is the one, ends it when it is that no more. Resolves after the first look. */
export async function runAlone(
  database: Database,
  scope: Scope,
  name: string,
  begin: () => Promise<Closable>,
  log?: Log,
): Promise<() => Promise<void>> {
  const closing = Promise.withResolvers<void>();
  let isClosed = false;

  /** Resolves when this process is not the one any more. */
  const serve = async (held: Held): Promise<void> => {
    try {
      const running = await begin();
      first.resolve();
      await Promise.race([held.lost, closing.promise]);
      await running.close();
    } finally {
      await held.release();
    }
  };
  const ask = async (): Promise<void> => {
    const held = await database.hold(scope, `${name} ${scope.tenant}`);
    if (held) await serve(held);
  };
  const first = Promise.withResolvers<void>();
  const asking = (async () => {
    while (!isClosed) {
      await ask().catch((error) =>
        log?.warn({ err: error, name }, "what one monitor alone does could not be begun; it is tried again"),
      );
      first.resolve();
      let timer: NodeJS.Timeout | undefined;
      const later = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, ASK_MS).unref();
      });
      if (!isClosed) await Promise.race([later, closing.promise]);
      clearTimeout(timer);
    }
  })();
  await first.promise;
  return async () => {
    isClosed = true;
    closing.resolve();
    await asking;
  };
}
