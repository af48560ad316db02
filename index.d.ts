import types = require("./types.js");

/** The module is the factory itself, with the named exports as properties. */
declare const driver: typeof types.dynamoDbCacheDriver & {
  default: typeof types.dynamoDbCacheDriver;
  dynamoDbCacheDriver: typeof types.dynamoDbCacheDriver;
  createTable: typeof types.createTable;
  DynamoDbError: typeof types.DynamoDbError;
};

declare namespace driver {
  type DynamoDbCredentials = types.DynamoDbCredentials;
  type DynamoDbProvidedCredentials = types.DynamoDbProvidedCredentials;
  type DynamoDbCredentialsProvider = types.DynamoDbCredentialsProvider;
  type DynamoDbAttributes = types.DynamoDbAttributes;
  type DynamoDbLargeValues = types.DynamoDbLargeValues;
  type DynamoDbScanOptions = types.DynamoDbScanOptions;
  type DynamoDbCircuitBreaker = types.DynamoDbCircuitBreaker;
  type DynamoDbNearCache = types.DynamoDbNearCache;
  type DynamoDbFlag = types.DynamoDbFlag;
  type DynamoDbDriverOptions = types.DynamoDbDriverOptions;
  type DynamoDbPublicOptions = types.DynamoDbPublicOptions;
  type DynamoDbCallOptions = types.DynamoDbCallOptions;
  type DynamoDbItemOptions = types.DynamoDbItemOptions;
  type DynamoDbConditions = types.DynamoDbConditions;
  type DynamoDbConditionalOptions = types.DynamoDbConditionalOptions;
  type DynamoDbWriteResult = types.DynamoDbWriteResult;
  type DynamoDbRemoveOptions = types.DynamoDbRemoveOptions;
  type DynamoDbReadOptions = types.DynamoDbReadOptions;
  type DynamoDbKeysOptions = types.DynamoDbKeysOptions;
  type DynamoDbCounts = types.DynamoDbCounts;
  type DynamoDbStats = types.DynamoDbStats;
  type DynamoDbNearCacheStats = types.DynamoDbNearCacheStats;
  type DynamoDbStore = types.DynamoDbStore;
  type DynamoDbDriver = types.DynamoDbDriver;
  type DynamoDbTrace = types.DynamoDbTrace;
  type DynamoDbRecord = types.DynamoDbRecord;
  type DynamoDbValue = types.DynamoDbValue;
  type DynamoDbMeta = types.DynamoDbMeta;
  type DynamoDbCreateTableResult = types.DynamoDbCreateTableResult;
  type DynamoDbErrorCode = types.DynamoDbErrorCode;
  type DynamoDbError = types.DynamoDbError;
}

export = driver;
