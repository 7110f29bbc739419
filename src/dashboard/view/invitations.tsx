// Invitations of a team that have not been used: whom they let in, until when, and that they do not after all. Somebody who
// has signed in gets a command here that lets a machine of theirs join.

import { useState } from "preact/hooks";
import type { Pending } from "../../contract/team.ts";
import { INVITED } from "../../contract/words.ts";
import { useAnswer } from "../answer.ts";
import { ask } from "../api.ts";
import { now } from "../clock.ts";
import { duration } from "../model/format.ts";
import { shortId } from "../model/name.ts";
import { Copy } from "../part/copy.tsx";
import { Failed } from "../part/empty.tsx";
import { Sheet } from "../part/sheet.tsx";
import { personName, REFRESH_MS, team } from "../team.ts";

export function Invitations() {
  const [changes, setChanges] = useState(0);
  const [trouble, setTrouble] = useState("");
  const { value, error } = useAnswer(String(changes), (signal) => ask("invitations", { signal }), {
    everyMs: REFRESH_MS,
  });
  const person = team.value?.me.person;
  const done = (said = "") => {
    setTrouble(said);
    setChanges((before) => before + 1);
  };
  const cancel = async (id: string): Promise<void> => {
    const cancelled = await ask("cancel", { query: new URLSearchParams({ id }) });
    done(cancelled.ok ? "" : cancelled.reason.message);
  };
  return (
    <Sheet title="Invitations" wide>
      {error ? <Failed message={error.message} /> : null}
      {value && value.invitations.length === 0 ? <p class="muted">None is open.</p> : null}
      {value && value.invitations.length > 0 ? (
        <div class="table">
          <table>
            <thead>
              <tr>
                <th scope="col">Person</th>
                <th scope="col">For</th>
                <th scope="col">Role</th>
                <th scope="col">Good for</th>
                <th scope="col">By</th>
                <th scope="col">
                  <span class="hidden">Cancel</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {value.invitations.map((one) => (
                <Invitation key={one.id} invitation={one} onCancel={() => void cancel(one.id)} />
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
      <p role="status">{trouble}</p>
      {person ? <AddMachine person={person.id} onMade={done} /> : null}
    </Sheet>
  );
}

const nameOf = (id: string): string => personName(id) ?? shortId(id);

function Invitation({ invitation, onCancel }: { invitation: Pending; onCancel: () => void }) {
  const { purpose, role, person, name = "somebody new", email, madeBy, expiresAt } = invitation;
  const whom = person === undefined ? name : nameOf(person);
  return (
    <tr>
      <th scope="row">{whom}</th>
      <td>{email ?? INVITED[purpose] ?? purpose}</td>
      <td>{role}</td>
      <td>{duration(Math.max(0, expiresAt - now.value))}</td>
      <td>{madeBy === undefined ? "the operator" : nameOf(madeBy)}</td>
      <td>
        <button
          type="button"
          class="button is-quiet"
          onClick={onCancel}
          aria-label={`Cancel the invitation of ${whom}`}
        >
          Cancel
        </button>
      </td>
    </tr>
  );
}

interface AddMachineProps {
  /** Whose it is to be. */
  readonly person: string;
  readonly onMade: (trouble?: string) => void;
}

function AddMachine({ person, onMade }: AddMachineProps) {
  const [command, setCommand] = useState("");
  const invite = async (): Promise<void> => {
    const invited = await ask("invite", { query: new URLSearchParams({ person }) });
    if (invited.ok) setCommand(`mpm team join ${invited.value.url ?? location.origin} ${invited.value.code}`);
    onMade(invited.ok ? "" : invited.reason.message);
  };
  return command === "" ? (
    <button type="button" class="button" onClick={() => void invite()}>
      Add a machine of mine
    </button>
  ) : (
    <p>
      On that machine, once: <code>{command}</code> <Copy text={() => command} about="the command" />
    </p>
  );
}
