// Through which names the monitor may be asked, and by whose pages.
// - Host must name this machine, against DNS rebinding, or the address of its team.
// - Origin, where a browser sends one, must be the monitor's own.

import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { isIP } from "node:net";

const BAD_REQUEST = 400;
const MISDIRECTED = 421;
const LOOPBACK = ["127.0.0.1", "localhost", "[::1]"];

export interface Origins {
  /** The status with which a request is refused for its Host: none or two are no request, another's name is another's. */
  hostRefused(request: IncomingMessage): number | undefined;
  /** Whether no other site's page is behind the request. */
  originAllowed(headers: IncomingHttpHeaders): boolean;
}

export interface OriginOptions {
  /** The address that is listened on. */
  readonly host: string;
  /** The name of this machine. */
  readonly hostName: string;
  /** The URL by which a team's monitor is reached from elsewhere, through what ends TLS before it. */
  readonly teamUrl: () => string | undefined;
}

export function openOrigins({ host: address, hostName, teamUrl }: OriginOptions): Origins {
  const local = address === "127.0.0.1";
  const allowed = new Set([...LOOPBACK, ...(local ? [] : [address, hostName].map((name) => name.toLowerCase()))]);
  const hostAllowed = (host: string): boolean => {
    const name = /^(\[[^\]]*\]|[^:]*)(?::\d+)?$/.exec(host.toLowerCase())?.[1];
    if (name === undefined) return false;
    // Who listens for other machines is reached by any of its addresses; only a name can be rebound.
    const isAddress = isIP(name.replace(/^\[|\]$/g, "")) !== 0;
    return allowed.has(name) || name === URL.parse(teamUrl() ?? "")?.hostname || (!local && isAddress);
  };
  return {
    hostRefused({ headersDistinct }) {
      const [host, second] = headersDistinct["host"] ?? [];
      // Of two, Node takes the first, and what stands before us may have taken the other.
      if (host === undefined || second !== undefined) return BAD_REQUEST;
      return hostAllowed(host) ? undefined : MISDIRECTED;
    },
    originAllowed(headers) {
      const { origin, host } = headers;
      const site = headers["sec-fetch-site"]; // to a browser, another port of this machine is the "same-site"
      if (site !== undefined && site !== "same-origin" && site !== "none") return false;
      return origin === undefined || origin === `http://${host}` || origin === `https://${host}`;
    },
  };
}
