// A self-signed certificate for 127.0.0.1, written with Node alone, because smoke tests run in images without openssl.
import { generateKeyPairSync, sign } from "node:crypto";

/** @param {number} tag @param {...(Buffer | number[])} parts @returns {Buffer} DER */
function der(tag, ...parts) {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const size = body.length;
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

/** @param {...(Buffer | number[])} parts */
const sequence = (...parts) => der(0x30, ...parts);
/** @param {string} hex the encoded arcs */
const oid = (hex) => der(0x06, Buffer.from(hex, "hex"));
/** @param {string} text @returns {Buffer} */
const utf8 = (text) => der(0x0c, Buffer.from(text));
/** @param {Date} date */
const time = (date) =>
  der(
    0x17,
    Buffer.from(
      date
        .toISOString()
        .slice(2)
        .replace(/[-:T]|\.\d+/g, ""),
    ),
  );

const day = 86_400_000;

/** @returns {{ key: string, cert: string }} PEM */
export function selfSigned() {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const algorithm = sequence(oid("2a8648ce3d040302")); // ecdsa-with-SHA256
  const name = sequence(der(0x31, sequence(oid("550403"), utf8("127.0.0.1"))));
  const validity = sequence(time(new Date(Date.now() - day)), time(new Date(Date.now() + day)));
  const alternative = sequence(oid("551d11"), der(0x04, sequence(der(0x87, [127, 0, 0, 1]))));
  const content = sequence(
    der(0xa0, der(0x02, [2])), // version 3
    der(0x02, [1]), // serial number
    algorithm,
    name,
    validity,
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(alternative)),
  );
  const signature = sign("sha256", content, privateKey);
  const certificate = sequence(content, algorithm, der(0x03, [0], signature));
  const lines = certificate.toString("base64").replace(/.{64}/g, "$&\n").trimEnd();
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  };
}
