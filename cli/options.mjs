// The options of the command line, and where the driver takes each of its settings from.

/** @type {Record<string, { argument: string, help: string, attribute?: string }>} */
export const FLAGS = {
  table: { argument: "NAME", help: "name or ARN of the table (else UNSTORAGE_DYNAMODB_TABLE)" },
  region: { argument: "REGION", help: "its region (else AWS_REGION, the profile)" },
  profile: { argument: "NAME", help: "profile of the AWS config files (else AWS_PROFILE)" },
  endpoint: { argument: "URL", help: "another endpoint than AWS, such as a local engine" },
  base: { argument: "PREFIX", help: "prefix of every key" },
  index: { argument: "NAME", help: "the key index that getKeys reads" },
  proxy: { argument: "URL", help: "a proxy, or `true` for that of HTTPS_PROXY" },
  timeout: { argument: "MS", help: "milliseconds for one call" },
  "key-attribute": { argument: "NAME", help: "the partition key", attribute: "key" },
  "value-attribute": { argument: "NAME", help: "the attribute of the value", attribute: "value" },
  "ttl-attribute": { argument: "NAME", help: "the attribute of the expiry", attribute: "ttl" },
};

/** @typedef {Record<string, string | undefined>} Given */

/**
 * Returns the driver's options.
 *
 * @param {Given} given
 */
export function optionsOf(given) {
  /** @type {Record<string, any>} */
  const options = { attributes: {} };
  for (const [name, value] of Object.entries(given)) {
    const attribute = FLAGS[name]?.attribute;
    if (attribute) options.attributes[attribute] = value;
    else options[name] = value;
  }
  return options;
}

/** @param {Given} given */
export const tableOf = (given) => given.table || process.env.UNSTORAGE_DYNAMODB_TABLE;

/** @param {Given} given */
export const ttlOf = (given) => given["ttl-attribute"] || "ttl";

/**
 * Lists the settings and the source of each, once the driver has read them.
 *
 * @param {Given} given
 * @param {{ region: string, endpoint?: string }} found
 */
export function settingsOf(given, { region, endpoint }) {
  const { env } = process;
  /** @param {string} name @param {string[]} variables @param {string} otherwise */
  const source = (name, variables, otherwise) =>
    given[name] ? `--${name}` : (variables.find((variable) => env[variable]) ?? otherwise);
  const table = tableOf(given);
  const regionSource = source("region", ["AWS_REGION", "AWS_DEFAULT_REGION"], "the AWS profile");
  const endpoints = ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"];
  const rows = [
    ["table", table, source("table", ["UNSTORAGE_DYNAMODB_TABLE"], "default")],
    ["region", region, table?.startsWith("arn:") ? "the table's ARN" : regionSource],
    [
      "profile",
      given.profile || env.AWS_PROFILE || "default",
      source("profile", ["AWS_PROFILE"], "default"),
    ],
    endpoint === undefined
      ? ["endpoint", "that of AWS for the region", "default"]
      : ["endpoint", endpoint, source("endpoint", endpoints, "the AWS profile")],
    ["base", given.base || "none", source("base", [], "default")],
    ["index", given.index || "none", source("index", [], "default")],
    ["proxy", shownProxy(given.proxy), source("proxy", [], "default")],
    ["timeout", given.timeout || "15000", source("timeout", [], "default")],
  ];
  for (const [name, { attribute }] of Object.entries(FLAGS)) {
    if (attribute) rows.push([name, given[name] || attribute, source(name, [], "default")]);
  }
  return rows.map(([name, value, from]) => ({ name, value, source: from }));
}

/**
 * A proxy's URL may contain a password.
 *
 * @param {string | undefined} proxy
 */
function shownProxy(proxy) {
  if (!proxy || !URL.canParse(proxy)) return proxy || "none";
  return new URL(proxy).origin;
}
