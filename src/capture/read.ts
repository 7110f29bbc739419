// Reads one JSON object from a stream that may never end.

/** Longer silence than this in the middle of an event is taken for its end; the host gives a hook five seconds. */
const SILENCE_MS = 3000;

/**
 * Reads until the first JSON object is whole, the stream ends, or nothing comes any more.
 * @returns all bytes that came, and whether the object was whole
 */
export function readObject(stream: NodeJS.ReadableStream): Promise<{ bytes: Buffer; whole: boolean }> {
  const chunks: Buffer[] = [];
  const feed = objectEnd();
  return new Promise((resolve) => {
    const finish = (whole: boolean) => {
      clearTimeout(timer);
      stream.removeAllListeners("data");
      stream.pause();
      (stream as { unref?: () => void }).unref?.();
      resolve({ bytes: Buffer.concat(chunks), whole });
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

/** A function that is given the bytes as they come and says when the first object's last brace was among them. */
export function objectEnd(): (chunk: Uint8Array) => boolean {
  let depth = 0;
  let inString = false;
  let escaped = false;
  return (chunk) => {
    for (const byte of chunk) {
      if (escaped) escaped = false;
      else if (inString) {
        if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inString = false;
      } else if (byte === QUOTE) inString = true;
      else if (byte === OPEN) depth++;
      else if (byte === CLOSE && --depth <= 0) return true;
    }
    return false;
  };
}
