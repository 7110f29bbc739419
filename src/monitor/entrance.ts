// What comes to the port before it is known who it is: connections, proofs, and Socket.IO's handshakes.
// - Who has shown neither token, cookie nor proof is a stranger. Strangers together have a number of connections and of
//   polling sessions, each a number of bytes and a time; at a limit the oldest stranger goes, so that a new one that is
//   about to show its token always gets in.
// - What is refused is refused before its body is read.

import { randomBytes } from "node:crypto";
import type { Server as HttpServer, IncomingMessage, ServerResponse } from "node:http";
import { Socket as TcpSocket } from "node:net";
import type { Duplex } from "node:stream";
import { Server as Engine, type Socket as EngineSocket } from "engine.io";
import { Server } from "socket.io";
import {
  isNonce,
  NONCE_HEADER,
  PROOF_CHARS,
  PROOF_HEADER,
  PROOF_PATH,
  PROOF_PROTOCOL,
  PROOF_WITHIN_MS,
} from "../services/proof.ts";
import type { Access } from "./access.ts";
import type { Rates } from "./rate.ts";

/** Larger than an envelope may be; Socket.IO's default of 1 MB with room for escapes. */
const MAX_MESSAGE_BYTES = 2 * 1024 * 1024;
/** Connections of strangers, and their sessions over polling. */
export const MAX_STRANGERS = 256;
/** A stranger says who it is in less. */
export const MAX_STRANGER_BYTES = 16 * 1024;
/** How long a Socket.IO client may stay without having been let in. */
const JOIN_WITHIN_MS = 5000;
const SOCKET_IO = "/socket.io/";
const ID_BYTES = 15;

export interface Entrance {
  readonly io: Server;
  /** Has what is not Socket.IO's answered by this. */
  serve(onRequest: (request: IncomingMessage, response: ServerResponse) => void): void;
  /** Ends what has not been let in. */
  close(): void;
}

export interface EntranceOptions {
  readonly http: HttpServer;
  readonly access: Access;
  readonly rates: Rates;
}

/** Serves the port, before it listens. */
export function openEntrance({ http, access, rates }: EntranceOptions): Entrance {
  const connections = new Strangers<TcpSocket>((socket) => socket.destroy());
  const sessions = new Strangers<EngineSocket>((session) => session.close(true));
  const engine = new Engine({ maxHttpBufferSize: MAX_MESSAGE_BYTES, perMessageDeflate: false });
  const io = new Server({ serveClient: false, connectTimeout: JOIN_WITHIN_MS });
  io.bind(engine);

  access.onAdmitted((request) => connections.admit(request.socket));
  http.on("connection", (socket: TcpSocket) => {
    if (access.isProven(socket)) return; // it comes from `answerProof`
    socket.once("close", () => connections.admit(socket));
    connections.add(socket);
  });

  /** The requests that Socket.IO's sessions began with, by id. */
  const beginnings = new Map<string, IncomingMessage>();
  const idOf = new WeakMap<IncomingMessage, string>();
  engine.generateId = (request: IncomingMessage) => {
    const id = randomBytes(ID_BYTES).toString("base64url");
    beginnings.set(id, request);
    idOf.set(request, id);
    return id;
  };
  const isUser = (request: IncomingMessage, url: URL) => {
    const beginning = beginnings.get(url.searchParams.get("sid") ?? "");
    return access.mayEnter(request) || (beginning !== undefined && access.hasEntered(beginning));
  };
  /** The status with which a request is refused for where it is meant to go or comes from. */
  const whyElsewhere = (request: IncomingMessage): number | undefined =>
    access.hostRefused(request) ?? (access.originAllowed(request.headers) ? undefined : FORBIDDEN);

  const poll = (request: IncomingMessage, response: ServerResponse, url: URL) => {
    const elsewhere = whyElsewhere(request);
    const user = elsewhere === undefined && isUser(request, url);
    const mayAsk = () => (user ? rates.user(nameOf(access, request)) : rates.stranger());
    const refused = elsewhere ?? whyNoPolling(request, user, mayAsk);
    if (refused === undefined) engine.handleRequest(request, response);
    else response.writeHead(refused, { connection: "close" }).end();
  };
  engine.on("connection", (session: EngineSocket) => {
    const id = idOf.get(session.request) ?? "";
    session.once("close", () => beginnings.delete(id));
    if (access.hasEntered(session.request)) return;
    if (session.transport.name === "websocket") endAtTooMuch(session.request, access);
    session.once("close", () => {
      sessions.admit(session);
      // Who was never let in is not waited for: a WebSocket in the middle of a frame would be, for half a minute.
      if (!access.hasEntered(session.request) && session.transport.name === "websocket")
        session.request.socket.destroySoon();
    });
    sessions.add(session);
  });
  access.onAdmitted((request) => {
    for (const session of sessions) if (session.request === request) sessions.admit(session);
  });

  http.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    const url = URL.parse(`http://monitor${request.url}`);
    const elsewhere = whyElsewhere(request);
    if (elsewhere !== undefined) refuse(socket, elsewhere);
    else if (url?.pathname === PROOF_PATH && socket instanceof TcpSocket)
      answerProof(request, socket, head, access, http);
    else if (url?.pathname !== SOCKET_IO) refuse(socket, NOT_FOUND);
    else if (isUser(request, url) ? rates.user(nameOf(access, request)) : rates.stranger())
      engine.handleUpgrade(request, socket, head);
    else refuse(socket, TOO_MANY);
  });
  return {
    io,
    serve(onRequest) {
      http.on("request", (request: IncomingMessage, response: ServerResponse) => {
        const url = URL.parse(`http://monitor${request.url}`);
        if (url?.pathname === SOCKET_IO) poll(request, response, url);
        else onRequest(request, response);
      });
    },
    close() {
      connections.clear();
      engine.close();
    },
  };
}

