import type { TestProject } from "vitest/node";

import { type EngineName, engineName, startEngine } from "../../scripts/lib/engine.mjs";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the engine listens. */
    endpoint: string;
    /** For the few rules that one engine cannot show. */
    engine: EngineName;
  }
}

// A developer's own profile, region or endpoint must neither fail a test nor be reached by one.
function forgetAwsSettings() {
  for (const name of Object.keys(process.env)) {
    if (name.startsWith("AWS_")) {
      delete process.env[name];
    }
  }
  process.env.AWS_EC2_METADATA_DISABLED = "true";
  process.env.AWS_CONFIG_FILE = "/nonexistent/config";
  process.env.AWS_SHARED_CREDENTIALS_FILE = "/nonexistent/credentials";
  // The SDK that tests compare with, on a Node that it will drop soon.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  forgetAwsSettings();
  const name = engineName(process.env.DYNAMODB_ENGINE);
  // One that is running already is left running.
  const given = process.env.DYNAMODB_ENDPOINT;
  const engine = given ? { endpoint: given, stop: async () => {} } : await startEngine(name);
  project.provide("endpoint", engine.endpoint);
  project.provide("engine", name);
  return engine.stop;
}
