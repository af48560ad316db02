// Emulates a Lambda Function URL: converts each HTTP request to an API Gateway event of format 2.0 and passes it to the
// handler.
//
//   node lambda-server.mjs path/to/handler.mjs
import { createServer } from "node:http";
import path from "node:path";
import { pathToFileURL } from "node:url";

const { handler } = await import(pathToFileURL(path.resolve(process.argv[2])));

function eventOf(request) {
  const url = new URL(request.url, "http://lambda.test");
  const now = new Date();
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: url.pathname,
    rawQueryString: url.search.slice(1),
    headers: request.headers,
    queryStringParameters: Object.fromEntries(url.searchParams),
    requestContext: {
      accountId: "123456789012",
      apiId: "api",
      domainName: url.hostname,
      domainPrefix: "lambda",
      http: {
        method: request.method,
        path: url.pathname,
        protocol: "HTTP/1.1",
        sourceIp: "127.0.0.1",
        userAgent: request.headers["user-agent"] ?? "",
      },
      requestId: crypto.randomUUID(),
      routeKey: "$default",
      stage: "$default",
      time: now.toISOString(),
      timeEpoch: now.getTime(),
    },
    isBase64Encoded: false,
  };
}

const context = {
  awsRequestId: "request",
  functionName: "app",
  callbackWaitsForEmptyEventLoop: true,
};

createServer(async (request, response) => {
  try {
    const { statusCode, headers, body, isBase64Encoded } = await handler(eventOf(request), context);
    response.writeHead(statusCode ?? 200, headers ?? {});
    response.end(Buffer.from(body ?? "", isBase64Encoded ? "base64" : "utf8"));
  } catch (error) {
    response.writeHead(500).end(String(error?.stack));
  }
}).listen(Number(process.env.PORT), "127.0.0.1");
