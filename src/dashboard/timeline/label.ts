// Text on a canvas.

const GLYPH_WIDTH = 6.3;

/** Text cut to the width; measured by the glyph, since measuring each label would cost more than drawing it. */
export function label(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  width: number,
  colour: string,
): void {
  const fits = Math.floor(width / GLYPH_WIDTH);
  if (fits < 2) return;
  context.fillStyle = colour;
  const line = text.length > fits * 2 ? text.slice(0, fits * 2) : text;
  const flat = line.replace(/\s+/g, " ");
  context.fillText(flat.length > fits ? `${flat.slice(0, fits - 1)}…` : flat, x, y);
}
