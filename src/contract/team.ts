// A team: several people's machines send to one monitor, and each sees what their role lets them see.

import * as z from "zod/mini";

/** How much of an event leaves a machine, from least to most. The machine decides; a server may ask for less. */
export const CONTENT_LEVELS = ["metadata", "hashed", "content"] as const;
export const ContentLevel = z.enum(CONTENT_LEVELS);
export type ContentLevel = z.infer<typeof ContentLevel>;

/** What a person may: members see their own sessions, viewers everyone's, admins also say who else belongs to the team. */
export const ROLES = ["member", "viewer", "admin"] as const;
export const Role = z.enum(ROLES);
export type Role = z.infer<typeof Role>;

/** The lesser of two levels. */
export const leastContent = (a: ContentLevel, b: ContentLevel): ContentLevel =>
  CONTENT_LEVELS.indexOf(a) <= CONTENT_LEVELS.indexOf(b) ? a : b;
