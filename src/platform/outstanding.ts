// What is outstanding: things that wait to be settled, each once, the oldest first.
// - What comes again while it is being settled is outstanding again: it may have changed since.
// - What could not be settled is outstanding still, as when a store is away.

export class Outstanding<T> {
  #things = new Set<T>();

  get size(): number {
    return this.#things.size;
  }

  add(things: Iterable<T>): void {
    for (const thing of things) this.#things.add(thing);
  }

  /** Has the work settle them, at most so many, and answers what it answers. Throws what it throws. */
  async settle<R>(work: (things: readonly T[]) => Promise<R>, most = Number.POSITIVE_INFINITY): Promise<R> {
    const taken = [...this.#things].slice(0, most);
    for (const thing of taken) this.#things.delete(thing);
    try {
      return await work(taken);
    } catch (error) {
      this.#things = new Set([...taken, ...this.#things]);
      throw error;
    }
  }

  clear(): void {
    this.#things.clear();
  }
}
