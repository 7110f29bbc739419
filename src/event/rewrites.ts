// Stretches of a text, in order, each with what stands in its place: one character, or none.
// - Flat lists of numbers: there may be nearly as many of them as characters.

export interface Rewrites {
  readonly count: number;
  add(start: number, end: number, by: string): void;
  /** Forgets all but the first so many. */
  truncate(count: number): void;
  start(index: number): number;
  end(index: number): number;
  by(index: number): string;
}

/** Numbers for each: its beginning, its end, the code of the character or -1. */
const WIDTH = 3;
const ROOM_AT_FIRST = 64;

export function createRewrites(): Rewrites {
  let list = new Int32Array(ROOM_AT_FIRST * WIDTH);
  let count = 0;
  return {
    get count() {
      return count;
    },
    add(start, end, by) {
      if ((count + 1) * WIDTH > list.length) {
        const longer = new Int32Array(2 * list.length);
        longer.set(list);
        list = longer;
      }
      list[count * WIDTH] = start;
      list[count * WIDTH + 1] = end;
      list[count * WIDTH + 2] = by === "" ? -1 : by.charCodeAt(0);
      count++;
    },
    truncate(to) {
      count = to;
    },
    start: (index) => list[index * WIDTH] as number,
    end: (index) => list[index * WIDTH + 1] as number,
    by(index) {
      const code = list[index * WIDTH + 2] as number;
      return code < 0 ? "" : String.fromCharCode(code);
    },
  };
}
