// Every setting there is: one row feeds parsing, `mpm config` and the documentation.

import * as z from "zod/mini";
import { IN_PLAIN_WORDS } from "../contract/expectation.ts";
import type { ContentLevel } from "../contract/team.ts";
import { ALERT_KINDS, CHANNEL_TYPES, CONTENT_LEVELS } from "../contract/words.ts";
import { explainPattern, patternProblem } from "../event/pattern.ts";
import { OTLP_PROTOCOLS, type OtlpProtocol } from "./otel.ts";

import { DURATION_EXPECTED, readDuration, readSize, SIZE_EXPECTED } from "./units.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const MIB = 1024 * 1024;
const DEFAULT_PORT = 8765;

export interface Setting<T> {
  /** Dotted path in config.json. */
  readonly key: string;
  /** Environment variable without its MPM_ prefix. */
  readonly env?: string;
  /** config.json cannot set it: the hook, which does not read that file, goes by it. */
  readonly environmentOnly?: true;
  /** It is never shown. */
  readonly secret?: true;
  /** Made when a value is there to be read: most settings are never set, and every start of every program comes by here. */
  readonly schema: () => z.ZodMiniType<T>;
  /** For a list: what each element has to be, and how many there may be. One that does not fit is left out, the others count. */
  readonly each?: { readonly schema: () => z.ZodMiniType; readonly max: number };
  readonly fallback: T;
  readonly about: string;
  /** What its number counts: people read and write it with a unit. */
  readonly unit?: "duration" | "size";
}

function setting<T>(definition: Setting<T>): Setting<T> {
  return definition;
}

export type Read<T> =
  | { readonly ok: true; readonly value: T }
  /** What was expected, in words that follow "expected". */
  | { readonly ok: false; readonly expected: string };

/** Reads a value as a schema of a setting has it. */
export function readAs<T>(schema: z.ZodMiniType<T>, given: unknown): Read<T> {
  const { success, data, error } = z.safeParse(schema, given, IN_PLAIN_WORDS);
  if (success) return { ok: true, value: data };
  const expected = error.issues.map(({ path, message }) => [...path, message].join(": "));
  return { ok: false, expected: expected.join("; ") };
}

/** A number, or a text that `read` understands; the number that it stands for has a least value. */
const quantity = (read: (text: string) => number | undefined, expected: string, least: number) =>
  z.pipe(
    z.union([z.number(), z.string()], expected),
    z.transform((given, { issues }) => {
      const value = typeof given === "number" ? given : read(given);
      const number = z.int().check(z.gte(least), z.lte(Number.MAX_SAFE_INTEGER));
      const found = readAs(number, value);
      if (found.ok) return found.value;
      const message = value === undefined ? expected : found.expected;
      issues.push({ code: "custom", message, input: given });
      return z.NEVER;
    }),
  );
/** Milliseconds, or a text such as `30m`. */
const duration = (least = 100) => quantity(readDuration, DURATION_EXPECTED, least);
/** Bytes, or a text such as `4GiB`. */
const size = () => quantity(readSize, SIZE_EXPECTED, 1024);
const text = (min: number, max: number) => z.string().check(z.minLength(min), z.maxLength(max));
const serverUrl = () => z.url({ protocol: /^https?$/, error: "an http:// or https:// URL" });
/** A list, or a text with commas between, as a variable has it. */
const words = (word: z.ZodMiniType<string, string>) =>
  z.pipe(
    z.union([z.string(), z.array(z.string())], "a list, or words with commas between"),
    z.pipe(
      z.transform((given: string | string[]) =>
        (typeof given === "string" ? given.split(",") : given).map((each) => each.trim()).filter(Boolean),
      ),
      z.array(word).check(z.maxLength(100)),
    ),
  );
const pattern = () =>
  z
    .object({
      name: z.string().check(z.regex(/^[a-z0-9_-]{1,40}$/, "a name of a-z, 0-9, _ and -")),
      regex: text(1, 1000),
    })
    .check(({ value, issues }) => {
      const problem = patternProblem(value);
      if (!problem) return;
      const message = `a pattern that can be used (${explainPattern(problem)})`;
      issues.push({ code: "custom", message, input: value });
    });
