// Invalid options are rejected before any request. The error names the option and contains no secret.
import { inspect } from "node:util";
import { expect, it } from "vitest";
import { refusalOf } from "./helpers/failure";
import { useRecorder } from "./helpers/recorder";
import { credentials } from "./helpers/table";

const recorder = useRecorder();

const arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/sessions";
const notNumbers = [Number.NaN, Infinity, -Infinity, "soon", true, {}, [], [60], () => 60];
const notWhole = [-1, 1.5, ...notNumbers];
const id = "AKIDCANARY";
const secret = "CANARYSECRET";

/** Returns options for each of these values of one option. */
const each = (name: string, ...values: unknown[]): object[] =>
  values.map((value) => ({ [name]: value }));

const refused: [title: string, words: RegExp, options: object[]][] = [
  [
    "[OPT-1] no `table`",
    /^\[unstorage\] \[aws-dynamodb\] Missing required option `table`\. .*UNSTORAGE_DYNAMODB_TABLE/s,
    each("table", undefined, null, ""),
  ],
  [
    "[OPT-2] `table`",
    /`table`.*\b3\b.*\b255\b/s,
    [
      ...each("table", "ab", "t".repeat(256), "my table", "my/table", "table\n", "tabelle-ä"),
      ...each("table", "table\0", 12345, { name: "table" }, `${arn}/index/by-date`),
      ...each("table", "arn:aws:s3:us-east-1:123456789012:table/name"),
    ],
  ],
  ...["expireIn", "ttl"].map((name): [string, RegExp, object[]] => [
    `[OPT-3] \`${name}\``,
    new RegExp(`\`${name}\``),
    each(name, ...notNumbers, -1, -0.001, "-1", "NaN", "Infinity", "1h", Symbol("60")),
  ]),
  [
    "[OPT-4] `expireIn` with a different `ttl`",
    /`expireIn`.*`ttl`|`ttl`.*`expireIn`/s,
    [
      { expireIn: 60, ttl: 61 },
      { expireIn: 60, ttl: 0 },
      { expireIn: 0, ttl: 60 },
      { expireIn: "60", ttl: 90 },
    ],
  ],
  [
    "[OPT-5] `attributes`",
    /`attributes/,
    [
      ...each("attributes", { key: "x", value: "x" }, { value: "x", ttl: "x" }, { value: "key" }),
      ...each("attributes", { ttl: "value" }, { key: "ttl" }, { key: "ttl", value: "v" }),
      ...each("attributes", { key: 5 }, ["key", "value", "ttl"]),
    ],
  ],
  [
    "[OPT-6] `endpoint`",
    /`endpoint`/,
    [
      ...each("endpoint", "file:///etc/passwd", "ftp://localhost:8000", "localhost:8000"),
      ...each("endpoint", "//localhost:8000", "not a url", "http://", "http://localhost:99999"),
      ...each("endpoint", "http://localhost:8000/?debug=1", "http://localhost:8000/#top"),
      ...each("endpoint", "http://CANARY@localhost:8000", "https://CANARY:CANARY@localhost:8000"),
      ...each("endpoint", 8000, { url: "http://localhost" }),
    ],
  ],
  [
    "[OPT-7] `credentials`",
    /`credentials/,
    [
      ...each("credentials", secret, 7, {}, [id, secret], { accessKeyId: id }),
      ...each("credentials", { secretAccessKey: secret }, { accessKeyId: id, secretAccessKey: "" }),
      ...each("credentials", { accessKeyId: "", secretAccessKey: secret }),
      ...each("credentials", { accessKeyId: id, secretAccessKey: secret, sessionToken: 5 }),
      ...each("credentials", { accessKeyId: { id }, secretAccessKey: secret }),
    ],
  ],
  [
    "[OPT-11] `client`, with what to pass instead",
    /(?=.*`client`)(?=.*`region`)(?=.*`credentials`)(?=.*`endpoint`)/s,
    each("client", {}, { send() {} }, "client"),
  ],
  ...["batch", "consistentRead"].map((name): [string, RegExp, object[]] => [
    `[OPT-31] \`${name}\``,
    new RegExp(`\`${name}\` must be true or false`),
    each(name, "yes", "no", "1", "0", "on", 1, {}, () => true),
  ]),
  [
    "[OPT-13] `maxAttempts`",
    /Option `maxAttempts` must be a whole number from 1 to 10/,
    each("maxAttempts", 0, 11, ...notWhole),
  ],
  ...["connectTimeout", "attemptTimeout", "timeout"].map((name): [string, RegExp, object[]] => [
    `[OPT-14] \`${name}\``,
    new RegExp(`Option \`${name}\` must be a whole number of milliseconds`),
    each(name, 86_400_001, ...notWhole),
  ]),
  [
    "[OPT-15] `maxConnections`",
    /Option `maxConnections` must be a whole number from 1 to 1000/,
    each("maxConnections", 0, 1001, ...notWhole),
  ],
  ["[OPT-16] `profile`", /`profile`/, each("profile", "a\nb", "p".repeat(256), 5, {}, true)],
  [
    "[OPT-17] `userAgent`",
    /`userAgent`/,
    [
      ...each("userAgent", " ", "shop\r\nx-evil: 1", "shop (linux)", "schöp", "x".repeat(257)),
      ...each("userAgent", 5, ["shop", "1"]),
    ],
  ],
  [
    "[OPT-18] `proxy`",
    /`proxy`/,
    [
      ...each("proxy", "proxy:3128", "socks5://me:CANARY@proxy:1080", "http://me:CANARY@"),
      ...each("proxy", "http://me:CANARY@proxy:3128/path", 3128, { url: "http://proxy" }),
    ],
  ],
  [
    "[OPT-19] a `region` other than that of the table's ARN",
    /`region` and `table`/,
    [{ table: arn, region: "us-east-1" }],
  ],
  [
    "[SCAN-1] `scan`",
    /`scan` must be an object { segments\?, concurrency\?, pageSize\? }/,
    each("scan", 5, "16", true, [16], () => 16),
  ],
  ...Object.entries({ segments: 1000, concurrency: 64, pageSize: 2147483647 }).map(
    ([name, most]): [string, RegExp, object[]] => [
      `[SCAN-1] \`scan.${name}\``,
      new RegExp(`\`scan.${name}\`.* a whole number from 1 to ${most}`, "s"),
      each("scan", ...each(name, 0, 1e10, "many", "0", most + 1, ...notWhole)),
    ],
  ),
];

it.each(refused)("%s", async (_, words, all) => {
  for (const options of all) {
    const error = await refusalOf(recorder, { credentials, ...options });
    expect(error.message, inspect(options)).toMatch(words);
    const shown = inspect(error, { depth: Infinity, showHidden: true }) + JSON.stringify(error);
    expect(shown).not.toContain("CANARY");
  }
});
