// How much of an event leaves a machine, as a schema: in a file of its own, as the status of a home needs nothing else of teams.

import * as z from "zod/mini";
import { CONTENT_LEVELS } from "./words.ts";

export const ContentLevel = z.enum(CONTENT_LEVELS);
export type ContentLevel = z.infer<typeof ContentLevel>;
