// A verb: the table of its arguments, and what it does with them.

import { type Call, type Options, parse, type Table } from "./arguments.ts";
import { helpFor } from "./help.ts";
import { EXIT, type Io } from "./terminal.ts";

export interface Verb {
  readonly table: Table;
  /** Reads the words behind the verb, and does what they ask. Returns the exit status; throws UsageError. */
  call(name: string, args: readonly string[], io: Io): Promise<number>;
}

/** A verb as it is listed: loaded only when it is needed. */
export interface Listed {
  /** What it does, in a line. */
  readonly about: string;
  readonly load: () => Promise<{ readonly verb: Verb }>;
}

interface Definition<O extends Options> extends Table<O> {
  /** Returns the exit status. */
  run(call: Call<O>, io: Io): Promise<number>;
}

/** Makes a verb of a table and its work. */
export function command<const O extends Options>(definition: Definition<O>): Verb {
  return {
    table: definition,
    async call(name, args, io) {
      const parsed = parse(name, definition, args, io.now());
      if (!parsed.help) return definition.run(parsed.call, io);
      await io.out(helpFor(name, definition, parsed.verb, io.columns));
      return EXIT.done;
    },
  };
}
