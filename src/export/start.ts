// What is exported, started where it is asked for.

import type { Store } from "../store/port.ts";
import { endpointOf, OTLP } from "./endpoint.ts";
import type { Export, OtlpOptions } from "./otlp.ts";

/** Starts exporting; the encoder is loaded only then. undefined where nothing is to be exported. */
export async function startExport(options: OtlpOptions): Promise<Export | undefined> {
  const endpoint = endpointOf(options.config);
  if (!endpoint) {
    await dismiss(options.store);
    return undefined;
  }
  const { startOtlp } = await import("./otlp.ts");
  return startOtlp(options, endpoint);
}

/** Nothing waits for an export that was switched off. */
async function dismiss(store: Store): Promise<void> {
  const known = await store.consumers();
  if (known.some(({ name }) => name === OTLP)) await store.dismiss(OTLP);
}
