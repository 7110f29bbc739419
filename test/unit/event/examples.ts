// Credentials that are none: made from pieces, for every kind. No line of this file has the form of a real one.

/** Characters that look random and are always the same. */
export function fill(alphabet: string, length: number, seed = 7): string {
  let state = seed * 2654435761;
  let text = "";
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 3266489917 + index) >>> 0;
    text += alphabet[(state >>> 9) % alphabet.length];
  }
  return text;
}

const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER = UPPER.toLowerCase();
const DIGITS = "0123456789";
export const hex = (length: number, seed?: number): string => fill("0123456789abcdef", length, seed);
export const alnum = (length: number, seed?: number): string => `${fill(UPPER + LOWER + DIGITS, length - 2, seed)}x7`;
const upper = (length: number): string => `${fill(UPPER + DIGITS, length - 1)}7`;
const lower = (length: number): string => `${fill(LOWER + DIGITS, length - 1)}7`;
const base64 = (length: number, seed?: number): string => `${fill(`${UPPER}${LOWER}${DIGITS}+/`, length - 2, seed)}x7`;
const url = (length: number): string => `${fill(`${UPPER}${LOWER}${DIGITS}-_`, length - 2)}x7`;
const uuid = (): string => [8, 4, 4, 4, 12].map((length) => hex(length)).join("-");
const encoded = (text: string): string => Buffer.from(text).toString("base64");
const webEncoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

export const TOKEN = `ghp${"_"}${alnum(36)}`;
export const WEB_TOKEN = `${webEncoded({ alg: "HS256", typ: "JWT" })}.${webEncoded({ sub: "dana", exp: 1 })}.${url(43)}`;
/** Lines of a key's body. */
export const KEY_LINES = [base64(64, 1), base64(64, 2), base64(64, 3), `${base64(30, 4)}==`];
const DASHES = "-".repeat(5);
const BODY = `${UPPER}${LOWER}${DIGITS}+/`;
export const pem = (type: string, newline = "\n"): string =>
  [`${DASHES}BEGIN ${type}${DASHES}`, ...KEY_LINES, `${DASHES}END ${type}${DASHES}`].join(newline);

export interface Example {
  readonly text: string;
  /** The part that may be found nowhere afterwards. */
  readonly secret: string;
}

/** The credential is all of it. */
const all = (secret: string): Example => ({ text: secret, secret });
/** The credential within a text. */
const within = (before: string, secret: string, after = ""): Example => ({ text: before + secret + after, secret });

