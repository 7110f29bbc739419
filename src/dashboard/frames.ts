// Work that need not be done at once: one piece a frame, so that scrolling stays smooth.

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
