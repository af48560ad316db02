// `node scripts/release/notes.mjs`: what CHANGELOG.md says of the version in package.json.
import { Failure, main } from "../lib/steps.mjs";
import { changesOf, sources } from "./versions.mjs";

await main(() => {
  const { manifest, changelog } = sources();
  const changes = changesOf(manifest.version, changelog);
  if (changes === undefined) {
    throw new Failure(`CHANGELOG.md has nothing of ${manifest.version}.`);
  }
  console.log(changes);
});
