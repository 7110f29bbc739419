// Outputs of tools as they come every day, with secrets drawn by lot in them, and outputs that hold none.
// A template has places for secrets: <pw> letters and digits, <odd> with punctuation, <hex32>, <alnum24>, <b64>, <words>,
// <letters> alone, <signs> as a generator of passwords draws them, <phrase> of four words.

/** A generator of numbers below a bound; the same for the same seed. */
export function lot(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const DIGITS = "0123456789";
const ALNUM = LOWER + LOWER.toUpperCase() + DIGITS;

export function drawn(below: (bound: number) => number, alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet[below(alphabet.length)]).join("");
}

function secretOf(kind: string, below: (bound: number) => number): string {
  const size = Number(/\d+$/.exec(kind)?.[0] ?? 0);
  const some = (length: number) => drawn(below, ALNUM, length);
  if (kind.startsWith("hex")) return `4e${drawn(below, "0123456789abcdef", size - 4)}7b`;
  if (kind.startsWith("alnum")) return `k3${some(size - 4)}Q8`;
  if (kind.startsWith("b64")) return `${some(20)}+${some(15)}/${some(6)}=`;
  if (kind === "odd") return `v7${some(4)}!${some(3)}#${some(3)}9Z`;
  if (kind === "letters") return drawn(below, "bcdfghjkmpqvwxzBCDFGHJKMPQVWXZ", 14);
  if (kind === "signs") return `K4${some(2)}[${drawn(below, "&*{,;", 2)}${some(2)}#7${some(1)}(9z`;
  if (kind === "phrase") return `harbor ${["lantern", "velvet"][below(2)]} ${drawn(below, "kmrst", 5)} thunder`;
  if (kind === "words") return `${drawn(below, LOWER, 6)}-${drawn(below, LOWER, 5)}-${drawn(below, DIGITS, 3)}`;
  return `R5${some(5)}t2${some(5)}W9`;
}

export interface Daily {
  readonly name: string;
  readonly text: string;
  readonly secrets: readonly string[];
}

/** Every template once, with secrets of its own. */
export function daily(seed: number): Daily[] {
  const below = lot(seed);
  return TEMPLATES.map((template) => {
    const [name = "", ...lines] = template.split("\n");
    const secrets: string[] = [];
    const text = lines
      .join("\n")
      .replace(/<(pw|odd|words|letters|signs|phrase|b64|(?:hex|alnum)\d+)>/g, (_, kind: string) => {
        const secret = secretOf(kind, below);
        secrets.push(secret);
        return secret;
      });
    return { name, text, secrets };
  });
}

