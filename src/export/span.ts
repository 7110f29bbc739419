// A span as it is exported: plain data. Times are ms since 1970.

import { createHash } from "node:crypto";

export type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
}

export interface SpanEvent {
  readonly name: string;
  readonly t: number;
  readonly attributes: Attributes;
}

export interface Span extends SpanContext {
  readonly parentId?: string;
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  readonly links: readonly SpanContext[];
  /** It failed. */
  readonly failed?: true;
  /** Name of the machine that it was on. */
  readonly host: string;
}

const TRACE_DIGITS = 32;
const SPAN_DIGITS = 16;

/** The same words give the same id, so that what is sent again is the same span. */
const digits = (count: number, words: readonly string[]): string =>
  createHash("sha256").update(JSON.stringify(words)).digest("hex").slice(0, count);

export const traceIdOf = (...words: readonly string[]): string => digits(TRACE_DIGITS, ["trace", ...words]);
export const spanIdOf = (...words: readonly string[]): string => digits(SPAN_DIGITS, ["span", ...words]);