/** True examples by kind. */
export const TRUE: Readonly<Record<string, readonly Example[]>> = {
  aws_access_key: [all(`AKIA${upper(16)}`), all(`ASIA${upper(16)}`)],
  aws_session_token: [all(`IQoJb3JpZ2lu${base64(300)}`)],
  aws_bedrock_key: [all(`ABSK${base64(128)}`)],
  aws_signature: [within("https://b.s3.amazonaws.com/o?X-Amz-Date=1&X-Amz-Signature=", hex(64))],
  gcp_api_key: [all(`AIza${url(35)}`)],
  gcp_access_token: [all(`ya29.${url(120)}`)],
  gcp_refresh_token: [all(`1//0${url(60)}`)],
  gcp_client_secret: [all(`GOCSPX-${url(28)}`)],
  azure_client_secret: [all(`${alnum(3)}8Q~${alnum(34)}`)],
  azure_storage_key: [
    within("DefaultEndpointsProtocol=https;AccountName=tides;AccountKey=", `${base64(86)}==`, ";EndpointSuffix=core"),
  ],
  azure_shared_access_key: [within("Endpoint=sb://t/;SharedAccessKeyName=Root;SharedAccessKey=", `${base64(43)}=`)],
  azure_sas: [within("https://t.blob.core.windows.net/c?sv=2024&sig=", `${base64(43)}%3D`)],
  azure_devops_token: [all(`${alnum(76)}AZDO${alnum(4)}`)],
  azure_function_key: [all(`${url(44)}AzFu${alnum(5)}Q==`)],
  azure_search_key: [all(`${alnum(42)}AzSeB${alnum(5)}`)],
  azure_registry_key: [all(`${base64(42)}+ACRB${alnum(5)}`)],
  digitalocean_token: [all(`dop_v1_${hex(64)}`)],
  alibaba_access_key: [all(`LTAI${alnum(20)}`)],
  tencent_secret_id: [all(`AKID${alnum(32)}`)],
  yandex_api_key: [all(`AQVN${url(36)}`)],
  cloudflare_token: [all(`cfut_${alnum(48)}`), all(`cfk_${alnum(48)}`)],
  cloudflare_origin_key: [all(`v1.0-${hex(24)}-${hex(146)}`)],
  heroku_api_key: [all(`HRKU-AA${url(58)}`)],
  fly_token: [all(`fm2_${base64(200)}`)],
  vercel_token: [all(`vcp_${alnum(56)}`)],
  netlify_token: [all(`nfp_${alnum(36)}`)],
  render_key: [all(`rnd_${alnum(28)}`)],
  supabase_token: [all(`sbp_${hex(40)}`), all(`sb_secret_${url(31)}`)],
  databricks_token: [all(`dapi${hex(32)}-2`)],
  scaleway_access_key: [all(`SCW${upper(17)}`)],
  vault_token: [all(`hvs.${url(90)}`)],
  k3s_token: [within(`K10${hex(64, 11)}::server:`, hex(32, 9))],
  swarm_token: [all(`SWMTKN-1-${lower(50)}-${lower(25)}`)],
  tailscale_key: [all(`tskey-auth-k${alnum(12)}CNTRL-${alnum(32)}`)],
  terraform_token: [all(`${alnum(14)}.atlasv1.${alnum(67)}`)],
  pulumi_token: [all(`pul-${hex(40)}`)],
  doppler_token: [all(`dp.pt.${alnum(43)}`), all(`dp.st.dev.${alnum(43)}`)],
  onepassword_token: [all(`ops_eyJ${base64(250)}`), all("A3-1A2B3C-4D5E6F7G8H9-1A2B3-4C5D6-7E8F9")],
  age_key: [all(`AGE-SECRET-KEY-1${upper(58)}`)],
  github_token: ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"].map((prefix) => all(prefix + alnum(36))),
  github_fine_grained_token: [all(`github_pat_${alnum(22)}_${alnum(59)}`)],
  gitlab_token: [all(`glpat-${url(20)}`), all(`glrt-t1_${url(20)}`), all(`glpat-${url(40)}.01.${lower(9)}`)],
  bitbucket_password: [all(`ATBB${alnum(32)}`)],
  atlassian_token: [all(`ATATT3${alnum(180)}=1A2B3C4D`)],
  sourcegraph_token: [all(`sgp_${hex(16)}_${hex(40)}`)],
  npm_token: [all(`npm_${alnum(36)}`)],
  pypi_token: [all(`pypi-AgEIcHlwaS5vcmc${url(120)}`)],
  rubygems_key: [all(`rubygems_${hex(48)}`)],
  crates_io_token: [all(`cio${alnum(32)}`)],
  nuget_key: [all(`oy2${lower(43)}`)],
  docker_token: [all(`dckr_pat_${url(27)}`)],
  artifactory_token: [all(`AKCp${alnum(69)}`)],
  clojars_token: [all(`CLOJARS_${lower(60)}`)],
  postman_key: [all(`PMAK-${hex(24)}-${hex(34)}`)],
  anthropic_key: [all(`sk-ant-api03-${url(93)}AA`), all(`sk-ant-oat01-${url(93)}AA`)],
  openai_key: [all(`sk-proj-${url(120)}`), all(`sk-${alnum(48)}`), all(`sk-${hex(32)}`)],
  openrouter_key: [all(`sk-or-v1-${hex(64)}`)],
  huggingface_token: [all(`hf_${alnum(34)}`)],
  groq_key: [all(`gsk_${alnum(52)}`)],
  xai_key: [all(`xai-${alnum(80)}`)],
  perplexity_key: [all(`pplx-${alnum(48)}`)],
  replicate_token: [all(`r8_${alnum(37)}`)],
  fireworks_key: [all(`fw_${alnum(12, 3)}9${alnum(11)}`)],
  together_key: [all(`tgp_v1_${url(43)}`)],
  nvidia_key: [all(`nvapi-${url(64)}`)],
  cerebras_key: [all(`csk-${lower(48)}`)],
  langsmith_key: [all(`lsv2_pt_${hex(32)}_${hex(10)}`)],
  elevenlabs_key: [all(`sk_${hex(48)}`)],
  tavily_key: [all(`tvly-dev-${alnum(32)}`)],
  voyage_key: [all(`pa-${alnum(20)}7${alnum(22)}`)],
  planetscale_token: [all(`pscale_tkn_${url(43)}`)],
  neon_key: [all(`napi_${lower(64)}`)],
  stripe_key: [all(`sk_live_${alnum(24)}`), all(`rk_test_${alnum(99)}`)],
  webhook_secret: [all(`whsec_${alnum(32)}`)],
  square_token: [all(`EAAA${url(60)}`), all(`sq0csp-${url(43)}`)],
  braintree_token: [all(`access_token$production$${lower(16)}$${hex(32)}`)],
  shopify_token: [all(`shpat_${hex(32)}`)],
  plaid_token: [all(`access-sandbox-${uuid()}`)],
  flutterwave_key: [all(`FLWSECK_TEST-${hex(32)}-X`)],
  slack_token: [
    all(`xoxb-${fill(DIGITS, 12)}-${fill(DIGITS, 12)}-${alnum(24)}`),
    all(`xapp-1-A${upper(10)}-${hex(64)}`),
  ],
  slack_webhook: [within("https://hooks.slack.com/services/", `T${upper(8)}/B${upper(8)}/${alnum(24)}`)],
  discord_webhook: [within(`https://discord.com/api/webhooks/${fill(DIGITS, 18)}/`, url(68))],
  discord_bot_token: [all(`MT${alnum(24)}.${url(6)}.${url(38)}`)],
  telegram_bot_token: [within(`${fill("123456789", 10)}:`, `AA${url(33)}`)],
  teams_webhook: [
    within("https://tides.webhook.office.com/webhookb2/", `${uuid()}@${uuid()}/IncomingWebhook/${hex(32)}`),
  ],
  sendgrid_key: [all(`SG.${url(22)}.${url(43)}`)],
  mailgun_key: [all(`key-${hex(32)}`)],
  mailchimp_key: [all(`${hex(32)}-us12`)],
  twilio_key: [all(`SK${hex(32)}`)],
  brevo_key: [all(`xkeysib-${hex(64)}-${alnum(16)}`)],
  resend_key: [all(`re_${alnum(8)}_${alnum(24)}`)],
  grafana_token: [all(`glsa_${alnum(32)}_${hex(8)}`), all(`glc_${base64(80)}`)],
  new_relic_key: [all(`NRAK-${upper(27)}`)],
  sentry_token: [all(`sntryu_${hex(64)}`), all(`sntrys_eyJ${base64(120)}`)],
  dynatrace_token: [all(`dt0c01.${upper(24)}.${upper(64)}`)],
  posthog_key: [all(`phx_${alnum(43)}`)],
  launchdarkly_key: [all(`sdk-${uuid()}`)],
  notion_token: [all(`ntn_${alnum(46)}`), all(`secret_${alnum(43)}`)],
  linear_key: [all(`lin_api_${alnum(40)}`)],
  airtable_token: [all(`pat${alnum(14)}.${hex(64)}`)],
  figma_token: [all(`figd_${url(40)}`)],
  hubspot_token: [all(`pat-na1-${uuid()}`)],
  typeform_token: [all(`tfp_${url(59)}`)],
  dropbox_token: [all(`sl.u.${url(140)}`)],
  facebook_token: [all(`EAA${alnum(60)}7${alnum(100)}`)],
  mapbox_token: [all(`sk.eyJ${url(80)}.${url(22)}`)],
  contentful_token: [all(`CFPAT-${url(43)}`)],
  private_key: ["RSA PRIVATE KEY", "PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"].flatMap((type) =>
    KEY_LINES.map((secret) => ({ text: pem(type), secret })),
  ),
  private_key_body: [all(`MIIEvQIBADANBgkqhkiG9w0BAQEFAASC${base64(200)}`)],
  putty_key: [within("PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1\n", base64(48), "\nPrivate-MAC: 00")],
  jwt: [all(WEB_TOKEN)],
  password_hash: [
    all(`$2b$12$${alnum(53)}`),
    all(`$6$saltsalt$${alnum(86)}`),
    all(`$argon2id$v=19$m=65536,t=3$${base64(22)}$${base64(43)}`),
  ],
  url_password: [
    within("postgres://dana:", "tidepool-pass", "@db.example.com/tides"),
    within("mongodb+srv://dana:", "p%40ss", "@cluster0.example.net"),
    within("redis://:", "low-water", "@cache:6379/0"),
    within("https://", alnum(32), "@git.example.com/dana/tides.git"),
    within("amqp://guest:", "wa/ter", "@mq:5672"),
  ],
  authorization_header: [
    within("Authorization: Bearer ", "opaque-value"),
    within("curl -H 'Authorization: token ", alnum(20), "' https://api.example.com"),
    within("authorization: ", alnum(30), "\nAccept: */*"),
    within('Authorization: Digest username="dana", response="', hex(32), '"'),
  ],
  bearer_token: [within("sent Bearer ", alnum(24), " and was refused")],
  basic_auth: [within("Basic ", encoded("dana:low-water-42"))],
  key_header: [within("X-Api-Key: ", alnum(24), "\r\n"), within("curl -H 'PRIVATE-TOKEN: ", alnum(20), "'")],
  set_cookie: [within("set-cookie: sid=", alnum(26), "; Path=/; HttpOnly")],
  cookie: [within("Cookie: theme=dark; sid=", alnum(26), "\r\n")],
  url_key: [within("https://api.example.com/v1?key=", alnum(24), "&q=1")],
  xml_element: [within("<server><password>", "hunter2", "</password></server>")],
  sql_password: [
    within("CREATE USER dana IDENTIFIED BY '", "lowwater", "'"),
    within("ALTER ROLE dana WITH PASSWORD '", "lowwater", "'"),
  ],
  netrc: [within("machine example.com login dana password ", "low-water")],
  secure_string: [within('ConvertTo-SecureString "', "low-Water-42", '" -AsPlainText')],
  generated_password: [
    within('{"type": "random_password", "attributes": {"length": 16, "result": "', alnum(16), '"}}'),
  ],
  azure_key: [within('[{"keyName": "key1", "permissions": "FULL", "value": "', `${base64(86)}==`, '"}]')],
  user_option: [
    within("curl -s -u dana:", "low-water", " https://example.com"),
    within("curl -sSLu 'dana:", "low-water", "' https://example.com"),
    within("curl -b 'sid=", alnum(20), "' https://example.com"),
  ],
  password_option: [
    within("sshpass -p ", "low-water", " ssh dana@example.com"),
    within("mysql -u root -p", "low-water", " tides"),
    within("docker login -u dana -p ", "low-water", " r.example.com"),
    within("sqlplus dana/", "low-water", "@tides"),
  ],
  piped_password: [
    within("echo ", "low-water", " | docker login -u dana --password-stdin"),
    within('echo "root:', "low-water", '" | chpasswd'),
  ],
  login_option: [within("app-cli sync -u dana -p ", "low-water-42", " --all")],
  account_line: [within("chpasswd <<EOF\nroot:", "low-water-42", "\nEOF\n")],
  copied_value: [within("COPY users (id, password) FROM stdin;\n1\t", "low-water-42", "\n\\.\n")],
  plain_password: [within("dana:{PLAIN}", "low-water", ":1000:1000::/home/dana")],
  kubernetes_secret: [within("apiVersion: v1\nkind: Secret\nstringData:\n  tides: ", "low-water", "\n")],
  sent_password: [within('expect "assword:"\nsend "', "low-water", '\\r"')],
  table_column: [within("| user | password |\n|---|---|\n| dana | ", "low-water-42", " |\n")],
  pgpass: [within("db.example.com:5432:tides:dana:", "low-Water+42")],
  aws_secret_key: [within(`AKIA${upper(16)}\t`, base64(40, 5), "\tActive")],
  twilio_auth_token: [within(`twilio('AC${hex(32, 11)}', '`, hex(32, 8), "')")],
  call_argument: [within('Credentials("Realm", "example.com", "dana", "', "low-water", '")')],
  connect_argument: [within('DBI->connect($dsn, "dana", "', "low-water-42", '")')],
  key_file: [within("$ cat config/master.key\n", hex(32, 9), "\n")],
  sql_value: [within("INSERT INTO users (name, password) VALUES ('dana', '", "low-water", "')")],
  card_number: [within("card ", "4242 4242 4242 4242", " of Dana")],
  cookie_jar: [within("example.com\tFALSE\t/\tTRUE\t1900000000\tsid\t", alnum(26))],
  web_key: [within('{"kty": "EC", "crv": "P-256", "x": "c2hlbGw", "d": "', alnum(43), '"}')],
  cookie_list: [within('"cookies": [{"name": "sid", "value": "', alnum(26), '", "path": "/"}]')],
  signing_argument: [
    within('Keys.hmacShaKeyFor("', alnum(32), '".getBytes())'),
    within("jwt.sign({ sub: 1 }, '", alnum(32), "', { expiresIn: '1h' })"),
  ],
  dsn_password: [within("app:", alnum(12), "@tcp(127.0.0.1:3306)/app")],
  oracle_password: [within("jdbc:oracle:thin:scott/", alnum(12), "@//db:1521/ORCL")],
  device_password: [
    within("enable password 0 ", "harbour7"),
    within("snmp-server community ", "harbour7", " RO"),
    within("option key '", "harbour7", "'"),
  ],
  unseal_key: [within("Unseal Key 1: ", `${base64(43)}=`)],
  masked_value: [within("::add-mask::", "harbour7"), within("##vso[task.setvariable;issecret=true]", "harbour7")],
  acl_password: [within("user default on >", "harbour7", " ~* +@all")],
  new_password: [within("Password of the [elastic] user was reset.\nNew value: ", alnum(20))],
  relay_password: [within("[smtp.example.com]:587 dana@example.com:", "harbour7")],
  spoken_secret: [
    within("drone secret add --name npm --data ", "Hj4kWqRbt5TzLmXW", " --allow"),
    within("use ", "Hj4kWqRbt5TzLmXW", " as the password"),
  ],
  one_time_code: [within("Your verification code is ", "482913", ".")],
  private_key_lines: [
    all([fill(BODY, 64, 21), fill(BODY, 64, 22), fill(BODY, 64, 23), `${fill(BODY, 38, 24)}==`].join("\n")),
    within("", [fill(BODY, 64, 25), fill(BODY, 30, 26)].join("\n"), `\n${DASHES}END PRIVATE KEY${DASHES}`),
  ],
  assignment: [
    within("password=", "low-water-42"),
    within("export DB_PASSWORD=", "supersecret", "\n"),
    within("API_KEY='", alnum(16), "'"),
    within('{"password":"', "hunter2", '"}'),
    within('{\\"password\\": \\"', "hunter2", '\\"}'),
    within("Server=db;User Id=sa;Password=", "Low!Water42", ";Encrypt=true"),
    within("db:\n  password: ", "lowwater", "\n  port: 1"),
    within("[default]\naws_secret_access_key = ", base64(40)),
    within("//registry.npmjs.org/:_authToken=", uuid()),
    within("https://example.com/login?user=dana&password=", "lowwater", "&next=/"),
    within('const password = "', "low-water-42", '";'),
    within("my password is ", "hunter2", "."),
    within("STRIPE_KEY=", alnum(24)),
    within("jdbc:postgresql://db/tides?user=dana&password=", "lowwater"),
    within("spring.datasource.password=", "l0wwater"),
    within("user=dana password=", "ebb", " host=db"),
    within("Server=.;Pwd=", "ebb", ";"),
    within('password="', "low w@ter 42", '"'),
    within("error: authentication failed (password=", "l0wwater", ")"),
  ],
  option: [within("deploy --password ", "low-water-42"), within("gh auth --token ", alnum(20), " --yes")],
};

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: it is text that looks like that
/** Texts that hold no credential, though they look a little like it. */
export const FALSE: readonly string[] = [
  "AKIA1234",
  "ghp_tooshort",
  "the task-runner and desk-lamp-with-a-very-long-name-indeed",
  "risk-management-and-some-other-long-hyphenated-words",
  "sk-learn",
  "input_tokens: 12345, output_tokens: 678, max_tokens=4096",
  "total tokens: 1000000",
  "const token = getToken();",
  "token = token.next",
  "this.password = password;",
  "password: string;",
  "interface Login { password: string; token?: string | undefined }",
  "if (password === undefined) return;",
  'type: "password"',
  '<input type="password" name="password" placeholder="Password">',
  "password: z.string().min(8),",
  "PASSWORD=$DB_PASSWORD",
  "Authorization: Bearer ${token}",
  "Authorization: Bearer <token>",
  'headers.authorization = "Bearer " + token;',
  "API_KEY=${{ secrets.API_KEY }}",
  "const key = process.env.API_KEY;",
  "token: process.env.TOKEN",
  "passwordResetUrl: /reset",
  "The password must have eight characters.",
  "password: must be at least 8 characters",
  "SECRET_NAME=tides",
  "token_type=bearer",
  "https://example.com:8080/path@v2/file",
  "https://localhost:3000/@vite/client",
  "git@github.com:dana/tides.git",
  "https://example.com/a?b=c",
  "npm install @scope/name@1.2.3",
  "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  "commit 4ec08e9c1f3d5b7a9e2f4c6d8b0a1e3f5c7d9b2a",
  "14dcfd94-2f54-41c6-a26e-9d76c20e5837",
  "toolu_01A09q90qw90lq917835lq9",
  "/home/dana/.claude/projects/-home-dana-code-tidepool/14dcfd94-2f54-41c6-a26e-9d76c20e5837.jsonl",
  `${DASHES}BEGIN PUBLIC KEY${DASHES}\n${KEY_LINES[0]}\n${DASHES}END PUBLIC KEY${DASHES}`,
  `const header = "${DASHES}BEGIN PRIVATE KEY${DASHES}";`,
  "eyJhbGciOiJIUzI1NiJ9",
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
  "cookies are delicious",
  "document.cookie",
  "import { authenticate } from './auth.ts'",
  "author: Dana, authored: 2026",
  "docker run -u 1000:1000 alpine",
  "cp -u file target",
  "tokenizer = AutoTokenizer.from_pretrained('x')",
  "self.token = token",
  "public_key=abc123def456abc123def456",
  "passed=12 failed=0",
  "1 passed, 2 failed",
  "compass: north",
];
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: it is text that looks like that