const TEMPLATES = `
helm values
image:
  tag: 1.2.3
postgresql:
  auth:
    username: app
    password: <pw>
    postgresPassword: <odd>
===
kubectl get secret, jsonpath decoded
$ kubectl get secret db -o jsonpath='{.data.password}' | base64 -d; echo
password=<pw>
===
kubectl create secret
kubectl create secret generic db --from-literal=password=<pw> --from-literal=api-key=<alnum32>
===
kubectl describe, env of a container
    Environment:
      DATABASE_HOST:      db.internal
      DATABASE_PASSWORD:  <pw>
      STRIPE_API_KEY:     <alnum32>
===
docker inspect
            "Env": [
                "PATH=/usr/local/bin:/usr/bin",
                "POSTGRES_PASSWORD=<pw>",
                "SECRET_KEY_BASE=<hex64>"
            ],
===
docker run
docker run -d --name db -e MYSQL_ROOT_PASSWORD=<pw> -e "MYSQL_PASSWORD=<odd>" mysql:8
===
docker-compose
services:
  db:
    environment:
      - POSTGRES_USER=app
      - POSTGRES_PASSWORD=<odd>
      - "REDIS_PASSWORD=<pw>"
===
Dockerfile, ARG and ENV
FROM node:22
ARG NPM_TOKEN=<alnum36>
ENV DB_PASSWORD <pw>
===
terraform.tfvars
region         = "eu-central-1"
db_password    = "<odd>"
client_secret  = "<alnum40>"
===
terraform plan
  ~ resource "aws_db_instance" "main" {
      ~ password = "<pw>" -> "<pw>"
        id       = "db-1"
    }
===
pulumi config
KEY            VALUE
aws:region     eu-west-1
db:password    <pw>
===
ansible host_vars
ansible_user: deploy
ansible_password: <odd>
ansible_become_pass: <pw>
===
ansible ini inventory
web1 ansible_host=10.0.0.4 ansible_user=root ansible_ssh_pass=<pw> ansible_port=22
===
GitHub Actions log
##[group]Run npm publish
env:
  NODE_AUTH_TOKEN: <alnum36>
  SENTRY_AUTH_TOKEN: <hex64>
##[endgroup]
===
GitLab CI trace
$ export DEPLOY_TOKEN=<alnum24>
$ curl --header "PRIVATE-TOKEN: <alnum24>" https://gitlab.example.com/api/v4/projects
===
Jenkins, withCredentials
+ docker login -u ci -p <pw> registry.example.com
WARNING! Using --password via the CLI is insecure.
===
Travis
Setting environment variables from .travis.yml
$ export COVERALLS_REPO_TOKEN=<alnum32>
===
bash history
  501  cd /srv/app
  502  export PGPASSWORD=<pw>
  503  psql -h db -U app
  504  mysql -u root -p<pw> app
===
zsh history
: 1718000000:0;export AWS_SECRET_ACCESS_KEY=<alnum40>
: 1718000007:0;http -a admin:<pw> GET :8080/api
===
fish history
- cmd: set -gx OPENAI_TOKEN <alnum48>
  when: 1718000000
===
set -x trace
+ PGPASSWORD=<pw>
+ psql -h db -c 'select 1'
+ REDIS_URL=redis://:<pw>@cache:6379/0
===
printenv
LANG=C.UTF-8
MAIL_PASSWORD=<odd>
GITHUB_TOKEN=<alnum40>
===
git config --list
user.name=Dana
http.https://git.example.com/.extraheader=AUTHORIZATION: basic <b64>
sendemail.smtppass=<pw>
===
git diff of an env file
diff --git a/.env b/.env
--- a/.env
+++ b/.env
@@ -1,2 +1,2 @@
-SMTP_PASSWORD=<pw>
+SMTP_PASSWORD=<pw>
===
git diff of YAML
@@ -4,7 +4,7 @@ database:
   host: db
-  password: "<odd>"
+  password: "<odd>"
===
git diff --word-diff
 password: [-<pw>-]{+<pw>+}
===
git blame
^1a2b3c4 (Dana 2025-01-01 12:00:00 +0100 3) db_password = "<pw>"
===
git log -p, JSON
+  "clientSecret": "<alnum40>",
===
grep -rn
config/prod.yml:14:  password: <pw>
src/db.py:7:PASSWORD = "<odd>"
===
ripgrep, grouped
config/prod.yml
14:  secret_key: <alnum40>
===
cat -n
     1	[database]
     2	user = app
     3	password = <pw>
===
nl, properties
   12  mail.smtp.password=<pw>
===
TOML
[registry]
token = "<alnum36>"
[database]
password = '<odd>'
===
TOML, inline table
credentials = { user = "app", password = "<pw>" }
===
INI with comment
[smtp]
password = <pw> ; rotated in May
===
YAML flow
db: {host: db, user: app, password: <pw>, port: 5432}
===
YAML quoted key
"api_key": '<alnum32>'
===
YAML list of pairs
env:
  - name: DB_PASSWORD
    value: "<odd>"
  - name: LOG_LEVEL
    value: debug
===
JSON in one line
{"host":"db","user":"app","password":"<odd>","port":5432}
===
JSON within JSON
{"body":"{\\"user\\":\\"dana\\",\\"password\\":\\"<pw>\\"}"}
===
JSON5
{ host: 'db', password: '<pw>', }
===
JSON lines
{"level":"info","msg":"boot","config":{"jwtSecret":"<alnum40>"}}
===
XML attributes
<add name="Main" connectionString="Server=db;User Id=app;Password=<pw>;" />
===
XML elements
<server><id>repo</id><username>ci</username><password><pw></password></server>
===
XML, property
<property name="hibernate.connection.password"><pw></property>
===
plist
<key>apiKey</key>
<string><alnum32></string>
===
web.config, appSettings
<add key="SmtpPassword" value="<odd>" />
===
appsettings.json
"ConnectionStrings": { "Default": "Server=tcp:db,1433;Initial Catalog=app;User ID=sa;Password=<pw>;Encrypt=True" }
===
JDBC with parameters
jdbc:mysql://db:3306/app?user=app&password=<pw>&useSSL=false
===
ODBC
DRIVER={ODBC Driver 18};SERVER=db;UID=sa;PWD=<odd>;
===
SQLAlchemy
engine = create_engine("postgresql+psycopg2://app:<pw>@db/app")
===
MongoDB
mongodb+srv://app:<pw>@cluster0.example.mongodb.net/?retryWrites=true
===
AMQP
amqps://guest:<pw>@rabbit:5671/vhost
===
Django settings
SECRET_KEY = "<odd>"
DATABASES = {"default": {"USER": "app", "PASSWORD": "<pw>"}}
===
Rails credentials
secret_key_base: <hex64>
smtp:
  password: <pw>
===
Laravel .env
APP_KEY=base64:<b64>
DB_PASSWORD="<odd>"
===
WordPress
define( 'DB_PASSWORD', '<odd>' );
define( 'AUTH_KEY', '<alnum64>' );
===
PHP array
'password' => '<pw>',
'api_secret' => "<alnum40>",
===
Python dict and call
client = Client(api_key="<alnum32>", timeout=5)
conn = connect(host="db", password="<pw>")
===
Python traceback
  File "/app/db.py", line 3, in connect
    conn = psycopg.connect("host=db user=app password=<pw>")
psycopg.OperationalError: connection failed
===
Go
cfg := Config{Host: "db", Password: "<pw>", APIKey: "<alnum32>"}
===
Rust
let client = Client::new().with_password("<pw>");
const API_TOKEN: &str = "<alnum40>";
===
Java
dataSource.setPassword("<pw>");
private static final String SECRET = "<alnum32>";
===
Kotlin
val apiKey = "<alnum32>"
===
C#
var password = "<odd>";
options.ClientSecret = "<alnum40>";
===
C
#define WIFI_PASSWORD "<pw>"
const char *api_key = "<alnum32>";
===
Swift
let apiSecret: String = "<alnum40>"
===
Ruby
Stripe.api_key = '<alnum32>'
config.password = "<pw>"
===
Elixir
config :app, App.Repo, username: "app", password: "<pw>"
===
Lua
local password = "<pw>"
===
Perl
my $dbh = DBI->connect($dsn, "app", "<pw>", { password => "<pw>" });
===
R
Sys.setenv(DB_PASSWORD = "<pw>")
===
JavaScript template
const token = \`<alnum40>\`;
fetch(url, { headers: { Authorization: \`Bearer <alnum40>\` } });
===
PowerShell
$env:API_TOKEN = "<alnum40>"
$password = '<odd>'
===
cmd.exe
set DB_PASSWORD=<pw>
===
Makefile
DB_PASSWORD ?= <pw>
API_TOKEN := <alnum32>
===
nginx
proxy_set_header Authorization "Bearer <alnum40>";
proxy_set_header X-Api-Key <alnum32>;
===
Apache
SetEnv DB_PASSWORD <pw>
===
systemd
Environment="API_TOKEN=<alnum32>" "DB_PASSWORD=<pw>"
===
curl
curl -u admin:<pw> -H 'X-Auth-Token: <alnum32>' https://api.example.com
===
a list of whole commands
["curl -s -u dana:<pw> https://api.example.com", "curl -sSLu 'dana:<pw>' https://api.example.com", "make"]
===
a command among arguments
["mysql", "-e", "select 1", "curl -u dana:<pw> https://api.example.com"]
===
curl -v
> GET /v1 HTTP/1.1
> Authorization: Bearer <alnum40>
> Cookie: session=<alnum32>
===
wget
wget --user=dana --password=<pw> https://files.example.com/a.zip
===
httpie
http POST :3000/login username=dana password=<pw>
===
login by JSON
curl -d '{"username":"dana","password":"<odd>"}' https://api.example.com/login
===
login by form
curl --data 'user=dana&password=<pw>' https://api.example.com/login
===
Postman environment
{ "key": "access_token", "value": "<alnum40>", "enabled": true }
===
OpenAPI example
client_id=web&client_secret=<alnum40>&grant_type=client_credentials
===
psql
ALTER USER app WITH PASSWORD '<pw>';
===
mysql
CREATE USER 'app'@'%' IDENTIFIED BY '<odd>';
SET PASSWORD FOR 'app' = '<pw>';
===
redis
> CONFIG SET requirepass <pw>
> AUTH default <pw>
===
mongo shell
db.createUser({ user: "app", pwd: "<pw>", roles: [] })
===
vault
Key         Value
---         -----
password    <pw>
===
vault kv get, JSON
  "data": { "data": { "password": "<pw>", "user": "app" } }
===
1Password
Fields:
  username:    dana
  password:    <odd>
===
Bitwarden
  "login": { "username": "dana", "password": "<odd>", "totp": null }
===
pass show
$ pass show mail/dana
password: <pw>
url: https://mail.example.com
===
aws secretsmanager
"SecretString": "{\\"username\\":\\"app\\",\\"password\\":\\"<pw>\\"}"
===
aws sts
    "SecretAccessKey": "<alnum40>",
    "SessionToken": "<alnum200>",
===
gcloud
access_token: <alnum120>
===
az
  "password": "<alnum34>",
  "tenant": "0f0e0d0c-1111-2222-3333-444455556666"
===
heroku config
=== app Config Vars
SECRET_TOKEN:   <hex64>
DATABASE_URL:   postgres://u:<pw>@host:5432/db
===
flyctl
fly secrets set SESSION_SECRET=<hex32> API_KEY=<alnum32>
===
gh
gh secret set NPM_TOKEN --body <alnum36>
===
npm
npm config set //registry.example.com/:_authToken=<alnum36>
===
yarnrc
npmAuthToken: "<alnum36>"
===
pip.conf
index-url = https://ci:<pw>@pypi.example.com/simple
===
cargo credentials
[registries.internal]
token = "<alnum36>"
===
NuGet.config
<add key="ClearTextPassword" value="<pw>" />
===
gradle
signingPassword=<pw>
===
sops, decrypted
db:
    password: <odd>
sops:
    version: 3.8.1
===
wpa_supplicant
network={
  ssid="home"
  psk="<pw>"
}
===
WireGuard
[Interface]
PrivateKey = <b64>
===
ipsec.secrets
vpn.example.com : PSK "<alnum32>"
===
pppd
"dana" * "<pw>" *
===
rsync
RSYNC_PASSWORD=<pw> rsync -a user@host::module .
===
smb
mount -t cifs //srv/share /mnt -o username=dana,password=<pw>
===
fstab credentials
username=dana
password=<pw>
domain=CORP
===
ldap
bindpw <pw>
rootpw <pw>
===
msmtp
account default
user dana
password <pw>
===
mutt
set imap_pass="<pw>"
===
irssi
password = "<words>";
===
logfmt
ts=2025-01-01 level=debug msg="auth" user=dana password=<pw>
===
Spring log
2025-01-01 12:00:00.000 DEBUG 1 --- [main] o.s.b.Config : spring.datasource.password=<pw>
===
Node inspect
{ user: 'dana', password: '<odd>', roles: [ 'a' ] }
===
Python repr
User(name='dana', password='<pw>')
===
Java toString
LoginRequest[username=dana, password=<pw>]
===
Go %+v
{User:dana Password:<pw> Port:5432}
===
Rust Debug
Config { user: "dana", password: "<pw>" }
===
Markdown table
| Service | User | Password |
|---------|------|----------|
| db      | app  | <pw> |
===
CSV
user,email,password
dana,d@example.com,<pw>
===
Markdown list
- **Password:** \`<odd>\`
- **API key**: \`<alnum32>\`
===
chat
The password for staging is <pw>, please do not share it.
===
chat, German
Das Passwort lautet: <odd>
===
chat, French
Le mot de passe est : <pw>
===
chat, Spanish
La contraseña es <pw>
===
comment
# password: <pw>
// token: <alnum32>
===
prompt
Enter password: <pw>
Login succeeded.
===
installer
Your admin password has been generated: <pw>
===
Grafana reset
Admin password changed successfully to <pw>
===
temporary
Temporary password: <odd> (expires in 24 hours)
===
bright colours
\u001b[36mpassword\u001b[39m: \u001b[32m"<pw>"\u001b[39m
===
URL-encoded JSON
payload=%7B%22password%22%3A%22<pw>%22%7D
===
HTML entities
&lt;password&gt;<pw>&lt;/password&gt;
===
Unicode escapes
"password\\u0022:\\u0022<pw>\\u0022"
===
Rust
let api_key = String::from("<pw>");
===
TOML, literal of lines
[db]
password = '''<pw>'''
===
SSM
{"Parameters":[{"Name":"/prod/db_password","Type":"SecureString","Value":"<pw>"}]}
===
table of variables
│ DB_PASSWORD │ <pw> │
│ REGION │ eu │
===
Markdown table of names
| name | value |
|---|---|
| api_token | <pw> |
| region | eu |
===
netlify env:list
|   Key   |   Value   |
|---------|-----------|
| API_KEY | <pw> |
===
what was set to it
I set the API key to "<pw>".
===
in the place of a variable
process.env.SECRET = process.env.SECRET || "<pw>";
const password: string = opts.password ?? '<pw>';
===
Django key that begins with signs
SECRET_KEY = '$^!(@<alnum12>#=+%<alnum12>&)*-<alnum12>'
===
signed URL
https://s3.example.com/b/k?X-Amz-Credential=x&X-Amz-Signature=<hex64>
===
SAS
?sv=2023-01-03&sig=<alnum43>%3D&se=2025-01-01
===
webhook
Posting to https://hooks.example.com/in?token=<alnum32>
===
helm --set
helm upgrade --install app ./chart --set auth.password=<pw>,ingress.enabled=true
===
terraform state show
# random_password.db:
resource "random_password" "db" {
    id          = "none"
    result      = "<pw>"
}
===
az webapp config appsettings
  {
    "name": "DB_PASSWORD",
    "slotSetting": false,
    "value": "<pw>"
  },
===
az keyvault secret show
{
  "id": "https://kv.vault.azure.net/secrets/db-password/1a2b",
  "name": "db-password",
  "tags": {},
  "value": "<pw>"
}
===
az redis list-keys
{ "primaryKey": "<b64>", "secondaryKey": "<b64>" }
===
CloudFormation parameters
[{ "ParameterKey": "DBPassword", "ParameterValue": "<pw>" }]
===
commands of clouds
az keyvault secret set --vault-name kv --name db-password --value <pw>
az sql server create -n s -g rg -u sqladmin -p <pw>
aws ssm put-parameter --name /prod/db/password --type SecureString --value <pw>
===
commands of services
mc alias set minio http://localhost:9000 minioadmin <pw>
rabbitmqctl add_user app <pw>
mosquitto_pub -h broker -u dana -P <pw> -t a/b -m hi
etcdctl --user root:<pw> get /a
lftp -u dana,<pw> sftp://host -e 'ls; bye'
===
commands of packages
poetry config http-basic.internal ci <pw>
twine upload --repository internal -u ci -p <pw> dist/*
===
commands of keys
ssh-keygen -t ed25519 -N '<pw>' -f id -C dana
openssl enc -aes-256-cbc -pbkdf2 -k <pw> -in a -out b
security add-generic-password -a dana -s api -w <pw>
net user dana <pw> /add
===
mysqldump, quoted
mysqldump --single-transaction -u root -p'<pw>' app > d.sql
===
Redis, users
masterauth <pw>
user default on ><pw> ~* &* +@all
===
Postfix
[smtp.example.com]:587 relay@example.com:<pw>
===
Cisco
username admin privilege 15 password 0 <pw>
snmp-server community <pw> RO
===
OpenWrt
	option key '<pw>'
===
Elasticsearch reset
Password for the [elastic] user successfully reset.
New value: <pw>
===
Vault init
Unseal Key 1: <b64>
===
Java authentication
return new PasswordAuthentication("dana", "<pw>".toCharArray());
===
Ruby and Rust, basic authentication
request.basic_auth("deploy", "<pw>")
.basic_auth("admin", Some("<pw>"))
===
Go, basic authentication and source name
req.SetBasicAuth("admin", "<pw>")
sql.Open("mysql", "app:<pw>@tcp(127.0.0.1:3306)/app?parseTime=true")
var jwtKey = []byte("<alnum40>")
===
C#, headers and keys
new AuthenticationHeaderValue("Bearer", "<alnum40>");
new SymmetricSecurityKey(Encoding.UTF8.GetBytes("<alnum40>"));
===
what is signed
jwt.encode({"sub": 1}, "<alnum32>", algorithm="HS256")
crypto.createHmac('sha256', '<alnum32>').update(body);
Fernet(b"<b64>")
===
dotnet user-secrets
$ dotnet user-secrets set "Db:Password" "<pw>"
===
argparse
parser.add_argument("--token", default="<alnum24>", help="API token")
===
webpack
'process.env.API_KEY': JSON.stringify('<alnum32>'),
===
Ruby, in the place of nothing
ENV['STRIPE_SECRET'] ||= '<pw>'
===
salts and peppers
$settings['hash_salt'] = '<alnum64>';
config.pepper = '<hex64>'
===
tests of pages
await page.getByLabel('Password').fill('<pw>');
driver.find_element(By.ID, "password").send_keys("<pw>")
When I fill in "Password" with "<pw>"
===
SQL Server and Oracle
CREATE LOGIN app WITH PASSWORD = N'<odd>', CHECK_POLICY = OFF;
CREATE USER app IDENTIFIED BY <pw> DEFAULT TABLESPACE users;
url=jdbc:oracle:thin:scott/<pw>@//db:1521/ORCL
===
SQL, hashed where it is set
UPDATE users SET password = crypt('<pw>', gen_salt('bf')) WHERE id = 7;
===
psql, expanded
-[ RECORD 1 ]-------
id       | 7
password | <pw>
===
PagerDuty
  - routing_key: <hex32>
===
Opsgenie
Authorization: GenieKey <alnum36>
===
PowerShell cookie
$session.Cookies.Add((New-Object System.Net.Cookie("sid", "<alnum32>", "/", ".example.com")))
===
values that a log masks
::add-mask::<pw>
##vso[task.setvariable variable=dbPassword;issecret=true]<pw>
===
Artifactory
curl -H "X-JFrog-Art-Api: <alnum24>" -T app.tgz https://art.example.com/app.tgz
===
CSV with semicolons
user;email;password
dana;d@example.com;<pw>
===
columns that stand apart
USER      PASSWORD          ROLE
app       <pw>   admin
===
HTML table
<tr><th>Password</th><td><pw></td></tr>
===
LDIF
userPassword:: <b64>
===
Bitwarden session
$ export BW_SESSION="<alnum64>"
===
chat, short
use pw: <pw> for staging, user is app
===
signed request of a workflow
https://prod-12.westeurope.logic.azure.com:443/workflows/x/triggers/manual/paths/invoke?sv=1.0&sig=<alnum43>
===
Chef
default['postgresql']['password']['postgres'] = '<pw>'
===
Kickstart
rootpw --plaintext <pw>
===
Drone
drone secret add --repository acme/app --name npm_token --data <pw>
===
EDN
{:db {:user "app" :password "<pw>"}}
===
PHP, var_dump
  ["password"]=>
  string(16) "<pw>"
===
registries
skopeo copy --src-creds ci:<pw> --dest-creds=ci:<pw> docker://a docker://b
crictl pull --creds ci:<pw> registry.example.com/app
===
SNMP and IPMI
snmpwalk -v3 -u dana -l authPriv -a SHA -A <pw> -x AES -X <pw> host
ipmitool -I lanplus -H bmc -U ADMIN -P <pw> power status
===
publishing
vsce publish -p <alnum52>
conan user ci -r internal -p <pw>
codecov -t <alnum36> -f coverage.xml
net use Z: \\\\srv\\share /user:CORP\\dana <pw>
===
pydantic
    jwt_secret: SecretStr = SecretStr("<alnum32>")
===
ticket
Login with dana@example.com and password "<pw>" then open Settings.
Credentials: dana / <pw> (valid until Friday)
===
generators, quoted
DB_PASSWORD="<signs>"
const password = '<signs>';
"password": "<signs>",
connect(host, user, password="<signs>")
PASSWORD '<phrase>';
===
letters alone
spring.datasource.password=<letters>
db.example.com:5432:shop:dana:<letters>
ENV DB_PASSWORD <letters>
===
defaults in calls
let pw = env::var("DB_PASSWORD").unwrap_or_else(|_| "<signs>".to_string());
Stripe.api_key = ENV.fetch("STRIPE_API_KEY") { "<alnum32>" }
os.environ.setdefault("DB_PASSWORD", "<words>")
jwtSecret: process.env.JWT_SECRET || '<phrase>',
api_token: Optional[str] = Field(default="<alnum32>")
===
variable of Terraform
variable "db_password" {
  type    = string
  default = "<pw>"
}
===
variable of a pipeline
  DEPLOY_TOKEN:
    description: "for deploys"
    value: "<alnum32>"
===
lists of tokens
service_tokens = [
  "<alnum32>",
  "<alnum32>",
]
passwords=("<pw>" "<pw>")
===
Secret of Kubernetes
apiVersion: v1
kind: Secret
stringData:
  username: dana
  tides: <letters>
  banner: |
    <alnum24>
===
sentences around
use <pw> as the password for the admin user
Here are the creds: dana / <pw>.
ssh dana@example.com (pw <pw>)
===
the line behind
Please use the following password to proceed to installation:

<hex32>

>>> settings.SECRET_KEY
'<alnum50>'
irb> credentials.dig(:stripe, :secret)
=> "<alnum32>"
===
users and passwords of any program
backupctl sync -u dana -p <letters> /srv
deploy.exe /ru dana /rp <pw> /tn nightly
===
words of other languages
Kennwort: <letters>
mdp : <letters>
Пароль: <letters>
パスワード：<pw>
wachtwoord=<letters>
===
names that stand apart
-H 'DD-APPLICATION-KEY: <hex40>'
--certificate-key <hex64>
    Key Content            : <letters>
    DefaultPassword    REG_SZ    <letters>
===
accounts
chpasswd <<END
dana:<letters>
kim:<pw>
END
dana@example.com:{PLAIN}<letters>:1000:1000::/home
===
dump
COPY public.users (id, email, api_token) FROM stdin;
1	d@example.com	<hex40>
2	e@example.com	<hex40>
===
elements
<passphrase><![CDATA[<pw>]]></passphrase>
<Password>
  <Value><alnum24></Value>
</Password>
<name>fs.s3a.secret.key</name>
<value><alnum40></value>
===
languages, again
static const char api_key[] = "<alnum32>";
std::string password{"<pw>"};
api_key <- "<alnum32>"
{default_pass, <<"<pw>">>}
serializer = URLSafeTimedSerializer("<alnum24>")
User.objects.create_user("dana", "d@example.com", "<pw>")
===
escaped properties
db.password=<pw>\\=<alnum8>
===
Sentry DSN
SENTRY_DSN=https://<hex32>@o1.ingest.example.com/1
`
  .trim()
  .split("\n===\n");
