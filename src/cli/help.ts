// Help, from the table of a verb's arguments: synopsis, paragraphs, subverbs, options, notes.

import { type Operand, type Option, operandsOf, optionsOf, type Table } from "./arguments.ts";
import { columns, wrap } from "./layout.ts";

const INDENT = "  ";
/** Longer lines are read slowly, however wide the terminal is. */
const MAX_WIDTH = 100;
const MIN_WIDTH = 40;

/** Help for a verb, or for one subverb of it. */
export function helpFor(name: string, table: Table, verb: string | undefined, terminal: number | undefined): string {
  const width = Math.max(MIN_WIDTH, Math.min(terminal ?? MAX_WIDTH, MAX_WIDTH));
  const options = verb === undefined ? Object.entries(table.options) : optionsOf(table, verb);
  const about = verb === undefined ? table.text : [capital(table.verbs?.[verb]?.about ?? "").concat(".")];
  const parts = [
    wrap(synopsis(name, table, verb, width), width, INDENT.repeat(2)),
    ...about.map((paragraph) => paragraphOf(paragraph, width)),
    ...(verb === undefined && table.verbs ? [columns(verbsOf(name, table), width, INDENT)] : []),
    ...groupsOf(options).map(
      ([group, members]) =>
        (group ? `${group}:\n` : "") +
        columns(
          members.map(([name, option]) => [headOf(name, option), verb === undefined ? aboutAll(option) : option.about]),
          width,
          INDENT,
        ),
    ),
    ...(verb === undefined ? (table.notes ?? []) : []).map((paragraph) => paragraphOf(paragraph, width)),
  ];
  return `${parts.map((part) => part.trimEnd()).join("\n\n")}\n`;
}

/** `mpm events [options]`, or with every option where that fits into a line. */
function synopsis(name: string, table: Table, verb: string | undefined, width: number): string {
  const called = verb === undefined ? `mpm ${name}` : `mpm ${name} ${verb}`;
  const verbs = verb === undefined && table.verbs ? (table.bare ? "[VERB]" : "VERB") : "";
  const operands = operandsOf(table, verb).map(nameOf).join(" ");
  const passed = table.passes ? `[-- arguments of ${table.passes}]` : "";
  const known = verb === undefined ? Object.entries(table.options) : optionsOf(table, verb);
  const line = (options: string) => [called, verbs, options, operands, passed].filter(Boolean).join(" ");
  const whole = line(optionsInLine(known, table.exclusive ?? []));
  if (known.length === 0) return line("");
  return whole.length <= width && !verbs ? whole : line("[options]");
}

function optionsInLine(options: readonly [string, Option][], exclusive: NonNullable<Table["exclusive"]>): string {
  const shown = new Set<string>();
  return options
    .flatMap(([name]) => {
      if (shown.has(name)) return [];
      const group = exclusive.find((members) => members.includes(name)) ?? [name];
      for (const member of group) shown.add(member);
      const members = options.filter(([other]) => group.includes(other));
      return [`[${members.map(([member, option]) => headOf(member, option)).join(" | ")}]`];
    })
    .join(" ");
}

/** `-i, --input TEXT` */
function headOf(name: string, { short, value }: Option): string {
  return `${short ? `-${short}, ` : ""}--${name}${value ? ` ${value}` : ""}`;
}

/** What is said of an option, with the subverbs of which it is said. */
function aboutAll({ about, only, aboutFor = {} }: Option): string {
  const others = only?.filter((verb) => !Object.hasOwn(aboutFor, verb)).map((verb) => verb || "foreground");
  const special = Object.entries(aboutFor).map(([verb, text]) => `${verb}: ${text}`);
  return [others ? `${others.join(", ")}: ${about}` : about, ...special].join("; ");
}

function verbsOf(name: string, table: Table): (readonly [string, string])[] {
  const rows = Object.entries(table.verbs ?? {}).map(([verb, { about, operands = [] }]): readonly [string, string] => [
    ["mpm", name, verb, ...operands.map(nameOf)].join(" "),
    about,
  ]);
  return table.bare ? [[`mpm ${name}`, table.bare], ...rows] : rows;
}

/** Options by their group, those without one first. */
function groupsOf(options: readonly [string, Option][]): [string, [string, Option][]][] {
  const groups = new Map<string, [string, Option][]>(options.some(([, { group }]) => !group) ? [["", []]] : []);
  for (const entry of options) groups.set(entry[1].group ?? "", [...(groups.get(entry[1].group ?? "") ?? []), entry]);
  return [...groups];
}

function nameOf({ name, optional, many }: Operand): string {
  const shown = many ? `${name}...` : name;
  return optional ? `[${shown}]` : shown;
}

function paragraphOf(paragraph: string, width: number): string {
  return paragraph
    .split("\n")
    .map((line) => (line.startsWith(INDENT) ? line : wrap(line, width)))
    .join("\n");
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
