"use strict";

// Creates all errors that users see. The addon throws and rejects with plain data (src/node/to_js.rs); the error object
// is created here, while the caller's async stack can still be captured.

const PREFIX = "ERR_DYNAMODB_";
const CODES = /^ERR_(DYNAMODB|CAS)_/;

class DynamoDbError extends Error {
  constructor(data, operation, caller) {
    super(data.message, data.cause == null ? undefined : { cause: asError(data.cause) });
    define(this, "name", data.name);
    this.code = data.code;
    this.operation = data.operation ?? operation;
    this.table = data.table ?? undefined;
    if (data.key != null) this.key = data.key;
    if (data.keys != null) this.keys = data.keys;
    this.retryable = data.retryable;
    this.$metadata = {
      httpStatusCode: data.httpStatusCode ?? undefined,
      requestId: data.requestId ?? undefined,
      attempts: data.attempts ?? 0,
    };
    // Captured again because the stack starts with the name, which was not set before.
    Error.captureStackTrace(this, caller);
  }
}
define(DynamoDbError.prototype, "name", "DynamoDbError");

// Converts any thrown value: the addon's data, or an exception from a getter, napi or a panic. `caller` and the frames
// inside it are omitted from the stack.
function toDynamoDbError(thrown, operation, caller) {
  if (CODES.test(thrown?.code)) return new DynamoDbError(thrown, operation, caller);
  const data = {
    name: "DynamoDbError",
    code: `${PREFIX}INTERNAL`,
    message: `[unstorage] [aws-dynamodb] ${operation} failed inside the driver`,
    retryable: false,
    cause: thrown,
  };
  return new DynamoDbError(data, operation, caller);
}

// A cause from the addon is text without a JavaScript stack, and the driver's own frames would only be noise.
function asError(cause) {
  if (typeof cause !== "string") return cause;
  return Object.assign(new Error(cause), { stack: `Error: ${cause}` });
}

function define(object, name, value) {
  Object.defineProperty(object, name, { value, configurable: true, writable: true });
}

module.exports = { DynamoDbError, toDynamoDbError };
