// Settings files as people and programs leave them, and broken ones with the place that is wrong.

export interface Sample {
  readonly name: string;
  readonly text: string;
}

export interface Broken extends Sample {
  readonly line: number;
  readonly column: number;
  readonly reason: RegExp;
}

const HANDLER = { type: "command", command: "notify-send done" };
const group = (extra: object = {}) => ({ ...extra, hooks: [HANDLER] });
const foreign = { Stop: [group()], PreToolUse: [group({ matcher: "Bash" })] };
const usual = {
  $schema: "https://json.schemastore.org/claude-code-settings.json",
  model: "opus",
  permissions: { allow: ["Bash(npm test:*)", "Read"], deny: ["Read(./.env)"] },
  env: { FOO: "bar" },
  hooks: foreign,
  statusLine: { type: "command", command: "~/bin/status" },
};
const tabs = (value: unknown) => `${JSON.stringify(value, null, "\t")}\n`;
const two = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
const crlf = (text: string) => text.replaceAll("\n", "\r\n");

/** Each is given back byte for byte. */
export const SAMPLES: readonly Sample[] = [
  { name: "an empty file", text: "" },
  { name: "one newline", text: "\n" },
  { name: "white space alone", text: " \r\n\t\n" },
  { name: "a byte order mark alone", text: "\uFEFF" },
  { name: "an empty object", text: "{}" },
  { name: "an empty object and a newline", text: "{}\n" },
  { name: "an empty object with a space in it", text: "{ }\n" },
  { name: "an empty object over two lines", text: "{\n}\n" },
  { name: "an empty object, indented", text: "  {\n\n  }  \n" },
  { name: "minified", text: JSON.stringify(usual) },
  { name: "minified, a newline at the end", text: `${JSON.stringify({ model: "opus" })}\n` },
  { name: "minified, hooks alone", text: JSON.stringify({ hooks: foreign }) },
  { name: "one line with spaces", text: '{ "model": "opus", "hooks": { "Stop": [] } }\n' },
  { name: "two spaces", text: two(usual) },
  { name: "four spaces, no newline at the end", text: JSON.stringify(usual, null, 4) },
  { name: "tabs", text: tabs(usual) },
  { name: "CRLF", text: crlf(two(usual)) },
  { name: "CRLF, empty hooks", text: crlf('{\n  "hooks": {}\n}\n') },
  { name: "mixed line ends", text: '{\r\n  "a": 1,\n  "b": 2\r\n}\n' },
  { name: "byte order mark", text: `\uFEFF${two(usual)}` },
  { name: "byte order mark and CRLF", text: `\uFEFF${crlf(tabs(usual))}` },
  { name: "many newlines at the end", text: `${two(usual)}\n\n\n` },
  { name: "white space before it", text: `\n\n  ${two(usual)}` },
  { name: "no hooks", text: two({ model: "opus" }) },
  { name: "empty hooks", text: two({ model: "opus", hooks: {} }) },
  { name: "empty hooks in the middle", text: two({ a: 1, hooks: {}, b: 2 }) },
  { name: "hooks with an empty event", text: two({ hooks: { Stop: [] } }) },
  { name: "hooks with a spaced empty event", text: '{\n  "hooks": { "Stop": [ ], "PreToolUse": [\n  ] }\n}' },
  { name: "a group without handlers", text: two({ hooks: { Stop: [{ hooks: [] }] } }) },
  { name: "a group that is empty", text: two({ hooks: { Stop: [{}] } }) },
  { name: "foreign hooks for every matcher", text: two({ hooks: { PreToolUse: [group(), group({ matcher: "*" })] } }) },
  { name: "foreign hooks with matchers", text: two({ hooks: { PreToolUse: [group({ matcher: "Edit|Write" })] } }) },
  {
    name: "handlers of every type",
    text: two({
      hooks: {
        Stop: [
          {
            hooks: [
              { type: "command", command: "a", async: true, timeout: 9, statusMessage: "…" },
              { type: "prompt", prompt: "Is it done? $ARGUMENTS", model: "haiku" },
              { type: "agent", prompt: "Look closely", timeout: 60 },
              // biome-ignore lint/suspicious/noTemplateCurlyInString: as Claude Code expands it
              { type: "http", url: "http://127.0.0.1:1/x", headers: { "X-A": "${HOME}" }, allowedEnvVars: ["HOME"] },
              { type: "mcp_tool", server: "s", tool: "t", input: {} },
              { type: "command", command: "b", args: ["c"], if: "Bash(git *)", shell: "bash", once: true },
            ],
          },
        ],
      },
    }),
  },
  { name: "an event that nobody knows", text: two({ hooks: { TomorrowsEvent: [group()] } }) },
  {
    name: "hooks of another product that look a little like ours",
    text: two({
      hooks: {
        Stop: [
          {
            hooks: [
              { type: "command", command: "/opt/hooks/mpm-hooks" },
              { type: "command", command: "/opt/hooks/not-mpm-hook Stop" },
              { type: "command", command: "echo hooks/mpm-hook.log" },
            ],
          },
        ],
      },
    }),
  },
  {
    name: "claude-mpm's own handler",
    text: two({
      hooks: {
        PreToolUse: [
          {
            matcher: "*",
            hooks: [
              { type: "command", command: "/home/u/.venv/lib/claude_mpm/scripts/claude-hook-handler.sh", timeout: 60 },
              { type: "command", command: "python3 -m claude_mpm.hooks.claude_hooks.hook_handler", _mpm: "v6" },
            ],
          },
        ],
      },
    }),
  },
  {
    name: "unicode",
    text: two({
      ключ: "värde",
      表: "🪝 \u2028 \ud83d",
      hooks: { Stop: [{ hooks: [{ type: "command", command: "écho '☃'" }] }] },
    }),
  },
  { name: "escapes", text: '{"a\\u0022b": "\\/\\ud83d\\ude00\\t", "\\u0068ooks": {"Stop": []}}' },
  {
    name: "numbers as they were typed",
    text: '{\n  "a": 1.0,\n  "b": 1e3,\n  "c": -0,\n  "d": 12345678901234567890\n}\n',
  },
  {
    name: "the same key twice",
    text: '{\n  "hooks": { "Stop": [] },\n  "hooks": { "Stop": [ { "hooks": [] } ] }\n}\n',
  },
  { name: "the same event twice", text: '{"hooks": {"Stop": [], "Stop": [{"hooks": []}]}}' },
  { name: "a key that is __proto__", text: '{\n  "__proto__": { "hooks": 1 },\n  "constructor": []\n}\n' },
  {
    name: "commas at the start of lines",
    text: '{ "a": 1\n, "hooks": { "Stop": []\n  , "PreToolUse": []\n  }\n, "b": 2\n}\n',
  },
  { name: "blank lines between members", text: '{\n\n  "a": 1,\n\n  "hooks": {\n\n    "Stop": []\n\n  }\n\n}\n' },
  {
    name: "crooked indentation",
    text: '{\n "a":1,\n      "hooks" :{\n "Stop"\n:\n[\n{"hooks":[{"type":"command","command":"x"}]}\n   ]}}\n',
  },
  { name: "hooks first, all on lines", text: two({ hooks: foreign, z: 1 }) },
  { name: "hooks are turned off", text: two({ disableAllHooks: true, hooks: foreign }) },
  { name: "deep", text: two({ a: JSON.parse(`${"[".repeat(200)}${"]".repeat(200)}`) as unknown }) },
  {
    name: "huge",
    text: two({
      permissions: { allow: Array.from({ length: 30_000 }, (_, i) => `Bash(command-number-${i}:*)`) },
      hooks: { PreToolUse: Array.from({ length: 500 }, (_, i) => group({ matcher: `Tool${i}` })) },
    }),
  },
];

