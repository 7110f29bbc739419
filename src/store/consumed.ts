// How a consumer of the store is, as it is told: its own counts, and what the store knows of what it missed.

import type { ConsumerStatus } from "../contract/consumer.ts";
import type { Reason } from "../contract/reasons.ts";
import { textOf } from "../contract/texts.ts";
import type { Store } from "./port.ts";

export interface Consumed {
  readonly name: string;
  /** The cursor up to which all is passed on. */
  readonly n: number;
  readonly delivered: number;
  readonly refused: number;
  /** ms since 1970 of the last success. */
  readonly deliveredAt: number | undefined;
  /** Why nothing is passed on now. */
  readonly reason: Reason | undefined;
}

/** The status of a consumer for which all that lies behind its cursor waits. */
export async function statusOf(store: Store, consumed: Consumed): Promise<ConsumerStatus> {
  const { name, n, delivered, refused, deliveredAt, reason } = consumed;
  const known = (await store.consumers()).find((consumer) => consumer.name === name);
  const { newest } = await store.figures();
  return {
    name,
    n,
    waiting: Math.max(0, newest - n),
    missed: known?.missed ?? 0,
    delivered,
    refused,
    ...(deliveredAt === undefined ? {} : { deliveredAt }),
    ...(reason === undefined ? {} : { trouble: textOf(reason), reason }),
  };
}
