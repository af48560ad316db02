import driver from "unstorage-dynamodb";

import read from "./read.cjs";

await read(driver);
