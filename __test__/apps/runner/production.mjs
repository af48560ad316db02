// A stand-in for production, which the environment points to and apps must not reach.
import http from "node:http";

import { listen } from "../../../scripts/lib/listen.mjs";
import { same } from "./checks.mjs";

export async function startProduction() {
  /** @type {string[]} */
  const asked = [];
  const server = http.createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end("{}");
  });
  const url = await listen(server);
  return {
    env: {
      UNSTORAGE_DYNAMODB_TABLE: "production",
      AWS_ENDPOINT_URL: url,
      AWS_ENDPOINT_URL_DYNAMODB: url,
      AWS_ENDPOINT_URL_STS: url,
      AWS_REGION: "eu-central-1",
      AWS_ACCESS_KEY_ID: "AKIDPRODUCTION",
      AWS_SECRET_ACCESS_KEY: "secret",
    },
    check: () => same(asked, [], "production was asked"),
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
