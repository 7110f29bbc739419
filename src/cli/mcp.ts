// mpm mcp: a server of the Model Context Protocol on stdin and stdout, for Claude Code and other clients.

import { Writable } from "node:stream";
import { serveMcp } from "../mcp/server.ts";
import { command } from "./command.ts";
import { EXIT } from "./terminal.ts";

export const verb = command({
  text: [
    "Serves the stored sessions to a model over the Model Context Protocol, on stdin and stdout: search, sessions, turns and cost. Read-only. `mpm install --mcp` makes it known to Claude Code.",
  ],
  options: {},
  async run(_, io) {
    const output = new Writable({
      decodeStrings: false,
      write: (chunk, _encoding, written) => void io.out(String(chunk)).then(() => written(), written),
    });
    await serveMcp(io, io.input(), output);
    return EXIT.done;
  },
});
