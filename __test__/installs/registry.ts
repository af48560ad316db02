// Vitest's global set-up: the registry that all files of this folder install from.
import { inject } from "vitest";
import type { TestProject } from "vitest/node";
import { startPublishedRegistry } from "../../scripts/lib/published.mjs";
import type { Registry } from "../../scripts/lib/registry.mjs";

type Address = Pick<Registry, "url" | "env">;

declare module "vitest" {
  interface ProvidedContext {
    registry: Address;
  }
}

export const registry = (): Address => inject("registry");

export default async function publish(project: TestProject): Promise<() => Promise<void>> {
  const { url, env, stop } = await startPublishedRegistry();
  project.provide("registry", { url, env });
  return stop;
}
