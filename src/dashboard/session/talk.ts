// The conversation of a session as it becomes known. What is seen first is read first: the end of what goes on, the
// beginning of what is over; then all of it, without holding up the page.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { DEFAULT_PAGE } from "../../contract/routes.ts";
import type { EventRow } from "../../contract/row.ts";
import { rowFromTuple } from "../../contract/timeline.ts";
import { useAgain } from "../again.ts";
import { ask, type Failure, lines } from "../api.ts";
import { drawn, inSlices } from "../frames.ts";
import { onRows } from "../live.ts";
import { type Conversation, ConversationModel } from "../model/conversation.ts";

/** While rows come, the list is made anew this often, and a longer one seldomer: it takes time with its length. */
const RENEW_EVERY_MS = 250;
const RENEW_MS_A_THOUSAND = 50;
/** Rows of the end that are shown before all are there: several screens. */
const LAST_ROWS = 3 * DEFAULT_PAGE;

export interface Asked {
  readonly id: string;
  /** What is shown before all of it is there. */
  readonly first: "beginning" | "end" | "nothing";
  /** Prompts and final answers alone. */
  readonly isShort: boolean;
  /** That the session has had, those that are stored no more among them. */
  readonly turns: number;
}

export interface Known {
  readonly talk: Conversation;
  /** All that is stored is in it, or all that could be read. */
  readonly isWhole: boolean;
  readonly failure?: Failure | undefined;
}

interface State {
  readonly model?: ConversationModel;
  readonly isWhole: boolean;
  readonly failure?: Failure | undefined;
  /** Counts up as the model grows. */
  readonly version: number;
}

interface Built {
  readonly talk: Conversation;
  readonly isWhole: boolean;
  readonly isShort: boolean;
}

const NOTHING: Built = { talk: { items: [], places: [], agents: new Map() }, isWhole: false, isShort: false };

export function useTalk({ id, first, isShort, turns }: Asked): Known {
  const { model, version, isWhole, failure } = useModel(id, first);
  const [built, setBuilt] = useState(NOTHING);
  const stored = useRef(turns);
  stored.current = turns;
  useEffect(() => {
    if (!model) return;
    const gone = new AbortController();
    void inSlices(model.steps(isShort, stored.current), gone.signal).then((talk) => {
      if (talk) setBuilt({ talk, isWhole, isShort });
    });
    return () => gone.abort();
  }, [model, version, isWhole, isShort]);
  const shown = built.isShort === isShort ? built : NOTHING;
  return { talk: shown.talk, isWhole: shown.isWhole, failure };
}

/** The rows of a session: those that are stored, then those that come. */
function useModel(id: string, first: Asked["first"]): State {
  const [state, setState] = useState<State & { readonly of?: object }>({ isWhole: false, version: 0 });
  const again = useAgain(state.failure);
  const whole = useMemo(() => new ConversationModel(), [id, again]);
  useEffect(() => {
    const gone = new AbortController();
    let waiting: EventRow[] | undefined = [];
    let timer = 0;
    const show = (model: ConversationModel, more: Partial<State> = {}): void => {
      timer = 0;
      if (!gone.signal.aborted)
        setState(({ version }) => ({
          isWhole: waiting === undefined,
          ...more,
          model,
          version: version + 1,
          of: whole,
        }));
    };
    const stop = onRows((rows) => {
      const own = rows.filter((row) => row.session === id);
      if (own.length === 0) return;
      if (waiting) {
        waiting.push(...own);
        return;
      }
      for (const row of own) whole.push(row);
      timer ||= window.setTimeout(() => show(whole), RENEW_EVERY_MS + (whole.size * RENEW_MS_A_THOUSAND) / 1000);
    });
    const read = async (): Promise<void> => {
      const end = first === "end" ? await lastRows(id, gone.signal) : undefined;
      if (end) {
        show(end);
        await drawn();
      }
      let isShown = first !== "beginning";
      const failure = await lines("timeline", { parts: { id }, signal: gone.signal }, async (line) => {
        if (!Array.isArray(line)) return false;
        for (const values of line) {
          const row = rowFromTuple(values, id);
          if (!row) return false;
          whole.push(row);
        }
        if (!isShown) {
          show(whole);
          await drawn();
        }
        isShown = true;
        return true;
      });
      for (const row of waiting ?? []) whole.push(row);
      waiting = undefined;
      show(whole, { failure });
    };
    void read();
    return () => {
      gone.abort();
      stop();
      clearTimeout(timer);
    };
  }, [id, whole]);
  return state.of === whole ? state : { isWhole: false, version: 0 };
}

/** The end of a session; undefined where it could not be read. */
async function lastRows(session: string, signal: AbortSignal): Promise<ConversationModel | undefined> {
  const query = new URLSearchParams({ session, view: "rows", limit: String(LAST_ROWS) });
  const answer = await ask("rows", { query, signal });
  if (!answer.ok || answer.value.events.length === 0) return undefined;
  const model = new ConversationModel();
  for (const row of answer.value.events.toReversed()) model.push(row);
  return model;
}
