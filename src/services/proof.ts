// How a monitor and its clients prove to each other that they hold the same token, without sending it.
// - A proof is a MAC over a nonce of each side, the side that gives it, and the address and port of the connection as the
//   kernel shows them: it cannot be replayed, reflected, or fetched from a monitor that listens on another port.
// - It is bound to its TCP connection: what is sent after it goes to who gave it. One round trip, nothing per event.
// - The client asks by an HTTP upgrade; nothing but its nonce is sent before the monitor's proof has been checked.
// docs/decisions/proof-of-token.md says why.

import { createHmac, randomBytes, scryptSync, timingSafeEqual } from "node:crypto";
import { Agent, type ClientRequestArgs, get as httpGet, type IncomingMessage } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { Health, MAX_HEALTH_BYTES } from "../contract/health.ts";
import type { ConnectionReason } from "../contract/reasons.ts";
import { readUpTo } from "../platform/body.ts";

export const PROOF_PATH = "/proof";
export const PROOF_PROTOCOL = "mpm-proof";
export const NONCE_HEADER = "mpm-nonce";
export const PROOF_HEADER = "mpm-proof";
/** Length of a MAC as text; the client's is followed by a newline. */
export const PROOF_CHARS = 43;
export const PROOF_WITHIN_MS = 5000;

const NONCE_BYTES = 24;
/** A token of ours has 43 characters; one that a person chose may be short, and is made slow to guess. */
const STRONG_CHARS = 32;

/** What both sides know of one connection. */
export interface Exchange {
  readonly clientNonce: string;
  readonly monitorNonce: string;
  /** The monitor's end of the connection, of `endOf`. */
  readonly address: string;
}

export const newNonce = (): string => randomBytes(NONCE_BYTES).toString("base64url");
export const isNonce = (given: unknown): given is string => typeof given === "string" && /^[\w-]{32}$/.test(given);

/** The proof of one side, 43 characters. */
export function proofOf(side: "monitor" | "client", token: string, exchange: Exchange): string {
  const { clientNonce, monitorNonce, address } = exchange;
  const message = ["mpm proof 1", side, clientNonce, monitorNonce, address].join("\n");
  return createHmac("sha256", keyOf(token)).update(message).digest("base64url");
}

/** Whether a proof is the expected one, in a time that does not tell where they differ. */
export function sameProof(given: unknown, expected: string): boolean {
  if (typeof given !== "string" || given.length !== expected.length) return false;
  return timingSafeEqual(Buffer.from(given, "latin1"), Buffer.from(expected, "latin1"));
}

/** One end of a connection, the same for both sides of it: an IPv4 address is written as one on a socket for both, too. */
export function endOf(address: string | undefined, port: number | undefined): string {
  return `${(address ?? "").replace(/^::ffff:(?=\d+\.)/i, "")} ${port}`;
}

const keys = new Map<string, string | Buffer>();

function keyOf(token: string): string | Buffer {
  if (token.length >= STRONG_CHARS) return token;
  let key = keys.get(token);
  if (key === undefined) {
    key = scryptSync(token, "mpm proof 1", 32);
    keys.clear();
    keys.set(token, key);
  }
  return key;
}

/** A connection that does not come about, with the reason. */
export class ConnectionFailure extends Error {
  readonly reason: ConnectionReason;

  constructor(reason: ConnectionReason) {
    super(reason.code);
    this.reason = reason;
  }
}

/** An agent for HTTP and WebSocket whose every connection goes to a monitor that has proven to hold the token. */
export class ProvenAgent extends Agent {
  readonly #url: string;
  readonly #token: string;

  /** `token` undefined: the home has none yet, so that nobody can prove anything. */
  constructor(url: string, token: string | undefined) {
    super(); // no proxy: only an agent that is given one by `proxyEnv`, and the global one, have any
    this.#url = url;
    this.#token = token ?? randomBytes(NONCE_BYTES).toString("hex");
  }

  override createConnection(
    { host, port }: ClientRequestArgs,
    done: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    dial({ url: this.#url, host: host ?? "127.0.0.1", port: Number(port), token: this.#token }).then(
      (socket) => done(null, socket),
      (error: Error) => done(error, new Socket()), // nobody looks at it
    );
  }
}

interface Dialled {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly token: string;
}

/** A connection to a monitor that holds the token, and that has been shown that we do; throws a ConnectionFailure. */
async function dial(to: Dialled): Promise<Socket> {
  const { url, token } = to;
  const clientNonce = newNonce();
  const { socket, monitorNonce, proof } = await ask(to, clientNonce);
  const exchange = { clientNonce, monitorNonce, address: endOf(socket.remoteAddress, socket.remotePort) };
  if (!sameProof(proof, proofOf("monitor", token, exchange))) {
    socket.destroy();
    throw new ConnectionFailure({ code: "other_monitor", url });
  }
  socket.write(`${proofOf("client", token, exchange)}\n`);
  return socket;
}

interface Asked {
  readonly socket: Socket;
  readonly monitorNonce: string;
  readonly proof: unknown;
}

/** Asks for the monitor's proof; throws a ConnectionFailure. */
async function ask({ url, host, port }: Dialled, clientNonce: string): Promise<Asked> {
  const within = AbortSignal.timeout(PROOF_WITHIN_MS);
  const headers = { connection: "upgrade", upgrade: PROOF_PROTOCOL, [NONCE_HEADER]: clientNonce };
  const asked = await new Promise<Asked | NodeJS.ErrnoException>((resolve) => {
    const request = httpGet({ host, port, path: PROOF_PATH, headers, agent: new Agent(), signal: within });
    request.on("upgrade", (response, socket, head) => {
      const { [NONCE_HEADER]: monitorNonce, [PROOF_HEADER]: proof } = response.headers;
      if (isNonce(monitorNonce) && head.length === 0 && socket instanceof Socket)
        resolve({ socket, monitorNonce, proof });
      else {
        socket.destroy();
        resolve(new Error("no proof"));
      }
    });
    request.on("response", (response) => {
      response.destroy();
      resolve(new Error("no upgrade"));
    });
    request.on("error", resolve);
  });
  if (!(asked instanceof Error)) return asked;
  if (within.aborted) throw new ConnectionFailure({ code: "no_answer", url, afterMs: PROOF_WITHIN_MS });
  if (asked.code === "ECONNREFUSED" || port === 0) throw new ConnectionFailure({ code: "nothing_listens", url });
  if (asked.syscall === "connect")
    throw new ConnectionFailure({ code: "unreachable", url, cause: asked.code ?? asked.message });
  throw new ConnectionFailure(await strangerAt(url, host, port));
}

/** What listens at an address and gives no proof, by what it says of itself: good for a sentence only. */
async function strangerAt(url: string, host: string, port: number): Promise<ConnectionReason> {
  try {
    const signal = AbortSignal.timeout(PROOF_WITHIN_MS);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      httpGet({ host, port, path: "/health", agent: new Agent(), signal }, resolve).on("error", reject);
    });
    const { bytes } = await readUpTo(response, MAX_HEALTH_BYTES);
    return { code: "older_monitor", url, version: Health.parse(JSON.parse(bytes.toString("utf8"))).version };
  } catch {
    return { code: "not_a_monitor", url };
  }
}
