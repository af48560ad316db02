const driver = require("unstorage-dynamodb");
const read = require("./read.cjs");

read(driver);
