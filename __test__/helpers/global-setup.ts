import type { TestProject } from "vitest/node";

import { type EngineName, engineName, startEngine } from "../../scripts/lib/engine.mjs";

declare module "vitest" {
  interface ProvidedContext {
    /** The endpoint of the engine. */
    endpoint: string;
    /** The name of the engine, for the few rules that one engine does not support. */
    engine: EngineName;
  }
}

// The developer's own profile, region or endpoint must not affect the tests, and tests must not reach them.
function forgetAwsSettings() {
  for (const name of Object.keys(process.env)) {
    if (name.startsWith("AWS_")) {
      delete process.env[name];
    }
  }
  process.env.AWS_EC2_METADATA_DISABLED = "true";
  process.env.AWS_CONFIG_FILE = "/nonexistent/config";
  process.env.AWS_SHARED_CREDENTIALS_FILE = "/nonexistent/credentials";
  // Suppresses the deprecation warning of the SDK that tests compare with.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  forgetAwsSettings();
  const name = engineName(process.env.DYNAMODB_ENGINE);
  // An engine that is already running is not stopped.
  const given = process.env.DYNAMODB_ENDPOINT;
  const engine = given ? { endpoint: given, stop: async () => {} } : await startEngine(name);
  project.provide("endpoint", engine.endpoint);
  project.provide("engine", name);
  return engine.stop;
}
