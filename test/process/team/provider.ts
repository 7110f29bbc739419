// A real identity provider of a test's own, over loopback: whoever comes is signed in at once, as whom the test says.

import { generateKeyPairSync } from "node:crypto";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";
import Provider from "oidc-provider";

export const CLIENT = { id: "mpm-at-crew", secret: "a-secret-of-the-provider's-clients" };

export interface Account {
  readonly sub: string;
  readonly email: string;
  readonly verified?: boolean;
  readonly groups?: readonly string[];
  /** What the provider says instead of `email_verified`. */
  readonly xms_edov?: unknown;
}

export interface TestProvider {
  readonly issuer: string;
  /** Settings of a monitor whose people sign in here. */
  readonly env: Readonly<Record<string, string>>;
  /** Who comes next. */
  account: Account;
  /** What goes wrong: the provider answers nothing, or 500, where the path begins so; or somebody says no. */
  fault: { readonly path: string; readonly how: "hang" | "fail" } | "denied" | undefined;
  /** Whether the team is a client without a secret. */
  isPublic: boolean;
  /** Lets browsers be sent back to there. */
  allow(...callbacks: readonly string[]): void;
}

export async function startProvider(t: TestContext): Promise<TestProvider> {
  let serve: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  const server = createServer((request, response) => {
    const { fault } = provider;
    if (typeof fault === "object" && request.url?.startsWith(fault.path)) {
      if (fault.how === "fail") response.writeHead(500).end("it is broken");
    } else serve?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  const provider: TestProvider = {
    issuer,
    env: { MPM_OIDC_ISSUER: issuer, MPM_OIDC_CLIENT_ID: CLIENT.id, MPM_OIDC_CLIENT_SECRET: CLIENT.secret },
    account: { sub: "1", email: "ada@x.example" },
    fault: undefined,
    isPublic: false,
    allow(...callbacks) {
      serve = openProvider(issuer, callbacks, () => provider);
    },
  };
  return provider;
}

function openProvider(issuer: string, callbacks: readonly string[], state: () => TestProvider) {
  const scope = "openid email groups";
  const oidc: Provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT.id,
        redirect_uris: [...callbacks],
        ...(state().isPublic ? { token_endpoint_auth_method: "none" } : { client_secret: CLIENT.secret }),
      },
    ],
    pkce: { required: () => true },
    cookies: { keys: ["of-a-test"] },
    jwks: {
      keys: [
        { ...generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" }), use: "sig" },
      ],
    },
    scopes: scope.split(" "),
    claims: { openid: ["sub"], email: ["email", "email_verified", "xms_edov"], groups: ["groups"] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    findAccount: (_, accountId) => {
      const { account } = state();
      const { sub, email, verified = true, groups, xms_edov } = account;
      const isVerified = xms_edov === undefined ? { email_verified: verified } : { xms_edov };
      return { accountId, claims: () => ({ sub, email, ...isVerified, ...(groups ? { groups } : {}) }) };
    },
    async loadExistingGrant({ oidc: { client, session } }) {
      const grant = new oidc.Grant({ clientId: client?.clientId ?? "", accountId: session?.accountId ?? "" });
      grant.addOIDCScope(scope);
      await grant.save();
      return grant;
    },
    ttl: { Interaction: 60, Session: 60, Grant: 60, AccessToken: 60, IdToken: 60, AuthorizationCode: 60 },
  });
  const handle = oidc.callback();
  return (request: IncomingMessage, response: ServerResponse) => {
    const { account, fault } = state();
    if (!request.url?.startsWith("/interaction/")) return void handle(request, response);
    const result = fault === "denied" ? { error: "access_denied" } : { login: { accountId: account.sub } };
    void oidc.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  };
}

/** A browser: it keeps cookies by host, and goes where it is sent. */
export class Browser {
  readonly #jar = new Map<string, Map<string, string>>();
  /** Of the monitor that was asked last: Set-Cookie headers as they came. */
  setCookies: string[] = [];

  cookie(url: string, name: string): string | undefined {
    return this.#jar.get(new URL(url).host)?.get(name);
  }

  setCookie(url: string, name: string, value: string | undefined): void {
    const { host } = new URL(url);
    const cookies = this.#jar.get(host) ?? new Map<string, string>();
    if (value === undefined || value === "") cookies.delete(name);
    else cookies.set(name, value);
    this.#jar.set(host, cookies);
  }

  /** Asks as a browser does that another site has sent here. */
  async ask(url: string): Promise<Response> {
    const cookies = [...(this.#jar.get(new URL(url).host) ?? [])].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await get(url, {
      ...(cookies ? { cookie: cookies } : {}),
      "sec-fetch-site": "cross-site",
      "sec-fetch-mode": "navigate",
      "sec-fetch-dest": "document",
    });
    this.setCookies = answer.headers.getSetCookie();
    for (const set of this.setCookies) {
      const [pair = ""] = set.split(";");
      const at = pair.indexOf("=");
      this.setCookie(url, pair.slice(0, at), pair.slice(at + 1));
    }
    return answer;
  }

  /** Goes from page to page until one leads nowhere, or the next one's path begins so: its address, unasked. */
  async walk(url: string, until = "\0"): Promise<{ readonly url: string; readonly answer?: Response }> {
    for (let at = url, steps = 0; steps < 20; steps++) {
      if (new URL(at).pathname.startsWith(until)) return { url: at };
      const answer = await this.ask(at);
      const next = answer.headers.get("location");
      if (answer.status < 300 || answer.status >= 400 || next === null) return { url: at, answer };
      await answer.body?.cancel();
      at = new URL(next, at).href;
    }
    throw new Error(`it goes round and round from ${url}`);
  }
}

/** What `fetch` does not let anybody say. */
function get(url: string, headers: Record<string, string>): Promise<Response> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { headers, agent: false }, (answer) => {
      text(answer).then((body) => {
        const given = new Headers();
        for (let at = 0; at < answer.rawHeaders.length; at += 2)
          given.append(answer.rawHeaders[at] ?? "", answer.rawHeaders[at + 1] ?? "");
        resolve(new Response(body, { status: answer.statusCode ?? 0, headers: given }));
      }, reject);
    });
    asked.on("error", reject).end();
  });
}
