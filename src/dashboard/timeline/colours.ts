// Colours of the canvases, from the style sheet's variables: one palette for page and drawing, light and dark.

const NAMES = [
  "surface",
  "text",
  "muted",
  "line",
  "accent",
  "wait",
  "wait-soft",
  "bad",
  "good",
  "run",
  "edit",
  "read",
  "agent",
  "web",
  "person",
  "other",
  "on-bar",
] as const;

export type Palette = Readonly<Record<(typeof NAMES)[number], string>>;

export function paletteOf(element: Element): Palette {
  const style = getComputedStyle(element);
  return Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])) as Palette;
}

const FAMILIES: Record<string, keyof Palette> = {
  Bash: "run",
  PowerShell: "run",
  Monitor: "run",
  TaskStop: "run",
  Edit: "edit",
  MultiEdit: "edit",
  Write: "edit",
  NotebookEdit: "edit",
  Read: "read",
  Glob: "read",
  Grep: "read",
  LS: "read",
  Agent: "agent",
  Task: "agent",
  Workflow: "agent",
  WebFetch: "web",
  WebSearch: "web",
  AskUserQuestion: "person",
  ExitPlanMode: "person",
};

/** Tools that do alike look alike. */
export function familyOf(tool: string): keyof Palette {
  if (Object.hasOwn(FAMILIES, tool)) return FAMILIES[tool] as keyof Palette;
  return tool.startsWith("mcp__") ? "web" : "other";
}
