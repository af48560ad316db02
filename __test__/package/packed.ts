// The tarballs under test, packed once for all files of this folder.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject } from "vitest";
import type { TestProject } from "vitest/node";
import { root } from "../helpers/child";
import { mustRun } from "./app";

export interface Tarballs {
  folder: string;
  /** The main package. */
  main: string;
  /** The package with the addon of this machine. */
  platform: string;
}

declare module "vitest" {
  interface ProvidedContext {
    tarballs: Tarballs;
  }
}

export const tarballs = (): Tarballs => inject("tarballs");

/** Vitest's global set-up: packs before the first file and cleans up after the last. */
export default async function pack(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), "unstorage-dynamodb-pack-"));
  await mustRun(process.execPath, ["scripts/pack.mjs", folder], root);
  const files = readdirSync(folder);
  const isPlatform = (file: string): boolean => file.includes("-binding-");
  const [main, platform] = [files.find((file) => !isPlatform(file)), files.find(isPlatform)];
  if (files.length !== 2 || !main || !platform) {
    throw new Error(`packed: ${files.join(", ")}`);
  }
  const packed = { folder, main: join(folder, main), platform: join(folder, platform) };
  project.provide("tarballs", packed);
  return () => rmSync(folder, { recursive: true, force: true });
}
