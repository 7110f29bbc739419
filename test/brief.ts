// How much a search through random or very many inputs tries: all of it in `npm test`, a tenth in `npm run test:unit`, which is
// run between two changes.

const SHARE = process.env["MPM_TEST_BRIEF"] === "1" ? 10 : 1;

/** How many random inputs are tried, of so many. */
export const runs = (count: number): number => Math.ceil(count / SHARE);

/** Those of very many inputs that are tried. */
export const tried = <T>(all: readonly T[]): readonly T[] => all.filter((_, index) => index % SHARE === 0);
