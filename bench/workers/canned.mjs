// A server that gives each request the same answer, whole and at once: what a client does for it depends on nothing
// else. `node canned.mjs VALUE_FILE` prints its endpoint and ends with its standard input.
import { readFileSync } from "node:fs";
import { createServer } from "node:net";

const value = readFileSync(process.argv[2] ?? "", "utf8");

/** @param {string} body */
const answer = (body) =>
  Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\nx-amzn-requestid: ${"0".repeat(52)}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
const found = answer(JSON.stringify({ Item: { value: { S: value } } }));
const written = answer("{}");

const server = createServer((socket) => {
  socket.setNoDelay(true);
  let text = "";
  socket.setEncoding("latin1").on("data", (chunk) => {
    text += chunk;
    for (;;) {
      const head = text.indexOf("\r\n\r\n");
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1]);
      if (head < 0 || text.length < head + 4 + length) {
        return;
      }
      socket.write(/\.GetItem\r\n/.test(text.slice(0, head)) ? found : written);
      text = text.slice(head + 4 + length);
    }
  });
  socket.on("error", () => socket.destroy());
});
server.listen(0, "127.0.0.1", () => {
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  console.log(`http://127.0.0.1:${port}`);
});
process.stdin.resume().on("end", () => process.exit(0));
