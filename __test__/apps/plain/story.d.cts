import type { Storage } from "unstorage";

declare function story(storage: Storage): Promise<void>;
export = story;
