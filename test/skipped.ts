// A reporter of node:test: a line for each reason, with how many tests were skipped for it and the first of their names.

import type { TestEvent } from "node:test/reporters";

const NAMED = 3;

export default async function* skipped(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const names = new Map<string, string[]>();
  for await (const { type, data } of events) {
    if (type !== "test:pass" || data.skip === undefined || data.skip === false) continue;
    const reason = data.skip === true ? "no reason given" : data.skip;
    names.set(reason, [...(names.get(reason) ?? []), data.name]);
  }
  for (const [reason, all] of names) {
    const more = all.length > NAMED ? `, and ${all.length - NAMED} more` : "";
    yield `  ${reason}: ${all.slice(0, NAMED).join("; ")}${more}\n`;
  }
}
