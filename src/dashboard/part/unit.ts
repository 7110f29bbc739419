// How much larger than usual everything is: text grows with the screen, and what is measured in pixels goes along.

const USUAL_FONT_PX = 14;
let known: number | undefined;

addEventListener("resize", () => {
  known = undefined;
});

/** The size of the document's text by that of a usual screen; 1 or more. */
export function unit(): number {
  known ??= Math.max(Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / USUAL_FONT_PX || 1, 1);
  return known;
}
