// The time that a page of figures is about, as a row of choices.

interface RangeProps {
  readonly ranges: readonly (readonly [value: string, label: string, ...rest: unknown[]])[];
  readonly chosen: string;
  readonly onChange: (value: string) => void;
}

export function RangeChips({ ranges, chosen, onChange }: RangeProps) {
  return (
    <fieldset class="chips">
      <legend class="hidden">Time</legend>
      {ranges.map(([value, label]) => (
        <label key={value}>
          <input type="radio" name="range" checked={chosen === value} onChange={() => onChange(value)} />
          <span>{label}</span>
        </label>
      ))}
    </fieldset>
  );
}
