// Completion scripts for bash, zsh and fish, from the tables of all verbs.

import { type Operand, type Option, operandsOf, optionsOf, type Table } from "./arguments.ts";

export interface Completed {
  readonly name: string;
  readonly about: string;
  readonly table: Table;
}

/** What may follow a verb, or a subverb of it. */
interface Place {
  readonly name: string;
  /** Undefined: directly behind the verb. */
  readonly verb: string | undefined;
  readonly verbs: readonly (readonly [name: string, about: string])[];
  readonly options: readonly (readonly [name: string, option: Option])[];
  readonly operands: readonly Operand[];
}

const HELP: Option = { about: "show how it is used", read: () => undefined };
const GLOBAL = [
  ["--help", "list the verbs"],
  ["--version", "print the version"],
] as const;

function placesOf({ name, table }: Completed): Place[] {
  const at = (verb: string | undefined): Place => ({
    name,
    verb,
    verbs: verb === undefined ? Object.entries(table.verbs ?? {}).map(([each, { about }]) => [each, about]) : [],
    // Before a subverb is named, an option of any may come.
    options: [
      ...(verb === undefined ? Object.entries(table.options) : optionsOf(table, verb)),
      ["help", { ...HELP, short: "h" }],
    ],
    operands: operandsOf(table, verb),
  });
  return [...Object.keys(table.verbs ?? {}).map(at), at(undefined)];
}

const single = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** How a shell matches `verb:subverb`. */
const patternOf = ({ name, verb }: Place) => `${name}:${verb ?? "*"}`;

export function bash(verbs: readonly Completed[]): string {
  const places = verbs.flatMap(placesOf);
  const valued = new Map<string, string>();
  for (const { options } of places)
    for (const [name, { value, offered, short }] of options)
      if (value !== undefined)
        for (const spelling of [`--${name}`, ...(short ? [`-${short}`] : [])])
          valued.set(spelling, [...(valued.get(spelling)?.split(" ") ?? []), ...(offered ?? [])].join(" "));
  const cases = places.map((place) => {
    const words = [
      ...place.verbs.map(([name]) => name),
      ...place.operands.flatMap(({ offered = [] }) => offered),
      ...place.options.map(([name]) => `--${name}`),
    ];
    return `    ${patternOf(place)}) words=${single(words.join(" "))} ;;`;
  });
  const values = [...valued].map(
    ([option, words]) => `    ${option}) words=${single([...new Set(words.split(" "))].join(" "))} value=1 ;;`,
  );
  return `# bash completion for mpm
_mpm() {
  local words='' value='' verb='' cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]}
  COMPREPLY=()
  [ "$cur" = = ] && cur=''
  [ "$prev" = = ] && prev=\${COMP_WORDS[COMP_CWORD-2]}
  [ "$COMP_CWORD" -gt 2 ] && verb=\${COMP_WORDS[2]}
  case $prev in
${values.join("\n")}
  esac
  if [ -z "$value" ]; then
    if [ "$COMP_CWORD" = 1 ]; then
      words=${single([...verbs.map(({ name }) => name), ...GLOBAL.map(([name]) => name)].join(" "))}
    else
      case \${COMP_WORDS[1]}:$verb in
${cases.map((line) => `    ${line}`).join("\n")}
      esac
    fi
  fi
  [ -n "$words" ] && COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _mpm mpm
`;
}

export function zsh(verbs: readonly Completed[]): string {
  const places = verbs.flatMap(placesOf);
  const cases = places.map((place) => `    ${patternOf(place)}) ${argumentsForZsh(place)} ;;`);
  const named = places.filter(({ verb }) => verb !== undefined).map(({ name, verb }) => `${name}:${verb}`);
  const all = [...verbs.map(({ name, about }) => [name, about] as const), ...GLOBAL];
  return `#compdef mpm
_mpm() {
  local -a verbs
  if (( CURRENT == 2 )); then
    verbs=(
${all.map(([name, about]) => `      ${single(`${name}:${about}`)}`).join("\n")}
    )
    _describe -t commands 'mpm command' verbs
    return
  fi
  local place=$words[2]:
  shift words
  (( CURRENT-- ))
  if (( CURRENT > 2 )); then
    case $place$words[2] in
      ${named.join("|")})
        place+=$words[2]
        shift words
        (( CURRENT-- )) ;;
    esac
  fi
  case $place in
${cases.join("\n")}
  esac
}
if [ "$funcstack[1]" = _mpm ]; then _mpm "$@"; else compdef _mpm mpm; fi # read by the first completion, or by eval
`;
}

/** Characters that _arguments takes for its own. */
const escaped = (text: string) => text.replace(/[[\]:\\]/g, "\\$&");

function argumentsForZsh({ verbs, options, operands }: Place): string {
  const specs = options.flatMap(([name, option]) => {
    const { about, value, offered, path, short } = option;
    const action = offered ? `(${offered.join(" ")})` : path ? "_files" : " ";
    const takes = value === undefined ? "" : `:${escaped(value)}:${action}`;
    const shown = `[${escaped(about)}]${takes}`;
    return [`--${name}${value === undefined ? "" : "="}${shown}`, ...(short ? [`-${short}${shown}`] : [])];
  });
  if (verbs.length > 0)
    specs.push(`1: :((${verbs.map(([name, about]) => `${name}\\:${JSON.stringify(about)}`).join(" ")}))`);
  operands.forEach(({ name, offered, path, many }, index) => {
    const action = offered ? `(${offered.join(" ")})` : path ? "_files" : " ";
    specs.push(`${many ? "*" : index + 1}:${escaped(name.toLowerCase())}:${action}`);
  });
  return `_arguments ${specs.map(single).join(" ")}`;
}

export function fish(verbs: readonly Completed[]): string {
  const lines = verbs.flatMap((verb) => [
    `complete -c mpm -n __fish_use_subcommand -f -a ${verb.name} -d ${quoted(verb.about)}`,
    ...placesOf(verb).flatMap((place) => linesForFish(place, Object.keys(verb.table.verbs ?? {}))),
  ]);
  return `# fish completion for mpm
complete -c mpm -f
${GLOBAL.map(([name, about]) => `complete -c mpm -n __fish_use_subcommand -l ${name.slice(2)} -d ${quoted(about)}`).join("\n")}
${lines.join("\n")}
`;
}

const quoted = (text: string) => `'${text.replace(/[\\']/g, "\\$&")}'`;

function linesForFish({ name, verb, verbs, options, operands }: Place, subverbs: readonly string[]): string[] {
  const seen = `__fish_seen_subcommand_from ${name}`;
  const unnamed = subverbs.length > 0 ? `; and not __fish_seen_subcommand_from ${subverbs.join(" ")}` : "";
  const where = verb === undefined ? seen + unnamed : `${seen}; and __fish_seen_subcommand_from ${verb}`;
  const behind = `complete -c mpm -n ${quoted(where)}`;
  return [
    ...verbs.map(([each, about]) => `${behind} -f -a ${each} -d ${quoted(about)}`),
    ...operands.flatMap(({ offered, path }) =>
      offered ? [`${behind} -f -a ${quoted(offered.join(" "))}`] : path ? [`${behind} -F`] : [],
    ),
    ...options.map(([option, { about, short, value, offered, path }]) => {
      const takes = value === undefined ? "" : path ? " -rF" : offered ? ` -x -a ${quoted(offered.join(" "))}` : " -x";
      return `${behind} -l ${option}${short ? ` -s ${short}` : ""}${takes} -d ${quoted(about)}`;
    }),
  ];
}
