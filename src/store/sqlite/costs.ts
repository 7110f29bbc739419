// What sessions cost, summed anew when the prices are others than those they were summed by.
// - A few sessions a step, while nothing else is done. Interrupted, it begins again at the next start.

import type { DatabaseSync } from "node:sqlite";
import { maybeText, text } from "../columns.ts";
import type { Pricing } from "../port.ts";
import type { Answers } from "./answers.ts";
import type { Transactions } from "./transaction.ts";

const BOOKMARK = "prices";
/** Sessions a step: a few milliseconds. */
const STEP = 50;
/** Between two steps others get their turn, ms. */
const PAUSE_MS = 5;
/** After a step that failed, ms. */
const AGAIN_MS = 60_000;

export function startCosts(
  db: DatabaseSync,
  transactions: Transactions,
  answers: Answers,
  { key }: Pricing,
): { close(): void } {
  const before = db.prepare("SELECT value FROM bookmark WHERE name = ?").get(BOOKMARK);
  if (maybeText(before, "value") === key) return { close() {} };
  const keep = db.prepare("INSERT OR REPLACE INTO bookmark VALUES (?, ?)");
  const ids = db.prepare(`SELECT DISTINCT session FROM answer WHERE session > ? ORDER BY session LIMIT ${STEP}`);
  let last = "";
  let timer: NodeJS.Timeout | undefined;
  const step = (): void => {
    try {
      const some = ids.all(last).map((row) => text(row, "session"));
      transactions.run((sessions) => {
        for (const id of some) {
          const session = sessions.find(id);
          const priced = session && answers.priced(session);
          if (priced && priced.cost !== session.cost) sessions.put(priced);
        }
        if (some.length < STEP) keep.run(BOOKMARK, key);
      });
      last = some.at(-1) ?? last;
      timer = some.length < STEP ? undefined : setTimeout(step, PAUSE_MS).unref();
    } catch {
      timer = setTimeout(step, AGAIN_MS).unref(); // a full disk, another writer
    }
  };
  timer = setTimeout(step, PAUSE_MS).unref();
  return { close: () => clearTimeout(timer) };
}
