// What the usual variables of OpenTelemetry say of where traces go. Source: the SDK's environment specification.

import * as z from "zod/mini";

export const OTLP_PROTOCOLS = ["http/protobuf", "http/json"] as const;
export type OtlpProtocol = (typeof OTLP_PROTOCOLS)[number];

/** What the environment names; absent: nothing. A value that does not fit counts as none. */
export interface Otel {
  /** To which /v1/traces is added. */
  readonly endpoint?: string | undefined;
  /** As it is. */
  readonly tracesEndpoint?: string | undefined;
  readonly protocol?: OtlpProtocol | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs?: number | undefined;
  readonly gzip?: boolean | undefined;
  readonly serviceName?: string | undefined;
  readonly resource: Readonly<Record<string, string>>;
  /** No traces are wanted, whatever else says. */
  readonly isOff: boolean;
}

const url = () => z.url({ protocol: /^https?$/ });
const protocol = () => z.enum(OTLP_PROTOCOLS);
const ms = () => z.coerce.number().check(z.int(), z.gte(1), z.lte(600_000));

export function readOtel(env: NodeJS.ProcessEnv): Otel {
  /** The variable for traces alone counts before the one for everything. */
  const named = (name: string) => env[`OTEL_EXPORTER_OTLP_TRACES_${name}`] || env[`OTEL_EXPORTER_OTLP_${name}`];
  const read = <T>(schema: () => z.ZodMiniType<T>, text: string | undefined) =>
    text ? schema().safeParse(text).data : undefined;
  const compression = named("COMPRESSION");
  return {
    endpoint: read(url, env["OTEL_EXPORTER_OTLP_ENDPOINT"]),
    tracesEndpoint: read(url, env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]),
    protocol: read(protocol, named("PROTOCOL")),
    headers: pairs(named("HEADERS")),
    timeoutMs: read(ms, named("TIMEOUT")),
    gzip: compression === undefined ? undefined : compression === "gzip",
    serviceName: env["OTEL_SERVICE_NAME"] || undefined,
    resource: pairs(env["OTEL_RESOURCE_ATTRIBUTES"]),
    isOff: env["OTEL_SDK_DISABLED"] === "true" || env["OTEL_TRACES_EXPORTER"] === "none",
  };
}

/** `a=b,c=d`, each percent-encoded. */
function pairs(text: string | undefined): Record<string, string> {
  const found = (text ?? "").split(",").flatMap((pair): [string, string][] => {
    const at = pair.indexOf("=");
    const name = pair.slice(0, at).trim();
    return at < 1 || name === "" ? [] : [[decoded(name), decoded(pair.slice(at + 1).trim())]];
  });
  return Object.fromEntries(found);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
