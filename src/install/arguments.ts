// Options among the arguments of Claude Code: `--name value` or `--name=value`, up to `--`.

/** The values of every occurrence, in order; of an option that can be given once, the last one counts. */
export function valuesOf(args: readonly string[], name: string): string[] {
  return split(args, name).values;
}

/** The arguments without any occurrence. */
export function without(args: readonly string[], name: string): string[] {
  return split(args, name).rest;
}

function split(args: readonly string[], name: string): { values: string[]; rest: string[] } {
  const values: string[] = [];
  const rest: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    const next = args[i + 1];
    if (arg === "--") return { values, rest: [...rest, ...args.slice(i)] };
    if (arg === name && next !== undefined) {
      values.push(next);
      i++;
    } else if (arg.startsWith(`${name}=`)) values.push(arg.slice(name.length + 1));
    else rest.push(arg);
  }
  return { values, rest };
}