/** Each is refused, with the place, and not touched. */
export const BROKEN: readonly Broken[] = [
  { name: "a comment", text: '{\n  // mine\n  "a": 1\n}\n', line: 2, column: 3, reason: /comment/ },
  { name: "a block comment", text: '{ /* mine */ "a": 1 }', line: 1, column: 3, reason: /comment/ },
  { name: "a trailing comma", text: '{\n  "a": 1,\n}\n', line: 3, column: 1, reason: /trailing comma/ },
  { name: "a trailing comma in a list", text: '{"a": [1, 2,]}', line: 1, column: 13, reason: /trailing comma/ },
  { name: "a missing comma", text: '{\n  "a": 1\n  "b": 2\n}\n', line: 3, column: 3, reason: /comma expected/ },
  { name: "a missing brace", text: '{\n  "a": 1\n', line: 3, column: 1, reason: /close brace/ },
  { name: "single quotes", text: "{'a': 1}", line: 1, column: 2, reason: /not JSON/ },
  { name: "words after it", text: '{"a": 1}\nand more\n', line: 2, column: 1, reason: /not JSON/ },
  { name: "a line break in a string", text: '{"a": "b\nc"}', line: 1, column: 7, reason: /not JSON/ },
  { name: "a merge conflict", text: '{\n<<<<<<< HEAD\n  "a": 1\n}\n', line: 2, column: 1, reason: /not JSON/ },
  { name: "cut off in a string", text: '{\r\n  "model": "op', line: 2, column: 12, reason: /not JSON/ },
  { name: "a list", text: "\n[]\n", line: 2, column: 1, reason: /the file: expected an object, received an array/ },
  { name: "a string, byte order mark", text: '\uFEFF"x"', line: 1, column: 1, reason: /expected an object/ },
  { name: "null", text: "null\n", line: 1, column: 1, reason: /expected an object, received null/ },
  { name: "hooks as a list", text: '{\n  "hooks": []\n}', line: 2, column: 12, reason: /hooks: expected an object/ },
  {
    name: "an event as an object",
    text: '{"hooks": {"Stop": {}}}',
    line: 1,
    column: 20,
    reason: /hooks\.Stop: expected an array/,
  },
  {
    name: "a group as a string",
    text: '{"hooks": {"Stop": ["x"]}}',
    line: 1,
    column: 21,
    reason: /hooks\.Stop\[0\]: expected an object/,
  },
  {
    name: "handlers as an object",
    text: '{"hooks": {"Stop": [{"hooks": {}}]}}',
    line: 1,
    column: 31,
    reason: /hooks\.Stop\[0\]\.hooks: expected an array/,
  },
  {
    name: "a handler as a string",
    text: '{"hooks": {"Stop": [{"hooks": ["x"]}]}}',
    line: 1,
    column: 32,
    reason: /hooks\.Stop\[0\]\.hooks\[0\]: expected an object/,
  },
  {
    name: "a matcher as a list",
    text: '{"hooks": {"Stop": [{"matcher": ["x"], "hooks": []}]}}',
    line: 1,
    column: 33,
    reason: /matcher: expected a string/,
  },
];
