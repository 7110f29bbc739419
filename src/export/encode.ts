// Spans as the bytes of an ExportTraceServiceRequest, by OpenTelemetry's own encoder, and its answer read.

import { JsonTraceSerializer, ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import type { OtlpProtocol } from "../config/otel.ts";
import { VERSION } from "../platform/version.ts";
import type { Span } from "./span.ts";

/** The GenAI conventions that names and values follow: their repository's first version. */
const CONVENTIONS = "0.1.0";

type Serializer = typeof ProtobufTraceSerializer;
type Encoded = Parameters<Serializer["serializeRequest"]>[0][number];

const SCOPE = { name: "mpm-hook", version: VERSION, attributes: { "gen_ai.conventions.version": CONVENTIONS } };
const INTERNAL = 0;
const SAMPLED = 1;
const STATUS = { unset: 0, failed: 2 } as const;
const MS_PER_S = 1000;
const NS_PER_MS = 1e6;

export interface Encoder {
  readonly contentType: string;
  encode(spans: readonly Span[]): Uint8Array;
  /** Spans that the other side has refused, and why; throws where the answer is none. */
  refused(answer: Uint8Array): { readonly spans: number; readonly message: string };
}

/** @param common what all spans say of who sent them */
export function encoderFor(protocol: OtlpProtocol, common: Readonly<Record<string, string>>): Encoder {
  const isJson = protocol === "http/json";
  const serializer: Serializer = isJson ? JsonTraceSerializer : ProtobufTraceSerializer;
  /** One a machine: the encoder tells resources apart by identity. */
  const resources = new Map<string, Encoded["resource"]>();
  const resourceOf = (host: string) => {
    const known = resources.get(host) ?? resourceWith({ ...(host === "" ? {} : { "host.name": host }), ...common });
    resources.set(host, known);
    return known;
  };
  return {
    contentType: isJson ? "application/json" : "application/x-protobuf",
    encode: (spans) =>
      serializer.serializeRequest(spans.map((span) => encoded(span, resourceOf(span.host)))) ?? new Uint8Array(),
    refused(answer) {
      const { partialSuccess } = serializer.deserializeResponse(answer);
      return { spans: Number(partialSuccess?.rejectedSpans ?? 0), message: partialSuccess?.errorMessage ?? "" };
    },
  };
}

function resourceWith(attributes: Readonly<Record<string, string>>): Encoded["resource"] {
  const resource: Encoded["resource"] = {
    attributes,
    merge: () => resource,
    getRawAttributes: () => Object.entries(attributes),
  };
  return resource;
}

function encoded(span: Span, resource: Encoded["resource"]): Encoded {
  const { traceId, spanId, parentId, name, start, end, attributes, events, links, failed } = span;
  return {
    name,
    kind: INTERNAL,
    spanContext: () => ({ traceId, spanId, traceFlags: SAMPLED }),
    ...(parentId === undefined ? {} : { parentSpanContext: { traceId, spanId: parentId, traceFlags: SAMPLED } }),
    startTime: timeOf(start),
    endTime: timeOf(end),
    duration: timeOf(end - start),
    ended: true,
    status: { code: failed ? STATUS.failed : STATUS.unset },
    attributes,
    events: events.map((event) => ({ name: event.name, time: timeOf(event.t), attributes: event.attributes })),
    links: links.map((context) => ({ context: { ...context, traceFlags: SAMPLED } })),
    resource,
    instrumentationScope: SCOPE,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

/** Seconds and nanoseconds. */
function timeOf(ms: number): [number, number] {
  const seconds = Math.floor(ms / MS_PER_S);
  return [seconds, Math.round((ms - seconds * MS_PER_S) * NS_PER_MS)];
}
