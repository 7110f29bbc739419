// Alerts: what is worth to be told, to whom it goes, and what became of it. Times are ms since 1970.

import * as z from "zod/mini";
import { ReasonField } from "./reasons.ts";
import { ALERT_KINDS, CHANNEL_TYPES } from "./words.ts";

export const AlertKind = z.enum(ALERT_KINDS);
export type AlertKind = z.infer<typeof AlertKind>;

export const ChannelType = z.enum(CHANNEL_TYPES);
export type ChannelType = z.infer<typeof ChannelType>;

export const Alert = z.object({
  /** Follows from the cause: the same cause has the same id, whenever it is found. */
  id: z.string(),
  when: z.enum([...ALERT_KINDS, "test"]),
  at: z.number(),
  /** A sentence. */
  text: z.string(),
  session: z.exactOptional(z.string()),
  /** The project's name, not its path. */
  project: z.exactOptional(z.string()),
  /** What was asked, run or said; only where `alerts.content` is `content`. */
  content: z.exactOptional(z.string()),
});
export type Alert = z.infer<typeof Alert>;

/**
 * waiting: not delivered yet. delivered: the other side has taken it. refused: it will never be taken. settled: its cause
 * was gone before it was delivered.
 */
export const DELIVERY_STATES = ["waiting", "delivered", "refused", "settled"] as const;
export const DeliveryState = z.enum(DELIVERY_STATES);
export type DeliveryState = z.infer<typeof DeliveryState>;

export const Delivery = z.object({
  channel: z.string(),
  state: DeliveryState,
  /** When it became that. */
  at: z.number(),
  tries: z.int(),
  /** Why it waits or was refused. */
  reason: z.exactOptional(z.string()),
});
export type Delivery = z.infer<typeof Delivery>;

export const AlertRecord = z.object({ ...Alert.shape, deliveries: z.array(Delivery) });
export type AlertRecord = z.infer<typeof AlertRecord>;

/** A channel as it may be shown: without its address and its secret. */
export const ChannelStatus = z.object({
  name: z.string(),
  type: ChannelType,
  /** Where it leads: the host of its address, or the program that shows notifications. */
  to: z.exactOptional(z.string()),
  /** False where what it needs is not there; `trouble` says what. */
  available: z.boolean(),
  trouble: z.exactOptional(z.string()),
});
export type ChannelStatus = z.infer<typeof ChannelStatus>;

/** A rule in words. */
export const RuleStatus = z.object({ when: AlertKind, about: z.string(), to: z.array(z.string()) });
export type RuleStatus = z.infer<typeof RuleStatus>;

export const AlertsAnswer = z.looseObject({
  rules: z.array(RuleStatus),
  channels: z.array(ChannelStatus),
  content: z.enum(["names", "content"]),
  /** HH:MM-HH:MM, local time; absent: none. */
  quiet: z.exactOptional(z.string()),
  /** The latest first. */
  history: z.array(AlertRecord),
});
export type AlertsAnswer = z.infer<typeof AlertsAnswer>;

/** What became of a test of channels. */
export const TestedChannel = z.object({
  name: z.string(),
  delivered: z.boolean(),
  trouble: z.exactOptional(z.string()),
  reason: z.exactOptional(ReasonField),
});
export type TestedChannel = z.infer<typeof TestedChannel>;
export const TestAnswer = z.looseObject({ results: z.array(TestedChannel) });
export type TestAnswer = z.infer<typeof TestAnswer>;

/** A hook that takes longer holds Claude Code up in a way that people notice: doctor warns of ours, the rule `hooks` of all. */
export const SLOW_HOOK_MS = 250;

/** A hook that has run, by the host's own figures. */
export interface HookRun {
  /** When it had ended, ms since 1970. */
  readonly t: number;
  readonly ms: number;
  /** The event that it was run for. */
  readonly event: string;
  /** It is one of ours. */
  readonly isOurs: boolean;
}
