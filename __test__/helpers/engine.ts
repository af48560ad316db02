// Engines for tests: the same ones, started the same way, as for the demo and for a person.
import { type Engine, engineName, startEngine } from "../../scripts/lib/engine.mjs";

export { type Engine, type EngineName, startEngine } from "../../scripts/lib/engine.mjs";

/** The engine that this run is about: `DYNAMODB_ENDPOINT`, else one of `DYNAMODB_ENGINE`'s kind. */
export async function engineOfThisRun(): Promise<Engine> {
  const endpoint = process.env.DYNAMODB_ENDPOINT;
  const name = engineName(process.env.DYNAMODB_ENGINE);
  if (endpoint) {
    // Somebody else's: it was there before the tests, and stays.
    return { name, endpoint, exited: new Promise(() => {}), stop: async () => {} };
  }
  return startEngine(name);
}
