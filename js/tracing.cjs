"use strict";

// Publishes every method call on the TracingChannel `unstorage-dynamodb:request`: docs/guide/tracing.md.

const { tracingChannel } = require("node:diagnostics_channel");

const channel = tracingChannel("unstorage-dynamodb:request");

// Calls a method and publishes its destination, its usage and any error. Node's `tracePromise` would publish the result
// as well.
function traced(native, operation, args) {
  const call = native.observed();
  const context = { operation, ...call.destination() };
  const keys = countOf(operation, args[0]);
  if (keys !== undefined) context.keys = keys;
  const finish = (failure) => {
    try {
      Object.assign(context, call.destination(), call.usage(), failure);
    } catch {
      // A subscriber froze the object.
    }
    if (failure) channel.error.publish(context);
  };
  const settle = (failure) => {
    finish(failure);
    channel.asyncStart.runStores(context, () => channel.asyncEnd.publish(context));
  };
  return channel.start.runStores(context, () => {
    try {
      const promise = call[operation](...args);
      promise.then(
        () => settle(),
        (thrown) => settle(failureOf(thrown)),
      );
      return promise;
    } catch (thrown) {
      finish(failureOf(thrown));
      throw thrown;
    } finally {
      channel.end.publish(context);
    }
  });
}

// Getters and traps of arguments may throw anything.
function failureOf(thrown) {
  const { name, code, retryable } = thrown ?? {};
  return { error: { name, code, retryable } };
}

function countOf(operation, first) {
  if (operation.endsWith("Items")) return Array.isArray(first) ? first.length : undefined;
  return operation === "getKeys" || operation === "clear" ? undefined : 1;
}

// Calls are published if `start` has subscribers. To ask all five channels would cost more than the rest of a call's checks.
module.exports = { start: channel.start, traced };
