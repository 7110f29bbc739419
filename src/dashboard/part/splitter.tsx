// The line between two parts of a page, moved by hand or by keys: arrows move it, Home and End as far as it goes, a double
// click or Enter puts it back. What was chosen is kept by this browser (preferences.ts).

import { useRef } from "preact/hooks";
import { splits } from "../preferences.ts";

const STEP = 2;
const BIG_STEP = 10;

export type SplitName = keyof typeof USUAL;
/** Percent that the part behind the name has, unless somebody chose another. */
const USUAL = { lanes: 42, event: 46, sheet: 62 } as const;
const LEAST = 12;
const MOST = 85;

/** Percent of the whole that the part has. */
export const shareOf = (name: SplitName): number => splits.value[name] ?? USUAL[name];

interface Props {
  readonly name: SplitName;
  readonly label: string;
  /** Which way it moves. */
  readonly along: "x" | "y";
  /** The part lies behind the line: it shrinks as the line goes on. */
  readonly behind?: boolean;
  /** Pixels of the whole. */
  readonly whole: () => number;
  /** Percent that the part fills, where it may be less than it has. */
  readonly filled?: () => number;
}

export function Splitter({ name, label, along, behind = false, whole, filled }: Props) {
  const held = useRef<{ at: number; share: number } | undefined>(undefined);
  const share = shareOf(name);
  const put = (next: number | undefined): void => {
    const { [name]: _before, ...rest } = splits.peek();
    splits.value =
      next === undefined ? rest : { ...rest, [name]: Math.round(Math.min(Math.max(next, LEAST), MOST) * 10) / 10 };
  };
  const placeOf = (event: PointerEvent): number => (along === "x" ? event.clientX : event.clientY);
  const sign = behind ? -1 : 1;
  const present = (): number => Math.min(share, filled?.() ?? share);
  const press = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = event.shiftKey ? BIG_STEP : STEP;
    const [less, more] = along === "x" ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
    if (event.key === less) put(present() - sign * step);
    else if (event.key === more) put(present() + sign * step);
    else if (event.key === "Home") put(LEAST);
    else if (event.key === "End") put(MOST);
    else if (event.key === "Enter") put(undefined);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a rule cannot be moved
    <div
      class={`splitter is-${along} of-${name}`}
      role="separator"
      tabIndex={0}
      aria-label={label}
      aria-orientation={along === "x" ? "vertical" : "horizontal"}
      aria-valuenow={Math.round(share)}
      aria-valuemin={LEAST}
      aria-valuemax={MOST}
      onKeyDown={press}
      onDblClick={() => put(undefined)}
      onPointerDown={(event) => {
        held.current = { at: placeOf(event), share: present() };
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        const from = held.current;
        if (from) put(from.share + (sign * 100 * (placeOf(event) - from.at)) / Math.max(whole(), 1));
      }}
      onPointerUp={() => {
        held.current = undefined;
      }}
      onPointerCancel={() => {
        held.current = undefined;
      }}
    />
  );
}
