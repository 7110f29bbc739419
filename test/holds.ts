// Properties of pure functions, checked by fast-check.

import fc from "fast-check";

/** Fails with the smallest example for which a synchronous property does not hold. */
export function holds<T>(property: fc.IProperty<T> | fc.IPropertyWithHooks<T>, parameters?: fc.Parameters<T>): void {
  fc.assert(property, parameters);
}

const SURROGATES = 0xd800;
const SURROGATE_COUNT = 0x800;
const CODE_POINTS = 0x110000;

/** Any character, for `unit` of a string; fast-check's own takes a second to be made ready. */
export const character = fc
  .integer({ min: 0, max: CODE_POINTS - SURROGATE_COUNT - 1 })
  .map((index) => String.fromCodePoint(index < SURROGATES ? index : index + SURROGATE_COUNT));
