// A past session again, at the speed one wants.

import { useEffect, useState } from "preact/hooks";
import { clock } from "../model/format.ts";
import { followHead, type Stage } from "../timeline/stage.ts";
import { advance } from "./advance.ts";

const SPEEDS = [1, 4, 16, 64, 256] as const;
const REPLAY_SPAN_MS = 60_000;

export function Replay({ stage, onClose }: { stage: Stage; onClose: () => void }) {
  const [speed, setSpeed] = useState<number>(16);
  const [playing, setPlaying] = useState(true);
  const { model } = stage;
  const first = model.firstAt;
  const last = model.lastAt;

  useEffect(() => {
    stage.follow.value = false;
    stage.selected.value = -1;
    stage.replay.value = first;
    const span = Math.min(REPLAY_SPAN_MS, Math.max(last - first, 1000));
    stage.view.value = { from: first - span, to: first };
    return () => {
      stage.replay.value = undefined;
    };
  }, [stage]);

  useEffect(() => {
    if (!playing) return;
    let before = performance.now();
    let frame = requestAnimationFrame(function step(at) {
      const place = advance(model.t.data, model.length, stage.replay.peek() ?? first, (at - before) * speed);
      before = at;
      stage.replay.value = place;
      followHead(stage, place);
      if (place >= model.lastAt)
        setPlaying(false); // which moves on in a session that does
      else frame = requestAnimationFrame(step);
    });
    return () => cancelAnimationFrame(frame);
  }, [stage, playing, speed]);

  const at = stage.replay.value ?? first;
  const toggle = (): void => {
    if (!playing && at >= last) stage.replay.value = first;
    setPlaying(!playing);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for form fields that are sent
    <div class="replay" role="group" aria-label="Replay">
      <button type="button" class="button" onClick={toggle} data-key=" ">
        {playing ? "Pause" : at >= last ? "Again" : "Play"}
      </button>
      <input
        type="range"
        aria-label="Place in the session"
        min={first}
        max={last}
        step={1}
        value={at}
        aria-valuetext={clock(at)}
        onInput={(event) => {
          stage.replay.value = Number(event.currentTarget.value);
          followHead(stage, Date.now());
        }}
      />
      <span class="num">{clock(at)}</span>
      <label>
        <span class="hidden">Speed</span>
        <select class="field" value={speed} onChange={(event) => setSpeed(Number(event.currentTarget.value))}>
          {SPEEDS.map((value) => (
            <option key={value} value={value}>
              {value}×
            </option>
          ))}
        </select>
      </label>
      <button type="button" class="button is-quiet" onClick={onClose}>
        End replay
      </button>
    </div>
  );
}
