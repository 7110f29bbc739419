// The monitor's answer to a `claude_event`.
// - A server that answers anything else, or without arguments (python-socketio does), has acknowledged.
// - Only `ok: false` says no; what a newer server says beside it never turns its no into a yes.

import * as z from "zod/mini";
import { type Reason, readReason } from "./reasons.ts";

/** The `service` of acknowledgements and of GET /health: how a monitor of ours is told from a stranger on the port. */
export const SERVICE = "mpm-monitor";

/** What the bundled monitor answers. `reason` is a sentence for older relays and logs; `why` is what code branches on. */
export type Ack =
  | {
      readonly ok: true;
      readonly status: "stored" | "repeated";
      readonly service?: typeof SERVICE;
      /** How many events the relay may have in flight. */
      readonly window?: number;
    }
  | { readonly ok: false; readonly permanent: boolean; readonly reason: string; readonly why?: Reason };

const kept = <T extends z.core.$ZodType>(schema: T) => z.catch(z.optional(schema), undefined);

const No = z.looseObject({
  ok: z.literal(false),
  permanent: kept(z.boolean()),
  reason: kept(z.string()),
  why: z.optional(z.unknown()),
});
const Yes = z.looseObject({
  ok: z.literal(true),
  status: kept(z.string()),
  service: kept(z.string()),
  window: kept(z.int().check(z.minimum(1), z.maximum(4096))),
});

/** What became of one event. */
export type Outcome =
  | { readonly kind: "delivered"; readonly repeated: boolean }
  | { readonly kind: "retry"; readonly reason: Reason }
  | { readonly kind: "rejected"; readonly reason: Reason };

export interface Answer {
  readonly outcome: Outcome;
  /** The server is the bundled monitor. */
  readonly ours: boolean;
  readonly window?: number;
}

/** What an acknowledgement's first argument means. */
export function readAck(given: unknown): Answer {
  const no = No.safeParse(given);
  if (no.success) {
    const { permanent, reason, why } = no.data;
    const because: Reason =
      why === undefined ? { code: "refused", cause: reason ?? "no reason given" } : readReason(why);
    return { outcome: { kind: permanent ? "rejected" : "retry", reason: because }, ours: false };
  }
  const yes = Yes.safeParse(given);
  if (!yes.success) return { outcome: { kind: "delivered", repeated: false }, ours: false };
  const { status, service, window } = yes.data;
  return {
    outcome: { kind: "delivered", repeated: status === "repeated" },
    ours: service === SERVICE,
    ...(window === undefined ? {} : { window }),
  };
}