const dollars = () => z.number().check(z.gte(0));
const price = () =>
  z.object({
    input: dollars(),
    output: dollars(),
    cacheRead: z.optional(dollars()),
    cacheWrite: z.optional(dollars()),
    cacheWriteHour: z.optional(dollars()),
  });

const channel = () =>
  z
    .object({
      name: z.string().check(z.regex(/^[\w-]{1,40}$/, "a name of letters, digits, _ and -")),
      type: z.enum(CHANNEL_TYPES),
      url: z.optional(serverUrl()),
      /** `env:NAME` names a variable that holds it. */
      secret: z.optional(text(1, 1000)),
    })
    .check(z.refine(({ type, url }) => type === "desktop" || url !== undefined, "a url, which all but desktop need"));
const rule = () =>
  z
    .object({
      when: z.enum(ALERT_KINDS),
      over: z.optional(duration(0)),
      count: z.optional(z.int().check(z.gte(1), z.lte(1000))),
      usd: z.optional(z.number().check(z.gt(0))),
      tokens: z.optional(z.int().check(z.gt(0))),
      per: z.optional(z.enum(["day", "week", "session"])),
      /** Path or name: only there. */
      project: z.optional(text(0, 8192)),
      to: z._default(z.array(z.string()).check(z.minLength(1)), ["desktop"]),
    })
    .check(
      z.refine(
        ({ when, usd, tokens }) => when !== "budget" || usd !== undefined || tokens !== undefined,
        "usd or tokens, as it is a budget",
      ),
    );
type Schema<F extends () => z.ZodMiniType> = z.infer<ReturnType<F>>;