/** By whom a request is measured. */
export function nameOf(access: Access, request: IncomingMessage): string | undefined {
  const entrant = access.entrantOf(request);
  return entrant?.device?.id ?? entrant?.person?.id;
}

const BAD_REQUEST = 400;
const FORBIDDEN = 403;
const NOT_FOUND = 404;
const LENGTH_REQUIRED = 411;
const TOO_LARGE = 413;
const TOO_MANY = 429;

/** The status with which a polling request is refused, if it is. */
function whyNoPolling({ method, headers }: IncomingMessage, user: boolean, mayAsk: () => boolean): number | undefined {
  if (!mayAsk()) return TOO_MANY;
  if (user || method === "GET") return undefined;
  if (headers["content-length"] === undefined) return LENGTH_REQUIRED;
  return Number(headers["content-length"]) > MAX_STRANGER_BYTES ? TOO_LARGE : undefined;
}

/** Ends the connection of a WebSocket that says more than a stranger may before it has been let in. */
function endAtTooMuch(request: IncomingMessage, access: Access): void {
  const { socket } = request;
  const before = socket.bytesRead;
  const look = () => {
    if (access.hasEntered(request)) socket.off("data", look);
    else if (socket.bytesRead - before > MAX_STRANGER_BYTES) socket.destroy();
  };
  socket.on("data", look);
}

function refuse(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
}

/** Proves that we hold the token, and lets the connection in when its other end has done so too: HTTP goes on over it. */
function answerProof(
  request: IncomingMessage,
  socket: TcpSocket,
  head: Buffer,
  access: Access,
  http: HttpServer,
): void {
  const { [NONCE_HEADER]: nonce, upgrade } = request.headers;
  if (!isNonce(nonce) || upgrade !== PROOF_PROTOCOL || head.length > 0) {
    refuse(socket, BAD_REQUEST);
    return;
  }
  const { monitorNonce, proof, accept } = access.prove(nonce, socket);
  socket.write(
    [
      "HTTP/1.1 101 Switching Protocols",
      "Connection: Upgrade",
      `Upgrade: ${PROOF_PROTOCOL}`,
      `${NONCE_HEADER}: ${monitorNonce}`,
      `${PROOF_HEADER}: ${proof}`,
      "\r\n",
    ].join("\r\n"),
  );
  const late = setTimeout(() => socket.destroy(), PROOF_WITHIN_MS);
  const read = () => {
    const line: Buffer | null = socket.read(PROOF_CHARS + 1);
    if (line === null) return;
    clearTimeout(late);
    socket.off("readable", read);
    if (accept(line.toString("latin1", 0, PROOF_CHARS))) http.emit("connection", socket);
    else socket.destroy();
  };
  socket.once("close", () => clearTimeout(late));
  socket.on("readable", read);
}

/** Those who have not been let in, the oldest first; at the limit it is ended. */
class Strangers<T> extends Set<T> {
  readonly #end: (stranger: T) => void;

  constructor(end: (stranger: T) => void) {
    super();
    this.#end = end;
  }

  override add(stranger: T): this {
    super.add(stranger);
    const [oldest] = this;
    if (this.size > MAX_STRANGERS && oldest !== undefined) {
      this.delete(oldest);
      this.#end(oldest);
    }
    return this;
  }

  admit(stranger: T): void {
    this.delete(stranger);
  }

  override clear(): void {
    for (const stranger of this) this.#end(stranger);
    super.clear();
  }
}
