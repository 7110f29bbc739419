// Credentials that any program may hold: keys, web tokens, headers, URLs, command lines.

import { context, form, type Kind, word } from "./kind.ts";
import { isPassphrase, isStandIn } from "./value.ts";

const HTTP = "https://www.rfc-editor.org/rfc/rfc9110.html#section-11";
/** What may stand between a name and its value: `: `, `=`, `": "`, with the escapes of JSON within JSON. */
const GAP = "\\\\{0,7}[\"'`]?\\s{0,3}[:=,]\\s{0,3}\\\\{0,7}[\"'`]?";
/** The same in a list of headers: `{"name": "Cookie", "value": "X"}`. */
const IN_PAIR = '\\\\{0,7}"\\s{0,40},\\s{0,40}\\\\{0,7}"value\\\\{0,7}"\\s{0,4}:\\s{0,4}\\\\{0,7}"';
/** The same in a list of two, over lines; a list of names has more. */
const OF_TWO = '"(?<=\\[\\s{1,40}"[\\w-]{1,40}"),\\s{1,40}"(?=[^"\\n]{6,2000}"\\s{1,40}\\])';
/** No variable stands for the value, and nothing was redacted there. */
const LITERAL = "(?!\\$|\\{|<|%[A-Za-z_(]|\\*|\\[redacted:)";
/** What may stand before the credentials of a header. */
const SCHEME = "\\b(?:basic|bearer|token|negotiate|apikey|key|geniekey|jwt|ssws|bot|splunk|oauth)";
/** To the end of a word in a header, a shell word or a string. */
const VALUE = "[^\\s\"'`\\\\,;<>]";

/** What a web token is made of up to its first dot, in lines or in one. */
const WEB_TOKEN_PART = /(?:[A-Za-z0-9_-]|\r?\n[ \t]{0,8}){1,4000}/y;

