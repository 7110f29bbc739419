// Properties of pure functions, checked by fast-check.

import fc from "fast-check";

/** Fails with the smallest example for which a synchronous property does not hold. */
export function holds<T>(property: fc.IProperty<T> | fc.IPropertyWithHooks<T>, parameters?: fc.Parameters<T>): void {
  fc.assert(property, parameters);
}
