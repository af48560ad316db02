// A server that sends every request the same response. It collects as many requests as the client has in flight and
// responds to all of them at once, so that the client's work does not depend on timing. `node canned.mjs VALUE_FILE
// IN_FLIGHT` prints its endpoint and exits when its standard input closes.
import { readFileSync } from "node:fs";
import { createServer } from "node:net";

import { listen } from "../../scripts/lib/listen.mjs";

const value = readFileSync(process.argv[2] ?? "", "utf8");
const inFlight = Number(process.argv[3]);

/** After this many milliseconds without another request, the waiting ones are the last. Valgrind is slow. */
const quiet = 500;

/** @param {string} body */
const whole = (body) =>
  Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\nx-amzn-requestid: ${"0".repeat(52)}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
const found = whole(JSON.stringify({ Item: { value: { S: value } } }));
const written = whole("{}");

/** @type {(() => void)[]} */
const waiting = [];
const answerAll = () => waiting.splice(0).forEach((send) => send());
// Restarted by each request.
const afterTheLast = setTimeout(answerAll, quiet);

/** @param {() => void} send */
function answerTogether(send) {
  afterTheLast.refresh();
  if (waiting.push(send) >= inFlight) {
    answerAll();
  }
}

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
      const answer = /\.GetItem\r\n/.test(text.slice(0, head)) ? found : written;
      answerTogether(() => socket.write(answer));
      text = text.slice(head + 4 + length);
    }
  });
  socket.on("error", () => socket.destroy());
});
console.log(await listen(server));
process.stdin.resume().on("end", () => process.exit(0));
