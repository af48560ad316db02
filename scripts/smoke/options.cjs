// The options of all programs in this folder. The timeouts are long because emulated processors are slow.
module.exports = {
  region: "us-east-1",
  credentials: { accessKeyId: "LOCAL", secretAccessKey: "local" },
  connectTimeout: 60_000,
  attemptTimeout: 60_000,
  timeout: 300_000,
};
