// A collector of traces that records what it is sent, decoded by the field numbers of the OTLP specification, and answers as
// a test wants it to: takes, is away, refuses, is slow.

import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { gunzipSync } from "node:zlib";
import protobuf from "protobufjs";

export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  /** ms since 1970 */
  readonly start: number;
  readonly end: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly { name: string; t: number; attributes: Readonly<Record<string, unknown>> }[];
  readonly links: readonly { traceId: string; spanId: string }[];
  readonly failed: boolean;
  readonly resource: Readonly<Record<string, unknown>>;
  readonly scope: string;
}

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly spans: readonly Span[];
  readonly path: string;
}

/** What is answered to a request; the default takes it. */
export type Answer = (response: ServerResponse, received: Received, count: number) => void;

const field = (id: number, type: string, rule?: "repeated") => ({ id, type, ...(rule ? { rule } : {}) });
/** opentelemetry.proto.trace.v1 and what it needs, as the specification numbers it. */
const root = protobuf.Root.fromJSON({
  nested: {
    Request: { fields: { resourceSpans: field(1, "ResourceSpans", "repeated") } },
    ResourceSpans: { fields: { resource: field(1, "Resource"), scopeSpans: field(2, "ScopeSpans", "repeated") } },
    Resource: { fields: { attributes: field(1, "KeyValue", "repeated") } },
    ScopeSpans: { fields: { scope: field(1, "Scope"), spans: field(2, "Span", "repeated") } },
    Scope: {
      fields: { name: field(1, "string"), version: field(2, "string"), attributes: field(3, "KeyValue", "repeated") },
    },
    Span: {
      fields: {
        traceId: field(1, "bytes"),
        spanId: field(2, "bytes"),
        parentSpanId: field(4, "bytes"),
        name: field(5, "string"),
        kind: field(6, "int32"),
        startTimeUnixNano: field(7, "fixed64"),
        endTimeUnixNano: field(8, "fixed64"),
        attributes: field(9, "KeyValue", "repeated"),
        events: field(11, "Event", "repeated"),
        links: field(13, "Link", "repeated"),
        status: field(15, "Status"),
      },
    },
    Event: {
      fields: {
        timeUnixNano: field(1, "fixed64"),
        name: field(2, "string"),
        attributes: field(3, "KeyValue", "repeated"),
      },
    },
    Link: { fields: { traceId: field(1, "bytes"), spanId: field(2, "bytes") } },
    Status: { fields: { message: field(2, "string"), code: field(3, "int32") } },
    KeyValue: { fields: { key: field(1, "string"), value: field(2, "AnyValue") } },
    AnyValue: {
      oneofs: { value: { oneof: ["stringValue", "boolValue", "intValue", "doubleValue"] } },
      fields: {
        stringValue: field(1, "string"),
        boolValue: field(2, "bool"),
        intValue: field(3, "int64"),
        doubleValue: field(4, "double"),
      },
    },
  },
});
const REQUEST = root.lookupType("Request");
const NS_PER_MS = 1_000_000n;
const FAILED = 2;

// biome-ignore lint/suspicious/noExplicitAny: what comes is checked by what tests expect of it
type Loose = any;

function decode(body: Buffer, isJson: boolean): Span[] {
  const request: Loose = isJson
    ? JSON.parse(body.toString("utf8"))
    : REQUEST.toObject(REQUEST.decode(body), { longs: String, bytes: Buffer, arrays: true });
  const hex = (value: Buffer | string | undefined) =>
    value === undefined ? "" : typeof value === "string" ? value : Buffer.from(value).toString("hex");
  const ms = (nano: string) => Number(BigInt(nano) / NS_PER_MS);
  const attributes = (pairs: Loose[] = []) =>
    Object.fromEntries(
      pairs.map(({ key, value }) => {
        const { stringValue, boolValue, intValue, doubleValue } = value;
        return [key, stringValue ?? boolValue ?? (intValue === undefined ? doubleValue : Number(intValue))];
      }),
    );
  return request.resourceSpans.flatMap(({ resource, scopeSpans }: Loose) =>
    scopeSpans.flatMap(({ scope, spans }: Loose) =>
      spans.map((span: Loose) => ({
        traceId: hex(span.traceId),
        spanId: hex(span.spanId),
        parentSpanId: hex(span.parentSpanId),
        name: span.name,
        kind: span.kind,
        start: ms(span.startTimeUnixNano),
        end: ms(span.endTimeUnixNano),
        attributes: attributes(span.attributes),
        events: (span.events ?? []).map((event: Loose) => ({
          name: event.name,
          t: ms(event.timeUnixNano),
          attributes: attributes(event.attributes),
        })),
        links: (span.links ?? []).map((link: Loose) => ({ traceId: hex(link.traceId), spanId: hex(link.spanId) })),
        failed: span.status?.code === FAILED,
        resource: attributes(resource.attributes),
        scope: scope.name,
      })),
    ),
  );
}

export interface Collector {
  readonly url: string;
  readonly received: Received[];
  /** All spans that were taken, in the order in which they came. */
  spans(): Span[];
  answer: Answer;
  /** Nothing listens any more; `open` lets it listen at the same address again. */
  close(): Promise<void>;
  open(): Promise<void>;
}

export const TAKE: Answer = (response) => response.writeHead(200).end();

export async function startCollector(t: TestContext): Promise<Collector> {
  const received: Received[] = [];
  const taken: Span[] = [];
  let count = 0;
  const server = createServer(async (request, response) => {
    const raw = await buffer(request);
    const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(raw) : raw;
    const isJson = request.headers["content-type"] === "application/json";
    const one = { headers: request.headers, body, spans: decode(body, isJson), path: request.url ?? "" };
    received.push(one);
    collector.answer(response, one, ++count);
    if (response.statusCode === 200 && response.writableEnded) taken.push(...one.spans);
  });
  const listen = async (port: number) => {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  };
  t.after(close);
  const collector: Collector = {
    url: `http://127.0.0.1:${port}`,
    received,
    spans: () => [...taken],
    answer: TAKE,
    close,
    open: () => listen(port),
  };
  return collector;
}
