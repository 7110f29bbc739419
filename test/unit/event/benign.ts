// Outputs that hold no secret, of the forms that secrets have: hashes, ids, lock files, images, certificates, code.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what other programs print holds such text

import { drawn, lot } from "./daily.ts";

const HEX = "0123456789abcdef";
const ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const BASE64 = `${ALNUM}+/`;

/** Texts, each of which stays as it is. */
export function benign(seed: number): string[] {
  const below = lot(seed);
  const hex = (length: number) => drawn(below, HEX, length);
  const base64 = (length: number) => drawn(below, BASE64, length);
  const uuid = () => [8, 4, 4, 4, 12].map(hex).join("-");
  return [
    `commit ${hex(40)}\nAuthor: Dana <dana@example.com>\n\n    fix(auth): refresh the token before it expires\n`,
    `${hex(64)}  dist/app.tar.gz\n${hex(32)}  README.md\n${hex(128)}  image.iso\n`,
    `index ${hex(7)}..${hex(7)} 100644\n--- a/src/auth/token.ts\n+++ b/src/auth/token.ts\n`,
    `      "integrity": "sha512-${base64(86)}==",\n      "resolved": "https://registry.npmjs.org/jsonwebtoken/-/jsonwebtoken-9.0.2.tgz",\n`,
    `checksum = "${hex(64)}"\nname = "secrecy"\nversion = "0.8.0"\n`,
    `github.com/golang-jwt/jwt/v5 v5.2.1 h1:${base64(43)}=\n`,
    `  tokenizers==0.19.1 \\\n    --hash=sha256:${hex(64)} \\\n    --hash=sha256:${hex(64)}\n`,
    `<img src="data:image/png;base64,iVBORw0KGgo${base64(800)}=" alt="chart">`,
    `src: url(data:font/woff2;base64,d09GMgABAAAA${base64(1200)}) format("woff2");`,
    `REPOSITORY   TAG   IMAGE ID\napp          1.0   ${hex(12)}\nsha256:${hex(64)}\n`,
    `request_id=${uuid()} trace_id=${hex(32)} span_id=${hex(16)} status=200 duration=12ms\n`,
    `{"id":"${uuid()}","etag":"W/\\"${hex(27)}\\"","sessionId":"${uuid()}","page_token_count":3}`,
    `arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-${drawn(below, ALNUM, 6)}`,
    `-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIE${base64(44)}\n${base64(64)}\n${base64(64)}\n-----END CERTIFICATE-----\n`,
    `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${base64(43)} dana@laptop\n`,
    `//# sourceMappingURL=app.${hex(8)}.js.map\n{"version":3,"mappings":"AAAA,SAASA,GAAGC,EAAEC;${"IAAIA,EAAEC,".repeat(20)}"}`,
    `Uploading chunk-${hex(8)}.js\nasset main.${hex(20)}.css 12.1 KiB [emitted] [immutable]\n`,
    "export function hashPassword(password: string, rounds = 10): Promise<string> {\n  return bcrypt.hash(password, rounds);\n}\n",
    "const token = await getToken();\nif (!token) throw new Error('token missing');\nheaders.set('authorization', `Bearer ${token}`);\n",
    "interface Login {\n  username: string;\n  password: string;\n  token?: string;\n  apiKey: string | undefined;\n}\n",
    "def authenticate(user: str, password: str, *, token: Optional[str] = None) -> bool:\n    return check(password)\n",
    "func NewClient(apiKey string, secret []byte) *Client { return &Client{apiKey: apiKey, secret: secret} }\n",
    "pub struct Config { pub password: String, pub api_key: Option<String>, pub token: TokenStream2 }\n",
    "password = os.environ['DB_PASSWORD']\napi_key = os.getenv('API_KEY')\nsecret = settings.SECRET_KEY\n",
    "DB_PASSWORD=${DB_PASSWORD}\nAPI_KEY=$API_KEY\nTOKEN=<your-token>\nSECRET_KEY=changeme\nPASSWORD=\n",
    "password: {{ .Values.db.password }}\ntoken: ${{ secrets.GITHUB_TOKEN }}\nsecretKeyRef:\n  name: db\n  key: password\n",
    "CREATE TABLE users (id int, password varchar(255) NOT NULL, api_key text, token_expires_at timestamptz);\n",
    '<label for="password">Password</label>\n<input type="password" name="password" placeholder="Your password">\n',
    '"password": "Passwort vergessen?",\n"token": "Token",\n"forgotPassword": "Forgot your password?",\n"license_key": "MIT"\n',
    "| Parameter | Type | Description |\n|---|---|---|\n| password | string | The password of the user |\n| token | string | A token |\n",
    "The password is required. The token was refreshed. Your password has been changed successfully to protect you.\n",
    "FAIL src/auth/password.test.ts > rejects a wrong password\n  Expected token: STRING, received: NUMBER\n",
    "prompt_tokens: 1234\ncompletion_tokens=567\nmax_tokens: 4096\ninput_tokens: 12, output_tokens: 34\n",
    "token_type: Bearer\ntoken_endpoint: /oauth2/token\npassword_policy: strong\nsecret_name: db-credentials\n",
    '#define TOKEN_MAX 128\n#define PASSWORD_FIELD "password"\nenum Token { TOKEN_IDENT, TOKEN_NUMBER };\n',
    "let password: String = String::new();\nlet apiKey: String = readKey()\nconst secret: string = process.env.SECRET;\n",
    'docker login registry.example.com\nmysql -u root -p app\ncurl -H "Authorization: Bearer $TOKEN" https://api.example.com\n',
    "git push --force-with-lease origin feature/token-refresh\nrm -rf node_modules/.cache/secret-scanner\n",
    "conn = DBI->connect($dsn, $user, $password);\n$pdo = new PDO($dsn, $user, $pass);\nclient.login(user, password)\n",
    "sshd[123]: Failed password for invalid user admin from 10.0.0.4 port 51234 ssh2\nAccepted publickey for dana\n",
    "gh secret set NPM_TOKEN\ngh secret list\nNAME       UPDATED\nNPM_TOKEN  2025-01-01\n",
    "password -> hash, token -> session; renamed secret.ts -> credential.ts\n",
    "key_mgmt=WPA-PSK\npsk=\nproto=RSN\n",
    `Cargo.lock: ${hex(40)}\nETag: "${hex(32)}"\nX-Request-Id: ${uuid()}\n`,
    `tsc: src/index.ts(12,5): error TS2322: Type 'string' is not assignable to type 'Token'.\n`,
    "e.password=t.password,n.token=function(e){return e.token||null},r.apiKey=o.apiKey;var i=t.authToken?t.authToken:a.getToken(e);",
    "--- PASS: TestTokenRefresh (0.00s)\n    --- PASS: TestTokenRefresh/expired_token_v2 (0.00s)\n",
    "export GITHUB_TOKEN=<your token>\nOPENAI_API_KEY=sk-...\npassword: ********\ntoken=xxxxxxxxxxxx\n",
    "LoadCredential=password:/etc/credstore/app2.password\nExecStart=/usr/bin/app --password-file=/run/secrets/db2 --token-path /run/token2\n",
    'private let tokenKey = "com.example.app2.token"\nstatic final String PREF_TOKEN = "pref_token_v2";\nSECRET_NAME = "prod/db2/password"\n',
    `Idempotency-Key: ${uuid()}\ncache_key=users:1234:v2 partition_key=tenant42\nobject_key=uploads/2026/11/${hex(24)}.png\n`,
    '"dependencies": {"keytar": "7.9.0", "password-hash": "1.2.2", "secret-stack": "6.4.1", "js-tokens": "9.0.1"}',
    `{"pad_token": "[PAD]", "bos_token": "<s>", "eos_token": "<|endoftext|>", "tokenizer_class": "LlamaTokenizerFast"}`,
    `api-token-refresher-${hex(10)}-x2x4z   1/1   Running   0   3d\npassword:  16 bytes\ntoken:      932 bytes\n`,
    "cy.get('[data-cy=password-input]').should('be.visible')\nawait page.getByLabel('Password').fill(process.env.E2E_PASSWORD)\n",
    "<tr><th>Password</th><td>The password of the user</td></tr>\n<dt>token</dt><dd>string</dd>\n",
    "NAME            SECRET TYPE   TOKEN COUNT\ndb-v2           Opaque2024    12\n",
    '"primaryKey": "user_id2", "foreignKey": {"name": "account_id_2"}, routing_key: "orders.created.v2"\n',
    `v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQ${base64(160)}IDAQAB`,
    "except OAuth2Error as e: # the token; the secret is validated by OpenID4VCI\n",
    `the secret was rotated in ${hex(40)}, see password_reset2 and KEY-1234, RFC7519 and SHA256withRSA\n`,
    `BenchmarkToken-8   1000000   1234 ns/op   56 B/op   2 allocs/op\n`,
  ];
}
