// Growable typed columns: what keeps a session of a hundred thousand events small and quick to scan.

const FIRST_CAPACITY = 256;

interface Store {
  [index: number]: number;
  readonly length: number;
  set(other: ArrayLike<number>): void;
}

/** Numbers by index, in a typed array that doubles when it is full. */
class Column<T extends Store> {
  data: T;
  length = 0;
  readonly #make: (capacity: number) => T;

  constructor(make: (capacity: number) => T) {
    this.#make = make;
    this.data = make(FIRST_CAPACITY);
  }

  push(value: number): number {
    if (this.length === this.data.length) {
      const larger = this.#make(this.data.length * 2);
      larger.set(this.data);
      this.data = larger;
    }
    this.data[this.length] = value;
    return this.length++;
  }

  /** The value there, NaN outside. */
  at(index: number): number {
    return index < this.length ? (this.data[index] ?? Number.NaN) : Number.NaN;
  }
}

export const floats = (): Column<Float64Array> => new Column((capacity) => new Float64Array(capacity));
export const integers = (): Column<Int32Array> => new Column((capacity) => new Int32Array(capacity));
export const bytes = (): Column<Uint8Array> => new Column((capacity) => new Uint8Array(capacity));

/** Strings that recur, by number; 0 is "none". */
export class Dictionary {
  readonly values: string[] = [""];
  readonly #numbers = new Map<string, number>([["", 0]]);

  number(value: string | undefined): number {
    if (!value) return 0;
    let number = this.#numbers.get(value);
    if (number === undefined) {
      number = this.values.push(value) - 1;
      this.#numbers.set(value, number);
    }
    return number;
  }

  text(number: number): string {
    return this.values[number] ?? "";
  }
}

/** First index in [0, length) of an ascending column whose value is >= target; length if there is none. */
export function lowerBound(data: ArrayLike<number>, length: number, target: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((data[middle] ?? 0) < target) low = middle + 1;
    else high = middle;
  }
  return low;
}
