// Filters beside a field for words: all at once where there is room, behind a button that counts them where there is not.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

/** @param count how many of them are set */
export function Filters({ count, children }: { count: number; children: ComponentChildren }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        class="button filters-button"
        aria-expanded={open}
        aria-controls="filters"
        onClick={() => setOpen(!open)}
      >
        Filters{count > 0 ? ` (${count})` : ""}
      </button>
      <div id="filters" class={open ? "filters is-open" : "filters"}>
        {children}
      </div>
    </>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  /** What is chosen where nothing is. */
  readonly any: string;
  readonly options: readonly (readonly [value: string, label: string])[];
  readonly onChange: (value: string) => void;
}

/** A choice of few. One that a link makes and the list does not have is shown as it is. */
export function Choice({ label, value, any, options, onChange }: ChoiceProps) {
  const isListed = value === "" || options.some(([known]) => known === value);
  return (
    <label>
      <span>{label}</span>
      <select class="field" value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        <option value="">{any}</option>
        {options.map(([each, text]) => (
          <option key={each} value={each}>
            {text}
          </option>
        ))}
        {isListed ? null : <option value={value}>{value}</option>}
      </select>
    </label>
  );
}

interface SuggestedProps {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly list: readonly string[];
  readonly onInput: (value: string) => void;
}

/** A field with suggestions, that takes anything. */
export function Suggested({ id, label, value, list, onInput }: SuggestedProps) {
  return (
    <label>
      <span>{label}</span>
      <input
        class="field"
        list={list.length > 0 ? `list-${id}` : undefined}
        value={value}
        placeholder="any"
        autocomplete="off"
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      {list.length > 0 ? (
        <datalist id={`list-${id}`}>
          {list.map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
      ) : null}
    </label>
  );
}
