// Socket.IO's text format for what the relay sends: an envelope that is serialised already goes out as it is.
// Serialising it once, and keeping one string instead of a tree of objects while it is in flight, spares time and memory.

import { Decoder, type Packet } from "socket.io-parser";

/** JSON text that stands for the value it describes. */
export class Serialised {
  readonly json: string;

  constructor(json: string) {
    this.json = json;
  }
}

const textOf = (value: unknown): string => (value instanceof Serialised ? value.json : JSON.stringify(value));

/** A list as JSON. By `+`, which copies nothing until the text is written to the socket; `join` would copy it all. */
export function listOf(texts: readonly string[]): string {
  let list = "[";
  for (const [index, text] of texts.entries()) list += index === 0 ? text : `,${text}`;
  return `${list}]`;
}

/** Encodes a packet as https://socket.io/docs/v4/socket-io-protocol says: type, namespace, id, data. Nothing is binary. */
class Encoder {
  encode({ type, nsp, id, data }: Packet): string[] {
    const payload = Array.isArray(data) ? listOf(data.map(textOf)) : data === undefined ? "" : textOf(data);
    return [`${type}${nsp && nsp !== "/" ? `${nsp},` : ""}${id ?? ""}${payload}`];
  }
}

/** For socket.io-client's option `parser`. */
export const parser = { Encoder, Decoder };
