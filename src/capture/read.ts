// Reads one JSON object from a stream that may never end.

/** Longer silence than this in the middle of an event is taken for its end; the host gives a hook five seconds. */
const SILENCE_MS = 3000;

/** What came on the stream. */
export interface Read {
  readonly bytes: Buffer;
  /** The object's last brace was among them. */
  readonly whole: boolean;
  /** How long it took. */
  readonly ms: number;
}

/** Reads until the first JSON object is whole, the stream ends, or nothing comes any more. */
export function readObject(stream: NodeJS.ReadableStream): Promise<Read> {
  const start = performance.now();
  const chunks: Buffer[] = [];
  const feed = objectEnd();
  return new Promise((resolve) => {
    const finish = (whole: boolean) => {
      clearTimeout(timer);
      stream.removeAllListeners("data");
      stream.pause();
      (stream as { unref?: () => void }).unref?.();
      resolve({ bytes: Buffer.concat(chunks), whole, ms: performance.now() - start });
    };
    let timer = setTimeout(() => finish(false), SILENCE_MS);
    stream.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      clearTimeout(timer);
      if (feed(chunk)) finish(true);
      else timer = setTimeout(() => finish(false), SILENCE_MS);
    });
    stream.once("end", () => finish(false));
    stream.once("error", () => finish(false));
  });
}

const [QUOTE, BACKSLASH, OPEN, CLOSE] = [0x22, 0x5c, 0x7b, 0x7d];

type Place = "outside a string" | "in a string" | "behind a backslash";

/** Where the next byte stands. */
function placeAfter(byte: number, place: Place): Place {
  if (place === "behind a backslash") return "in a string";
  if (byte === QUOTE) return place === "in a string" ? "outside a string" : "in a string";
  return byte === BACKSLASH && place === "in a string" ? "behind a backslash" : place;
}

/** A function that is given the bytes as they come and says when the first object's last brace was among them. */
export function objectEnd(): (chunk: Uint8Array) => boolean {
  let depth = 0;
  let place: Place = "outside a string";
  return (chunk) => {
    for (const byte of chunk) {
      if (place === "outside a string" && byte === OPEN) depth++;
      else if (place === "outside a string" && byte === CLOSE && --depth <= 0) return true;
      place = placeAfter(byte, place);
    }
    return false;
  };
}
