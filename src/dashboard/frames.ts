// Work that need not be done at once: one piece a frame, or slices of a few milliseconds, so that scrolling stays smooth.

/** Of work that goes on, ms: what a person does in between is answered in the same frame. */
const SLICE_MS = 8;

const waiting: (() => void)[] = [];
let isPlanned = false;

function next(): void {
  waiting.shift()?.();
  isPlanned = waiting.length > 0;
  if (isPlanned) requestAnimationFrame(next);
}

/** Does the work in a frame of its own, after what came before; the returned function takes it back. */
export function inFrame(work: () => void): () => void {
  waiting.push(work);
  if (!isPlanned) requestAnimationFrame(next);
  isPlanned = true;
  return () => {
    const at = waiting.indexOf(work);
    if (at >= 0) waiting.splice(at, 1);
  };
}

/** Lets the browser do what waits: answer a person, draw a frame. */
function others(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    resolve();
  };
  port2.postMessage(undefined);
  return promise;
}

/** Waits until what was made is drawn; a page that nobody sees draws nothing, and does not wait. */
export async function drawn(): Promise<void> {
  if (document.hidden) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  requestAnimationFrame(() => resolve());
  await promise;
  await others();
}

/** Lets others do their work when this one has gone on for a slice: to be awaited between pieces. */
export function slices(): () => Promise<void> {
  let until = performance.now() + SLICE_MS;
  return async () => {
    if (performance.now() < until) return;
    await others();
    until = performance.now() + SLICE_MS;
  };
}

/** Does work of several steps in slices; undefined where it was given up. */
export async function inSlices<T>(steps: Generator<undefined, T>, signal: AbortSignal): Promise<T | undefined> {
  const breathe = slices();
  for (;;) {
    const { done, value } = steps.next();
    if (done) return signal.aborted ? undefined : value;
    await breathe();
    if (signal.aborted) return undefined;
  }
}
