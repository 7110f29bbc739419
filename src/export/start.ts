// What is exported, started where it is asked for, once for all processes that share a store.

import type { ConsumerStatus } from "../contract/consumer.ts";
import type { Store } from "../store/port.ts";
import { endpointOf, OTLP } from "./endpoint.ts";
import type { Export, OtlpOptions } from "./otlp.ts";

/** Exporting, by this process or another one. */
export interface Exporting {
  /** Undefined where another process exports. */
  status(): Promise<ConsumerStatus | undefined>;
  close(): Promise<void>;
}

/**
 * Starts exporting, by one process alone of all that share the store; the encoder is loaded only then. undefined where
 * nothing is to be exported.
 */
export async function startExport(options: OtlpOptions): Promise<Exporting | undefined> {
  const { store, config } = options;
  const endpoint = endpointOf(config);
  if (!endpoint) {
    const leave = await store.alone(OTLP, () => dismiss(store)); // unless another process exports
    await leave();
    return undefined;
  }
  let running: Export | undefined;
  const leave = await store.alone(OTLP, async () => {
    const { startOtlp } = await import("./otlp.ts");
    const started = await startOtlp(options, endpoint);
    running = started;
    return {
      async close() {
        running = undefined;
        await started.close();
      },
    };
  });
  return { status: async () => running?.status(), close: leave };
}

/** Nothing waits for an export that was switched off. */
async function dismiss(store: Store): Promise<{ close(): Promise<void> }> {
  const known = await store.consumers();
  if (known.some(({ name }) => name === OTLP)) await store.dismiss(OTLP);
  return { close: async () => {} };
}
