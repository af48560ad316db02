// Reproducible randomness: the seed is printed, and `TEST_SEED` replays it.

export { seededRandom, testSeed } from "../../scripts/lib/random.mjs";

// Characters that stores and codecs often handle wrongly: control characters, separators, escapes, combining marks,
// both ends of each UTF-8 length, right-to-left marks, and characters outside the BMP.
const trouble = [
  ..."\0\u0001\t\n\r\u001f\u007f \"'\\/:#$%.?*{}[]<>&=\u0080\u00ad",
  ..."éß\u07ff\u0800\u200b\u200f\u2028\u2029\u202e\ud7ff\ue000\ufeff\ufffd\ufffe\uffff",
  ..."\u{10000}\u{10ffff}İıſ",
  ..."e\u0301 :: %3A .. 日本 👩‍👩‍👧 null undefined __proto__ constructor ЖЩ עברית العربية ไทย".split(
    " ",
  ),
];

/** Returns a key of 1 to `maxBytes` bytes of the characters above and any code points. */
export function nastyKey(random: () => number, maxBytes: number): string {
  const pieces = 1 + Math.floor(random() * 12);
  let key = "";
  for (let piece = 0; piece < pieces; piece += 1) {
    const next =
      random() < 0.7 ? trouble[Math.floor(random() * trouble.length)]! : anyCodePoint(random);
    if (Buffer.byteLength(key + next) <= maxBytes) key += next;
  }
  return key;
}

function anyCodePoint(random: () => number): string {
  const code = Math.floor(random() * 0x110000);
  const isSurrogate = code >= 0xd800 && code <= 0xdfff;
  return String.fromCodePoint(isSurrogate ? 0x1f600 : code);
}
