import assert from "node:assert/strict";
import { test } from "node:test";
import { done, failed, type Result } from "../../../src/contract/result.ts";
import { type Failure, NO_ANSWER } from "../../../src/dashboard/api.ts";
import { Asking, type Kept } from "../../../src/dashboard/asking.ts";

const SOON_MS = 100;
const NOBODY: Failure = { status: NO_ANSWER, message: "nobody answers" };
const REFUSED: Failure = { status: 500, message: "refused" };

/** A question whose askings wait, each until the test answers it, and what was told. */
function asked() {
  const waiting: { answer: (result: Result<string, Failure>) => void; signal: AbortSignal }[] = [];
  const told: Kept<string>[] = [];
  let count = 0;
  const asking = new Asking<string>(
    (signal) => {
      count++;
      const { promise, resolve } = Promise.withResolvers<Result<string, Failure>>();
      waiting.push({ answer: resolve, signal });
      return promise;
    },
    (kept) => told.push(kept),
  );
  return {
    asking,
    told,
    count: () => count,
    /** Answers the asking that has waited longest. */
    async answer(result: Result<string, Failure>): Promise<void> {
      waiting.shift()?.answer(result);
      await settled();
    },
    signal: () => waiting[0]?.signal,
  };
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

test("an answer that comes after the question was closed is told to nobody, and its request is aborted", async () => {
  const { asking, told, answer, signal } = asked();
  asking.ask();
  const given = signal();
  asking.close();
  await answer(done("late"));
  assert.equal(given?.aborted, true);
  assert.deepEqual(told, []);
});

test("a question is not asked while it is being asked, so that no older answer overtakes a newer one", async () => {
  const { asking, told, answer, count } = asked();
  asking.ask();
  asking.ask();
  assert.equal(count(), 1);
  await answer(done("first"));
  asking.ask();
  await answer(done("second"));
  assert.deepEqual(told, [{ value: "first" }, { value: "second" }]);
});

test("news that come while it is being asked have it asked once more, however many they are", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { asking, told, answer, count } = asked();
  asking.ask();
  asking.askSoon(SOON_MS);
  asking.askSoon(SOON_MS);
  t.mock.timers.tick(SOON_MS);
  assert.equal(count(), 1);
  await answer(done("before the news"));
  assert.equal(count(), 2);
  await answer(done("after the news"));
  assert.equal(count(), 2);
  assert.deepEqual(told, [{ value: "before the news" }, { value: "after the news" }]);
});

test("one that was closed before its time came is never asked", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { asking, count } = asked();
  asking.askSoon(SOON_MS);
  asking.close();
  t.mock.timers.tick(SOON_MS);
  assert.equal(count(), 0);
});

test("what was answered stays when a later asking fails, and the failure goes with the next answer", async () => {
  const { asking, told, answer } = asked();
  for (const result of [done("one"), failed(REFUSED), done("two")]) {
    asking.ask();
    await answer(result);
  }
  assert.deepEqual(told, [{ value: "one" }, { value: "one", error: REFUSED }, { value: "two" }]);
});

test("what nobody answered is asked again when the monitor is back; what was answered or refused is not", async () => {
  for (const [result, again] of [
    [failed(NOBODY), 1],
    [failed(REFUSED), 0],
    [done("there"), 0],
  ] as const) {
    const { asking, answer, count } = asked();
    asking.ask();
    await answer(result);
    asking.monitorIsBack();
    assert.equal(count(), 1 + again);
  }
});

test("a monitor that is back before an asking has failed is asked again as well", async () => {
  const { asking, told, answer, count } = asked();
  asking.ask();
  asking.monitorIsBack();
  await answer(failed(NOBODY));
  assert.equal(count(), 2);
  await answer(done("there"));
  assert.equal(count(), 2);
  assert.deepEqual(told.at(-1), { value: "there" });
});
