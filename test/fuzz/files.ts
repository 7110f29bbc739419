// Files of the user's, and of ours, as arbitrary values: settings, agents, config.json, files of state.

import fc from "fast-check";
import { json, object, text } from "./arbitrary.ts";

export function settings(): fc.Arbitrary<string> {
  const handler = fc.oneof(
    object,
    fc.record({ type: fc.constant("command"), command: text, timeout: json }, { requiredKeys: [] }),
  );
  const group = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ matcher: text, hooks: fc.array(handler, { maxLength: 3 }) }, { requiredKeys: ["hooks"] }),
    },
    { weight: 1, arbitrary: json },
  );
  const hooks = fc.dictionary(
    fc.constantFrom("Stop", "PreToolUse", "__proto__", "Other"),
    fc.oneof({ weight: 5, arbitrary: fc.array(group, { maxLength: 3 }) }, { weight: 1, arbitrary: json }),
  );
  const file = fc.tuple(
    object,
    fc.oneof({ weight: 6, arbitrary: hooks }, { weight: 1, arbitrary: json }),
    fc.constantFrom("", "\t", "  ", "    "),
    fc.constantFrom("", "\n", "\r\n"),
    fc.boolean(),
  );
  return file.map(([other, own, indent, end, bom]) => {
    const plain = JSON.stringify({ ...other, hooks: own }, null, indent) + end;
    return (bom ? "\ufeff" : "") + (end === "\r\n" ? plain.replaceAll(/\r?\n/g, "\r\n") : plain);
  });
}

export function agent(): fc.Arbitrary<string> {
  const fields = fc.record(
    {
      name: fc.oneof(fc.constant("helper"), text),
      description: text,
      tools: fc.oneof(text, fc.array(text, { maxLength: 4 })),
      model: fc.oneof(fc.constant("sonnet"), json),
      color: json,
      hooks: json,
      mcpServers: json,
      agent_id: text,
      instructions: text,
      schema_version: json,
      metadata: object,
    },
    { requiredKeys: [] },
  );
  return fc.oneof(
    fields.map((all) => JSON.stringify(all)),
    fc.tuple(fields, text).map(
      ([all, body]) =>
        `---\n${Object.entries(all)
          .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
          .join("\n")}\n---\n${body}`,
    ),
  );
}

export function config(): fc.Arbitrary<string> {
  const section = fc.record(
    {
      url: text,
      token: text,
      insecure: json,
      port: json,
      host: json,
      autostart: json,
      idleMs: json,
      maxBytes: json,
      prices: json,
      patterns: json,
      enabled: json,
      level: json,
    },
    { requiredKeys: [] },
  );
  return fc
    .dictionary(
      fc.oneof(fc.constantFrom("server", "monitor", "relay", "spool", "redaction", "log", "__proto__"), text),
      fc.oneof(section, json),
    )
    .map((tree) => JSON.stringify(tree));
}

export function state(): fc.Arbitrary<string> {
  return fc
    .record({
      pid: fc.oneof(fc.integer(), json),
      url: fc.oneof(fc.webUrl(), json),
      instance: json,
      version: json,
      startedAt: json,
      host: json,
      updatedAt: json,
      connected: json,
      counters: json,
      spool: json,
    })
    .map((all) => JSON.stringify(all));
}
