// A server that speaks claude_event and can be made to misbehave.

import { once } from "node:events";
import { createServer, type Server as HttpServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket as TcpSocket } from "node:net";
import type { TestContext } from "node:test";
import { Server, type Socket } from "socket.io";
import type { Envelope } from "../../../src/contract/envelope.ts";

export interface Receiver {
  readonly url: string;
  readonly port: number;
  /** Every envelope as it came, repeats included. */
  readonly received: Envelope[];
  /** How many envelopes each message held. */
  readonly messages: number[];
  close(): Promise<void>;
}

export interface Behaviour {
  readonly port?: number;
  /** Refuses a connection by throwing. */
  readonly admit?: (auth: Record<string, unknown>) => void;
  /** What an event is answered with; undefined: nothing at all. Default: the empty acknowledgement. */
  /** What is said of each event of a message with several. */
  readonly outcome?: (envelope: Envelope) => unknown;
  /** Said to whoever connects. */
  readonly gatherMs?: number;
  readonly answer?: (envelope: Envelope, socket: Socket) => unknown[] | undefined | Promise<unknown[] | undefined>;
}

export async function receiver(
  t: TestContext,
  { port = 0, admit, answer = () => [], outcome = () => "stored", gatherMs }: Behaviour = {},
): Promise<Receiver> {
  const http: HttpServer = createServer();
  const io = new Server(http);
  const received: Envelope[] = [];
  const messages: number[] = [];
  io.use((socket, next) => {
    try {
      admit?.(socket.handshake.auth);
      next();
    } catch (error) {
      next(error as Error);
    }
  });
  io.on("connection", (socket) => {
    if (gatherMs !== undefined) socket.emit("pace", { gatherMs });
    socket.on("claude_events", async (envelopes: Envelope[], acknowledge: (...args: unknown[]) => void) => {
      received.push(...envelopes);
      messages.push(envelopes.length);
      acknowledge({ outcomes: await Promise.all(envelopes.map((envelope) => outcome(envelope))) });
    });
    socket.on("claude_event", async (envelope: Envelope, acknowledge: (...args: unknown[]) => void) => {
      received.push(envelope);
      messages.push(1);
      const args = await answer(envelope, socket);
      if (args) acknowledge(...args);
    });
  });
  http.listen(port, "127.0.0.1");
  await once(http, "listening");
  const at = (http.address() as AddressInfo).port;
  const close = async () => {
    io.disconnectSockets(true);
    await io.close();
  };
  t.after(close);
  return { url: `http://127.0.0.1:${at}`, port: at, received, messages, close };
}

/** A port that accepts connections and never says anything. */
export async function hung(t: TestContext): Promise<{ url: string; connections: () => number }> {
  const sockets = new Set<TcpSocket>();
  let connections = 0;
  const server = createTcpServer((socket) => {
    connections++;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, connections: () => connections };
}

/** The seq numbers of each session in the order of first arrival, repeats left out. */
export function seqsBySession(received: readonly Envelope[]): Record<string, number[]> {
  const seen = new Set<string>();
  const sessions: Record<string, number[]> = {};
  for (const { id, session_id: session, seq } of received) {
    if (seen.has(id)) continue;
    seen.add(id);
    sessions[session] ??= [];
    sessions[session].push(seq);
  }
  return sessions;
}

export const count = (to: number): number[] => Array.from({ length: to }, (_, index) => index + 1);
