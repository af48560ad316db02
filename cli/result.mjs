// The result of a check, and how it is printed.

/**
 * @typedef {object} Result
 * @property {"ok" | "failed" | "skipped"} state skipped: it could not be checked, or does not apply
 * @property {string} text
 * @property {string} [cure]
 * @property {string} [code] of the error
 * @property {Record<string, unknown>[]} [options] for the check of options
 * @property {Record<string, number>} [figures]
 */

/** @typedef {Result & { name: string }} NamedResult */

/** @param {string} text @param {Partial<Result>} [more] @returns {Result} */
export const ok = (text, more) => ({ state: "ok", text, ...more });

/** @param {string} text @param {string} [cure] @returns {Result} */
export const skipped = (text, cure) => ({ state: "skipped", text, cure });

/** @param {string} text @param {string} [cure] @returns {Result} */
export const failed = (text, cure) => ({ state: "failed", text, cure });

/** What to do, where the message of the error does not say it. @type {Record<string, string>} */
const CURES = {
  ERR_DYNAMODB_CREDENTIALS:
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE (after `aws sso login`), or run with a role that " +
    "is allowed to use the table; renew expired ones",
  ERR_DYNAMODB_ACCESS_DENIED:
    "allow the action for this table in the IAM policy (docs/guide/permissions.md)",
  ERR_DYNAMODB_TABLE_NOT_FOUND:
    "create it with `npx unstorage-dynamodb create-table`, or correct --table or --region",
  ERR_DYNAMODB_CONNECTION:
    "check --endpoint, --proxy, the security group, and the route or VPC endpoint to DynamoDB",
  ERR_DYNAMODB_TIMEOUT:
    "check --endpoint, --proxy, the security group, and the route or VPC endpoint to DynamoDB",
  ERR_DYNAMODB_RESPONSE: "check that --endpoint is DynamoDB, and not another server or a proxy",
  ERR_DYNAMODB_SCHEMA_MISMATCH:
    "correct --key-attribute, or use another table: DynamoDB cannot change a table's key",
  ERR_DYNAMODB_THROTTLED: "raise the table's capacity, or switch it to on-demand",
};

/**
 * Converts what the addon threw.
 *
 * @param {{ code?: string, message?: string, cause?: unknown }} error @returns {Result}
 */
export function failureOf({ code = "", message = "", cause }) {
  const text = withoutPrefix(message);
  const isNew = typeof cause === "string" && !text.includes(cause);
  return { ...failed(isNew ? `${text} (${cause})` : text, CURES[code]), ...(code && { code }) };
}

/** @param {string} message */
export const withoutPrefix = (message) =>
  message.replace(/^\[unstorage\] \[aws-dynamodb\] (\w+( on table "[^"]*")? failed: )?/, "");

const MARKS = { ok: "✔", failed: "✘", skipped: "–" };

/** @param {NamedResult} result */
export function lineOf({ name, state, text, cure, options = [] }) {
  const line = `${MARKS[state]} ${name.padEnd(16)} ${text}${cure ? ` → ${cure}` : ""}`;
  const listed = options.map(
    (option) => `\n    ${String(option.name).padEnd(16)} ${option.value} (${option.source})`,
  );
  // One line per check, whatever a server wrote.
  return line.replaceAll(/[\r\n]+/g, " ") + listed.join("");
}
