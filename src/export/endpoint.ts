// Where traces go and as what: the settings of mpm first, then the usual variables of OpenTelemetry.

import type { Config } from "../config/config.ts";
import type { OtlpProtocol } from "../config/otel.ts";

export interface Endpoint {
  readonly url: string;
  readonly protocol: OtlpProtocol;
  readonly headers: Readonly<Record<string, string>>;
  /** Of one request, ms. */
  readonly timeoutMs: number;
  readonly gzip: boolean;
  /** What all spans say of who sent them. */
  readonly resource: Readonly<Record<string, string>>;
}

/** What the exporter of traces is called in the store, in status and metrics. */
export const OTLP = "otlp";

const TRACES = "/v1/traces";
const TIMEOUT_MS = 10_000;
const SERVICE = "claude-code";

/** undefined where nothing is to be exported. */
export function endpointOf(config: Config): Endpoint | undefined {
  const { otel } = config;
  const url = urlOf(config);
  if (url === undefined) return undefined;
  const { "service.name": service = SERVICE, ...resource } = otel.resource;
  return {
    url,
    protocol: config.otlpProtocol ?? otel.protocol ?? "http/protobuf",
    headers: { ...otel.headers, ...config.otlpHeaders },
    timeoutMs: otel.timeoutMs ?? TIMEOUT_MS,
    gzip: otel.gzip ?? false,
    resource: { ...resource, "service.name": otel.serviceName ?? service },
  };
}

function urlOf({ otel, otlpEndpoint }: Config): string | undefined {
  if (otlpEndpoint !== undefined) return withPath(otlpEndpoint);
  if (otel.isOff) return undefined;
  return otel.tracesEndpoint ?? (otel.endpoint === undefined ? undefined : withPath(otel.endpoint));
}

/** The address of a collector, with the path for traces. */
function withPath(endpoint: string): string {
  const url = new URL(endpoint);
  const path = url.pathname.replace(/\/+$/, "");
  url.pathname = path.endsWith(TRACES) ? path : path + TRACES;
  return url.href;
}

/** An address as it may be shown: without what it may hold of secrets. */
export function shownUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}
