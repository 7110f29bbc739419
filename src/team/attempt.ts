// A sign-in through a provider that has begun: what binds it to one browser.

import * as z from "zod/mini";

export const Attempt = z.object({
  state: z.string(),
  nonce: z.string(),
  /** Of PKCE. */
  verifier: z.string(),
  /** When it began, ms since 1970. */
  at: z.number(),
});
export type Attempt = z.infer<typeof Attempt>;