export const SHAPES: readonly Kind[] = [
  form(
    "private_key",
    "private key in PEM or OpenPGP armour, whole or cut",
    "https://www.rfc-editor.org/rfc/rfc7468",
    ["-----BEGIN "],
    /-----BEGIN (?:(?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?|OpenVPN Static key V\d)-----(?:(?:(?!-----)[\s\S]){16,20000}-{5,6}END (?:(?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?|OpenVPN Static key V\d)-----|(?:[^A-Za-z0-9+/=]{0,12}[A-Za-z0-9+/=]{16,200}){1,400})/y,
  ),
  form(
    "private_key_body",
    "body of a private key without its first line",
    "https://www.rfc-editor.org/rfc/rfc5958",
    ["MII", "MHcC", "MIGk", "MIGH", "MC4C", "b3BlbnNzaC1rZXktdjE"],
    /(?:(?<![A-Za-z0-9+/])|(?<=\\[nrt]))(?:MII[A-Za-z0-9+/]{3}IB(?:ADANBgkq|AAKC)|MHcCAQEE|MIGkAgEBBD|MIGHAgEAMB|MC4CAQAwBQYDK2V|b3BlbnNzaC1rZXktdjE)(?:[A-Za-z0-9+/=]|\\?[\r\n]|\\{1,7}[nr]){20,12000}/y,
  ),
  form(
    "putty_key",
    "private part of a PuTTY key",
    "https://the.earth.li/~sgtatham/putty/latest/htmldoc/AppendixC.html",
    ["private-lines:"],
    /(Private-Lines:\s{0,3}\d{1,4})(?:(?:\s|\\{1,7}[nr]){1,4}[A-Za-z0-9+/=]{16,80}){1,200}/iy,
  ),
  {
    ...form(
      "jwt",
      "JSON Web Token",
      "https://www.rfc-editor.org/rfc/rfc7519",
      ["eyJ"],
      word(
        "eyJ(?:[A-Za-z0-9_-]|\\r?\\n[ \\t]{0,8}){10,4000}\\.(?:[A-Za-z0-9_-]|\\r?\\n[ \\t]{0,8}){10,12000}(?:\\.(?:(?:[A-Za-z0-9_-](?:\\r?\\n[ \\t]{0,8})?){42})?(?:[A-Za-z0-9_-]{1,8000}(?:\\r?\\n[ \\t]{0,8}(?=[A-Za-z_-]{0,20}\\d[\\w-]{0,200}(?:\\s|$)))?){0,20}){0,3}",
      ),
    ),
    barren: WEB_TOKEN_PART,
  },
  form(
    "password_hash",
    "hashed password",
    "https://man7.org/linux/man-pages/man5/crypt.5.html",
    ["$2a$", "$2b$", "$2y$", "$5$", "$6$", "$y$", "$apr1$", "$1$", "$argon2", "$scrypt$", "{ssha", "{sha", '"md5'],
    /(?:"md5[0-9a-f]{32}(?=")|\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}|\$y\$[./A-Za-z0-9]{1,20}\$[./A-Za-z0-9]{1,86}\$[./A-Za-z0-9]{43}|\$(?:[156y]|apr1)\$(?:rounds=\d{1,9}\$)?[./A-Za-z0-9]{1,64}\$[./A-Za-z0-9]{22,86}|\$(?:argon2(?:id|i|d)|scrypt)\$[A-Za-z0-9+/=,$.]{30,300}|\{S?SHA\d{0,3}\}[A-Za-z0-9+/]{28,120}={0,2})/iy,
  ),
  context(
    "url_password",
    "password or token in a URL: databases, brokers, proxies, forges",
    "https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1",
    ["://"],
    /(:\/\/(?:[^\s/?#@:"'`<>\\]{0,256}:)?)(?!\[redacted:)(?:(?<=:\/\/)[A-Za-z0-9_.~%-]{20,256}(?=@)|(?<=[^/]:|:\/\/:)(?:[^\s"'`<>/\\]{1,256}(?=@)|(?!\d{1,5}(?:[/?#]|$))[^\s"'`<>\\@]{1,256}(?=@[\w.-]{1,255}[:/])))/y,
    (match) => !isStandIn(match[0].slice(match[1]?.length)),
    { text: "@", within: 600 },
  ),
  context(
    "authorization_header",
    "credentials of an Authorization header",
    HTTP,
    ["authorization"],
    new RegExp(
      `(authorization(?:${IN_PAIR}|${GAP})(?:${SCHEME}\\s{1,3})?)(?:digest\\s(?:[a-z]{1,20}=(?:\\\\{0,3}"[^"\\r\\n]{0,500}"|[^\\s,"]{1,200})(?:,\\s{0,2})?){1,20}|aws4-hmac-sha256\\s[^\\r\\n"'\`]{20,2000}|(?<=${SCHEME}\\s{1,3})${LITERAL}${VALUE}{3,4096}|${LITERAL}(?=\\D{0,60}\\d)${VALUE}{8,4096})`,
      "iy",
    ),
  ),
  context(
    "bearer_token",
    "bearer token",
    "https://www.rfc-editor.org/rfc/rfc6750",
    ["bearer"],
    /(bearer(?:\s{1,3}|["'],\s{0,4}["']))(?=[A-Za-z._~+/-]{0,80}\d)[A-Za-z0-9._~+/-]{16,4096}={0,2}/iy,
  ),
  context(
    "basic_auth",
    "user and password in base64",
    "https://www.rfc-editor.org/rfc/rfc7617",
    ["basic", "auth plain "],
    /((?:basic\s{1,3}|auth plain ))[A-Za-z0-9+/]{6,1024}={0,2}/iy,
    (match) => /^[\x20-\x7e]{1,200}:[\x20-\x7e]{1,}$/.test(atobOrNothing(match[0].slice(match[1]?.length))),
  ),
  context(
    "key_header",
    "value of a header that carries a key",
    "https://www.iana.org/assignments/http-fields/http-fields.xhtml",
    [
      "x-api-key",
      "x-auth-token",
      "x-access-token",
      "private-token",
      "job-token",
      "x-vault-token",
      "x-goog-api-key",
      "x-functions-key",
      "x-csrf-token",
      "x-amz-security-token",
      "x-shopify-access-token",
      "ocp-apim-subscription-key",
      "dd-api-key",
      "x-figma-token",
      "x-jfrog-art-api",
    ],
    new RegExp(
      `([a-z-]{5,30}(?:key|token|art-api)(?:${OF_TWO}|${GAP}))${LITERAL}(?=\\D{0,80}\\d)${VALUE}{6,4096}`,
      "iy",
    ),
  ),
  context(
    "set_cookie",
    "value of a Set-Cookie header",
    "https://www.rfc-editor.org/rfc/rfc6265#section-4.1",
    ["set-cookie"],
    new RegExp(`(set-cookie2?(?:${IN_PAIR}|${GAP})[\\w!#$%&*.^|~+-]{1,100}=)${LITERAL}[^\\s"'\`\\\\;,]{3,4096}`, "iy"),
  ),
  context(
    "cookie",
    "values of a Cookie header",
    "https://www.rfc-editor.org/rfc/rfc6265#section-4.2",
    ["cookie"],
    /(?<!set-)(cookies?(?:\\{0,7}["'`]?\s{0,3}[:=]\s{0,3}\\{0,7}["'`]?|\s{1,3}["']|\\{0,7}(["'])\s{0,3},\s{0,40}\\{0,7}\2|\\{0,7}"\s{0,40},\s{0,40}\\{0,7}"value\\{0,7}"\s{0,4}:\s{0,4}\\{0,7}"))(?!\[redacted:)(?=[^\r\n"'`(){}]{0,300}?\d)(?:[\w!#$%&*.^|~+-]{1,100}=[^\s"'`\\;,<>(){}]{1,4096}(?:;\s{0,2})?){1,60}/iy,
  ),
  context(
    "url_key",
    "key, code or signature in the query of a URL",
    "https://owasp.org/www-community/vulnerabilities/Information_exposure_through_query_strings_in_url",
    ["?key=", "&key=", "?code=", "&code=", "&signature=", "?signature=", "&hmac=", "?hmac="],
    /([?&](?:key|code|signature|hmac)=)(?=[A-Za-z_%.-]{0,80}\d)[A-Za-z0-9_%.~+/-]{16,2048}={0,2}/iy,
  ),
  context(
    "xml_element",
    "content of an XML element such as <password>",
    "https://maven.apache.org/settings.html#Servers",
    ["password>", "passwd>", "passphrase>", "secret>", "token>", "apikey>", "api-key>"],
    new RegExp(
      `((?:pass(?:word|wd|phrase)|secret|token|api-?key)>\\s{0,3}(?:<!\\[CDATA\\[)?)(?:${LITERAL}|(?=\\{[A-Za-z0-9+/]{40,400}={0,2}\\}))[^<>\\s][^<>]{0,400}(?=<\\/)`,
      "iy",
    ),
  ),
  context(
    "secure_string",
    "text that PowerShell makes a SecureString of",
    "https://learn.microsoft.com/en-us/powershell/module/microsoft.powershell.security/convertto-securestring",
    ["convertto-securestring"],
    new RegExp(`(ConvertTo-SecureString\\s{1,4}(?:-\\w{1,12}\\s{1,4}){0,3}["']?)${LITERAL}(?!-)[^"'\\s]{3,400}`, "iy"),
  ),
  context(
    "generated_password",
    "password that Terraform has made, in its state",
    "https://registry.terraform.io/providers/hashicorp/random/latest/docs/resources/password",
    ["random_password", "random_string"],
    /(random_(?:password|string)\\{0,7}"(?:(?!["\s]result)[\s\S]){1,1500}["\s]result(?:\\{0,7}"\s{0,4}:|[ \t]{1,12}=)\s{0,4}\\{0,7}")[^"\\\n]{4,400}(?=\\{0,7}")/y,
    undefined,
    { text: "result", within: 1540 },
  ),
  context(
    "azure_key",
    "key of an Azure account in a list of its keys",
    "https://learn.microsoft.com/en-us/azure/storage/common/storage-account-keys-manage",
    ["keyname"],
    /(keyName\\{0,7}"\s{0,4}:[\s\S]{0,140}?"value\\{0,7}"\s{0,4}:\s{0,4}\\{0,7}")[^"\\\n]{20,200}(?=\\{0,7}")/iy,
  ),
  context(
    "sql_password",
    "password in a statement of SQL",
    "https://dev.mysql.com/doc/refman/8.4/en/create-user.html",
    ["identified ", "password '", "set password"],
    new RegExp(
      `(identified\\s{1,3}by\\s{1,3}(?!["'])|(?:identified\\s{1,3}(?:with\\s{1,3}\\S{1,64}\\s{1,3})?by\\s{1,3}(?:password\\s{1,3})?["']|password\\s{1,3}'|set\\spassword(?:\\sfor\\s[^\\n=]{1,80})?\\s?=\\s?(?:password\\()?'))(?:(?<=["'])${LITERAL}[^"'\\n]{1,255}(?=["'])|(?<!["'])(?=[A-Za-z_$#]{0,60}\\d)\\w[\\w$#]{3,127}(?=[\\s;]|$))`,
      "iy",
    ),
    ([all, lead = ""]) => !/\s/.test(all.slice(lead.length)) || isPassphrase(all.slice(lead.length), false),
  ),
  context(
    "netrc",
    "password of a .netrc line",
    "https://www.gnu.org/software/inetutils/manual/html_node/The-_002enetrc-file.html",
    ["login "],
    new RegExp(`(login\\s{1,4}\\S{1,200}\\s{1,4}password\\s{1,4})${LITERAL}\\S{1,255}`, "iy"),
  ),
];

function atobOrNothing(text: string): string {
  return Buffer.from(text, "base64").toString("latin1");
}
