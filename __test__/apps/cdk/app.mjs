// The stack of docs/guide/deploying.md, with the handler of examples/lambda.
import { App, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { AttributeType, Table } from "aws-cdk-lib/aws-dynamodb";
import { Architecture, Runtime } from "aws-cdk-lib/aws-lambda";
import { NodejsFunction, OutputFormat } from "aws-cdk-lib/aws-lambda-nodejs";

const stack = new Stack(new App(), "Forecasts");
const cache = new Table(stack, "Cache", {
  partitionKey: { name: "key", type: AttributeType.STRING },
  timeToLiveAttribute: "ttl",
  removalPolicy: RemovalPolicy.DESTROY,
});
const forecasts = new NodejsFunction(stack, "Function", {
  entry: "handler.mjs",
  runtime: Runtime.NODEJS_22_X,
  architecture: Architecture.ARM_64,
  timeout: Duration.seconds(10),
  environment: { UNSTORAGE_DYNAMODB_TABLE: cache.tableName },
  bundling: {
    format: OutputFormat.ESM,
    nodeModules: ["unstorage-dynamodb"],
    environment: { npm_config_os: "linux", npm_config_cpu: "arm64", npm_config_libc: "glibc" },
  },
});
cache.grant(
  forecasts,
  "dynamodb:GetItem",
  "dynamodb:PutItem",
  "dynamodb:Scan",
  "dynamodb:DeleteItem",
);
