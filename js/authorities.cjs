"use strict";

// Whom Node's own https trusts, as PEM text. The addon asks when it first speaks TLS, at most once per process.

module.exports = function listAuthorities() {
  const tls = require("node:tls");
  // The former is newer, and knows the options that Node was started with.
  const list = tls.getCACertificates?.("default") ?? tls.rootCertificates;
  return list.join("\n");
};
