// What a person is asked, as it would be read in the terminal: the command, the plan, the questions with their options.

import type { OpenWait } from "../../contract/session.ts";
import { fromRoot } from "../model/session.ts";
import { Scrollable } from "./scrollable.tsx";
import { Marked } from "./text.tsx";

/** @param root paths are shown from there */
export function AskedFor({ wait, root }: { wait: OpenWait; root: string }) {
  const { asked, for: reason } = wait;
  if (!asked) return null;
  if (asked.questions)
    return (
      <ul class="asked">
        {asked.questions.map(({ question, options, several }) => (
          <li key={question}>
            <p class="asked-question">
              <Marked text={question} />
              {several ? <small> several may be chosen</small> : null}
            </p>
            <ul class="asked-options">
              {options.map(({ label, about }) => (
                <li key={label} title={about}>
                  <Marked text={label} />
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ul>
    );
  if (!asked.text) return null;
  const text = fromRoot(asked.text, root);
  const isCode = reason.code === "permission";
  return (
    <div class="asked">
      {asked.about ? (
        <p class="asked-about">
          <Marked text={asked.about} />
        </p>
      ) : null}
      <Scrollable label="What is asked" className={isCode ? "asked-text" : "asked-text is-prose"}>
        <Marked text={text} />
      </Scrollable>
    </div>
  );
}
