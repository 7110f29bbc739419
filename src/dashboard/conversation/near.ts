// What is near to what is in sight, of a box that scrolls.

/** How near it has to come, pixels: what is made of a part, and of what many parts stand in, which costs less. */
export const NEAR = 1200;
export const AHEAD = 8 * NEAR;

/** Tells of elements whether they are near to what is in sight. */
export interface Nearness {
  watch(element: Element, tell: (isNear: boolean) => void): () => void;
  close(): void;
}

/** One observer for all parts: one for each would take a frame's time to ask them. */
export function openNearness(pixels: number): Nearness {
  const told = new Map<Element, (isNear: boolean) => void>();
  let observer: IntersectionObserver | undefined;
  return {
    watch(element, tell) {
      observer ??= new IntersectionObserver(
        (entries) => {
          for (const { target, isIntersecting } of entries) told.get(target)?.(isIntersecting);
        },
        { root: element.closest(".talk-scroll"), rootMargin: `${pixels}px 0px` },
      );
      told.set(element, tell);
      observer.observe(element);
      return () => {
        told.delete(element);
        observer?.unobserve(element);
      };
    },
    close: () => observer?.disconnect(),
  };
}