export const SETTINGS = {
  serverUrl: setting<string | undefined>({
    key: "server.url",
    env: "SERVER_URL",
    schema: () => z.optional(serverUrl()),
    fallback: undefined,
    about: "where events go; unset, the monitor on this machine",
  }),
  serverToken: setting<string | undefined>({
    key: "server.token",
    env: "TOKEN",
    secret: true,
    schema: () => z.optional(text(8, 512)),
    fallback: undefined,
    about: "token for that server; this home's own is in the file `token`, and is never sent",
  }),
  serverInsecure: setting({
    key: "server.insecure",
    schema: z.boolean,
    fallback: false,
    about: "allow plain http to a server that is not on this machine",
  }),
  monitorAutostart: setting({
    key: "monitor.autostart",
    schema: z.boolean,
    fallback: true,
    about: "start the local monitor when none listens at the default address",
  }),
  monitorHost: setting({
    key: "monitor.host",
    schema: () => text(1, 255),
    fallback: "127.0.0.1",
    about: "address that the monitor listens on",
  }),
  monitorAllowRemote: setting({
    key: "monitor.allowRemote",
    schema: z.boolean,
    fallback: false,
    about: "let monitor.host be an address that other machines reach; without TLS the token travels in clear",
  }),
  monitorPort: setting({
    key: "monitor.port",
    env: "MONITOR_PORT",
    schema: () => z.int().check(z.gte(0), z.lte(65_535)),
    fallback: DEFAULT_PORT,
    about: "port that the monitor listens on",
  }),
  monitorIdleMs: setting({
    key: "monitor.idleMs",
    schema: duration,
    unit: "duration",
    fallback: 30 * MINUTE_MS,
    about: "a monitor that was started by itself ends after this long without events and pages",
  }),
  monitorStore: setting<string | undefined>({
    key: "monitor.store",
    env: "STORE",
    secret: true,
    schema: () => z.optional(z.string().check(z.maxLength(2048), z.regex(/^postgres(ql)?:\/\//, "a postgres:// URL"))),
    fallback: undefined,
    about: "postgres:// URL of a database that several monitors share; unset, the file monitor.db",
  }),
  monitorRetentionMs: setting({
    key: "monitor.retentionMs",
    schema: duration,
    unit: "duration",
    fallback: 90 * DAY_MS,
    about: "events older than this are removed from the store",
  }),
  monitorMaxBytes: setting({
    key: "monitor.maxBytes",
    schema: size,
    unit: "size",
    fallback: 4096 * MIB,
    about: "size of the store beyond which the oldest events are removed",
  }),
  transcripts: setting({
    key: "monitor.transcripts",
    schema: z.boolean,
    fallback: true,
    about: "read token counts from Claude Code's transcripts on this machine",
  }),
  prices: setting<Record<string, Schema<typeof price>>>({
    key: "monitor.prices",
    schema: () => z.record(z.string(), price()),
    fallback: {},
    about: "US dollars for a million tokens, by model, instead of the prices that come with mpm",
  }),
  relayIdleMs: setting({
    key: "relay.idleMs",
    schema: duration,
    unit: "duration",
    fallback: 10 * MINUTE_MS,
    about: "the relay ends after this long without events",
  }),
  spoolMaxBytes: setting({
    key: "spool.maxBytes",
    schema: size,
    unit: "size",
    fallback: 1024 * MIB,
    about: "size of the spool beyond which the oldest events are dropped and counted",
  }),
  rejectedMaxBytes: setting({
    key: "rejected.maxBytes",
    schema: size,
    unit: "size",
    fallback: 64 * MIB,
    about: "size of rejected/ beyond which the oldest are removed and counted",
  }),
  redact: setting({
    key: "redaction.enabled",
    schema: z.boolean,
    fallback: true,
    about: "replace credentials by [redacted:<kind>] before anything leaves the relay",
  }),
  redactPatterns: setting<Schema<typeof pattern>[]>({
    key: "redaction.patterns",
    schema: () => z.array(pattern()),
    each: { schema: pattern, max: 100 },
    fallback: [],
    about: "further patterns to redact: name and regular expression",
  }),
  otlpEndpoint: setting<string | undefined>({
    key: "export.otlp.endpoint",
    env: "OTLP_ENDPOINT",
    schema: () => z.optional(serverUrl()),
    fallback: undefined,
    about: "where turns go as OpenTelemetry traces; unset, as the usual OTEL_ variables say, else nowhere",
  }),
  otlpProtocol: setting<OtlpProtocol | undefined>({
    key: "export.otlp.protocol",
    schema: () => z.optional(z.enum(OTLP_PROTOCOLS)),
    fallback: undefined,
    about: "http/protobuf (default) or http/json",
  }),
  otlpHeaders: setting<Record<string, string>>({
    key: "export.otlp.headers",
    secret: true,
    schema: () => z.record(z.string().check(z.regex(/^[A-Za-z0-9_.-]{1,100}$/)), text(0, 4096)),
    fallback: {},
    about: "headers that go with traces, such as a key",
  }),
  otlpContent: setting({
    key: "export.otlp.content",
    schema: z.boolean,
    fallback: false,
    about: "traces have prompts, answers, inputs and outputs, redacted as they are stored (default: none of them)",
  }),
  alertChannels: setting<Schema<typeof channel>[]>({
    key: "alerts.channels",
    secret: true,
    schema: () => z.array(channel()),
    each: { schema: channel, max: 50 },
    fallback: [],
    about: "where alerts go, beside the desktop: name, type (webhook, slack, discord, ntfy), url, secret",
  }),
  alertRules: setting<Schema<typeof rule>[]>({
    key: "alerts.rules",
    schema: () => z.array(rule()),
    each: { schema: rule, max: 100 },
    fallback: [{ when: "waiting", to: ["desktop"] }],
    about: "what is told, and to which channels: when, over, count, usd, tokens, per, project, to",
  }),
  alertContent: setting<"names" | "content">({
    key: "alerts.content",
    schema: () => z.enum(["names", "content"]),
    fallback: "names",
    about: "what an alert may say: names of projects and tools, or also what was asked, run and said (redacted)",
  }),
  alertQuiet: setting<string | undefined>({
    key: "alerts.quiet",
    schema: () =>
      z.optional(
        z.string().check(z.regex(/^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/, "two times such as 22:00-07:00")),
      ),
    fallback: undefined,
    about: "hours in which alerts wait, local time, such as 22:00-07:00",
  }),
  teamContent: setting<ContentLevel>({
    key: "team.content",
    env: "TEAM_CONTENT",
    schema: () => z.enum(CONTENT_LEVELS),
    fallback: "metadata",
    about: "what of an event leaves this machine for its team: metadata, hashed, or content",
  }),
  teamLogMs: setting({
    key: "team.logMs",
    schema: duration,
    unit: "duration",
    fallback: 365 * DAY_MS,
    about: "of a team's monitor: entries of `mpm team log` that are older are removed",
  }),
  oidcIssuer: setting<string | undefined>({
    key: "team.oidc.issuer",
    env: "OIDC_ISSUER",
    schema: () => z.optional(serverUrl()),
    fallback: undefined,
    about: "of a team's monitor: the identity provider that people sign in through (OpenID Connect), by its issuer URL",
  }),
  oidcClientId: setting<string | undefined>({
    key: "team.oidc.clientId",
    env: "OIDC_CLIENT_ID",
    schema: () => z.optional(text(1, 512)),
    fallback: undefined,
    about: "what the team's monitors are called at the provider",
  }),
  oidcClientSecretFile: setting<string | undefined>({
    key: "team.oidc.secretFile",
    env: "OIDC_CLIENT_SECRET_FILE",
    schema: () => z.optional(text(1, 4096)),
    fallback: undefined,
    about: "a file of this user's alone with their secret there, where the environment has none",
  }),
  oidcClientSecret: setting<string | undefined>({
    key: "team.oidc.secret",
    env: "OIDC_CLIENT_SECRET",
    environmentOnly: true,
    secret: true,
    schema: () => z.optional(text(1, 4096)),
    fallback: undefined,
    about: "environment only: the secret of the team's monitors at the provider",
  }),
  oidcDomains: setting<readonly string[]>({
    key: "team.oidc.domains",
    env: "OIDC_DOMAINS",
    schema: () =>
      words(z.string().check(z.toLowerCase(), z.regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, "a domain such as x.example"))),
    fallback: [],
    about: "whoever has an address of these domains may come as a member (default: only who is invited)",
  }),
  oidcGroups: setting<readonly string[]>({
    key: "team.oidc.groups",
    env: "OIDC_GROUPS",
    schema: () => words(text(1, 256)),
    fallback: [],
    about: "whoever signs in has to be in one of these groups of the provider's (default: in any, or in none)",
  }),
  oidcScope: setting({
    key: "team.oidc.scope",
    env: "OIDC_SCOPE",
    schema: () => z.string().check(z.regex(/^openid( [\x21\x23-\x5b\x5d-\x7e]+)*$/, "scopes that begin with openid")),
    fallback: "openid email",
    about: "what the provider is asked for; some tell groups by a scope of their own",
  }),
  oidcVerifiedBy: setting({
    key: "team.oidc.verifiedBy",
    env: "OIDC_VERIFIED_BY",
    schema: () => z.string().check(z.regex(/^[A-Za-z][\w:./-]{0,199}$/, "the name of a claim")),
    fallback: "email_verified",
    about: "the claim by which the provider says that the address is verified; Microsoft Entra ID has xms_edov",
  }),
  logLevel: setting<"trace" | "debug" | "info" | "warn" | "error" | "silent">({
    key: "log.level",
    env: "LOG_LEVEL",
    schema: () => z.enum(["trace", "debug", "info", "warn", "error", "silent"]),
    fallback: "info",
    about: "how much goes to log/",
  }),
  concurrent: setting({
    key: "agents.concurrent",
    env: "USE_ASYNC",
    schema: z.boolean,
    fallback: true,
    about: "read agent files at the same time (false: one after the other)",
  }),
  disabled: setting({
    key: "hook.disabled",
    env: "DISABLED",
    environmentOnly: true,
    schema: z.boolean,
    fallback: false,
    about: "environment only: hooks do nothing (or create the file `disabled`)",
  }),
  hookDebug: setting({
    key: "hook.debug",
    env: "HOOK_DEBUG",
    environmentOnly: true,
    schema: z.boolean,
    fallback: false,
    about: "environment only: the hook says what it does",
  }),
  noBrowser: setting({
    key: "run.noBrowser",
    env: "NO_BROWSER",
    schema: z.boolean,
    fallback: false,
    about: "`mpm run --monitor` and `mpm monitor open` open no browser",
  }),
} as const;

export type SettingName = keyof typeof SETTINGS;
export type Settings = { readonly [K in SettingName]: (typeof SETTINGS)[K]["fallback"] };
