// Every kind of credential that is known, one row each; docs/redaction.md shows the same table.

import { ASSIGNED } from "./assigned.ts";
import { CLOUD } from "./cloud.ts";
import { CODE } from "./code.ts";
import { COMMANDS } from "./command.ts";
import { KEYS } from "./key.ts";
import type { Kind } from "./kind.ts";
import { LAYOUT } from "./layout.ts";
import { MANIFESTS } from "./manifest.ts";
import { SERVICE } from "./service.ts";
import { SHAPES } from "./shape.ts";
import { SPOKEN } from "./spoken.ts";

/** The first that knows a place gives it its name. */
export const KINDS: readonly Kind[] = [
  ...CLOUD,
  ...CODE,
  ...SERVICE,
  ...SHAPES,
  ...COMMANDS,
  ...LAYOUT,
  ...KEYS,
  ...MANIFESTS,
  ...ASSIGNED,
  ...SPOKEN,
];
