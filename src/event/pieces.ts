// A text that is put together from very many pieces: those that are there are joined now and then, since each is an object of
// its own until then.

/** So many pieces are joined at once. */
const JOINED_AT_ONCE = 1024;

export interface Pieces {
  add(piece: string): void;
  /** All that was added. */
  whole(): string;
}

export function createPieces(): Pieces {
  const parts: string[] = [];
  let pieces: string[] = [];
  return {
    add(piece) {
      pieces.push(piece);
      if (pieces.length < JOINED_AT_ONCE) return;
      parts.push(pieces.join(""));
      pieces = [];
    },
    whole: () => parts.concat(pieces).join(""),
  };
}
