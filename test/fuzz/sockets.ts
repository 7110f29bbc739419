// Fuzzed over the network: every socket event of a real monitor, and the packets below them.

import assert from "node:assert/strict";
import fc from "fast-check";
import { io, type Socket } from "socket.io-client";
import { damaged, envelope, json, text } from "./arbitrary.ts";
import { monitor, within } from "./monitor.ts";
import { target } from "./target.ts";

export const SOCKETS = [
  target(
    "socket events",
    15_000,
    fc.record({
      live: fc.boolean(),
      messages: fc.array(
        fc.record({
          name: fc.oneof(
            { weight: 6, arbitrary: fc.constantFrom("claude_event", "subscribe", "relay_status") },
            { weight: 1, arbitrary: text },
          ),
          args: fc.array(
            fc.oneof(
              { weight: 3, arbitrary: envelope },
              { weight: 2, arbitrary: json },
              { weight: 1, arbitrary: fc.record({ after: json }) },
            ),
            { maxLength: 2 },
          ),
          ack: fc.boolean(),
          binary: fc.boolean(),
        }),
        { minLength: 1, maxLength: 4 },
      ),
    }),
    async () => {
      const { url, token, close } = await monitor();
      const sockets = new Map<boolean, Socket>();
      const socketOf = async (live: boolean) => {
        let socket = sockets.get(live);
        if (socket?.connected) return socket;
        socket = io(live ? `${url}/live` : url, {
          auth: { token },
          reconnection: false,
          forceNew: true,
          transports: ["websocket"],
        });
        const fresh = socket;
        await within(
          new Promise((resolve, reject) => fresh.once("connect", () => resolve(fresh)).once("connect_error", reject)),
          "the connection",
        );
        sockets.set(live, fresh);
        return fresh;
      };
      const RESERVED = new Set([
        "connect",
        "connect_error",
        "disconnect",
        "disconnecting",
        "newListener",
        "removeListener",
      ]);
      return {
        async check({ live, messages }) {
          const socket = await socketOf(live);
          const answers: Promise<unknown>[] = [];
          for (const { name, args, ack, binary } of messages) {
            if (RESERVED.has(name)) continue;
            const sent = binary ? [...args, Buffer.from([1, 2, 3])] : args;
            if (!ack) socket.emit(name, ...sent);
            else if (name === "claude_event" && !live && args.length === 1 && !binary)
              answers.push(new Promise((resolve) => socket.emit(name, ...sent, resolve)));
            else socket.emit(name, ...sent, () => {});
          }
          // What asks for an answer gets one; an event of which nothing is known ends nothing.
          answers.push(
            new Promise((resolve) =>
              live ? socket.emit("subscribe", {}, resolve) : socket.emit("claude_event", {}, resolve),
            ),
          );
          for (const answer of await within(Promise.all(answers), "the answers")) assert.equal(typeof answer, "object");
        },
        async close() {
          for (const socket of sockets.values()) socket.close();
          await close();
        },
      };
    },
  ),

  target(
    "packets of a socket",
    3000,
    fc.array(
      fc.oneof(
        text,
        damaged(envelope.map((one) => `42["claude_event",${JSON.stringify(one)}]`)),
        damaged(
          fc.constantFrom(
            "40/live,{}",
            "41",
            '451-[{"_placeholder":true,"num":0}]',
            "2probe",
            "5",
            "430[]",
            '42["disconnect"]',
          ),
        ),
      ),
      { minLength: 1, maxLength: 4 },
    ),
    async () => {
      const { url, token, close } = await monitor();
      return {
        async check(packets) {
          const socket = new WebSocket(`${url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`);
          await within(
            new Promise<void>((resolve) => {
              socket.onmessage = ({ data }) => {
                if (String(data).startsWith("0")) socket.send(`40${JSON.stringify({ token })}`);
                if (!String(data).startsWith("40")) return;
                for (const packet of packets) socket.send(packet);
                socket.close();
              };
              socket.onclose = () => resolve();
              socket.onerror = () => resolve();
            }),
            "the end of the connection",
          );
          assert.equal((await fetch(`${url}/health`)).status, 200);
        },
        close,
      };
    },
  ),
];
