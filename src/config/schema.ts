// The JSON schema of config.json, for editors: from the same table that parses it.

import * as z from "zod/mini";
import { SETTINGS, type Setting } from "./settings.ts";

interface Place {
  /** What is left of the setting's key, in parts. */
  readonly path: readonly string[];
  readonly setting: Setting<unknown>;
}

/** The schema, as JSON Schema draft 2020-12. Unknown keys are allowed: a newer version may know them. */
export function configSchema(): object {
  const places = Object.values<Setting<unknown>>(SETTINGS)
    .filter(({ environmentOnly }) => !environmentOnly)
    .map((setting) => ({ path: setting.key.split("."), setting }));
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Settings of mpm-hook (config.json)",
    type: "object",
    properties: { $schema: { type: "string", description: "where this schema is" }, ...propertiesOf(places) },
  };
}

function propertiesOf(places: readonly Place[]): Readonly<Record<string, object>> {
  const names = [...new Set(places.map(({ path }) => path[0] ?? ""))];
  return Object.fromEntries(
    names.map((name) => {
      const below = places
        .filter(({ path }) => path[0] === name)
        .map(({ path, setting }) => ({ path: path.slice(1), setting }));
      const own = below.find(({ path }) => path.length === 0);
      return [name, own ? propertyOf(own.setting) : { type: "object", properties: propertiesOf(below) }];
    }),
  );
}

function propertyOf({ schema, about, fallback }: Setting<unknown>): object {
  const { $schema: _dialect, ...own } = z.toJSONSchema(schema(), { io: "input", unrepresentable: "any" });
  return { ...own, description: about, ...(fallback === undefined ? {} : { default: fallback }) };
}
