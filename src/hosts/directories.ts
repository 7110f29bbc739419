// Watches the directories in which hosts keep their session files: tells which file has changed, once it has settled.
// - A directory that is not there is tried again when it is named again, though not each time: much may name it.

import { type FSWatcher, watch } from "node:fs";

/** A file that was just written is read when its writer has had time to write it again: dialogs follow each other. */
export const SETTLE_MS = 100;
/** Directories that are watched. */
const MAX_DIRECTORIES = 32;
/** Between two tries of a directory that cannot be watched. */
const RETRY_MS = 2000;
/** Directories that could not be watched and are remembered for that. */
const MAX_MISSING = 200;

export class Directories {
  readonly #onFile: (directory: string, pid: number) => void;
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #settling = new Map<string, NodeJS.Timeout>();
  /** When a directory could not be watched, by performance.now(). */
  readonly #missing = new Map<string, number>();
  #closed = false;

  /** `onFile` hears of `<pid>.json` in a directory. */
  constructor(onFile: (directory: string, pid: number) => void) {
    this.#onFile = onFile;
  }

  watch(directory: string): void {
    if (this.#closed || this.#watchers.has(directory) || this.#watchers.size >= MAX_DIRECTORIES) return;
    if (performance.now() - (this.#missing.get(directory) ?? Number.NEGATIVE_INFINITY) < RETRY_MS) return;
    try {
      const watcher = watch(directory, { persistent: false }, (_event, name) => this.#changed(directory, name));
      watcher.on("error", () => this.#forget(directory)); // it was removed
      this.#watchers.set(directory, watcher);
      this.#missing.delete(directory);
    } catch {
      if (this.#missing.size >= MAX_MISSING) this.#missing.clear();
      this.#missing.set(directory, performance.now());
    }
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#settling.values()) clearTimeout(timer);
    for (const directory of [...this.#watchers.keys()]) this.#forget(directory);
  }

  #changed(directory: string, name: string | null): void {
    const pid = Number(/^(\d{1,10})\.json$/.exec(name ?? "")?.[1]);
    const key = `${directory}/${pid}`;
    if (!(pid > 0) || this.#closed || this.#settling.has(key)) return;
    const timer = setTimeout(() => {
      this.#settling.delete(key);
      this.#onFile(directory, pid);
    }, SETTLE_MS);
    this.#settling.set(key, timer.unref());
  }

  #forget(directory: string): void {
    this.#watchers.get(directory)?.close();
    this.#watchers.delete(directory);
  }
}
