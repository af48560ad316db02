// Texts as apps store them: HTML pages, an API response, and sessions. They compress as well as typical texts of their kind.
import { readText } from "../../scripts/lib/project.mjs";
import { seededRandom } from "../../scripts/lib/random.mjs";

/** Returns the first parts that fit, counting a separator byte for each. @param {string[]} parts @param {number} size */
function fitting(parts, size) {
  let room = size;
  return parts.filter((part) => {
    const bytes = Buffer.byteLength(part) + 1;
    const fits = bytes <= room;
    room -= fits ? bytes : 0;
    return fits;
  });
}

function linesOfPage() {
  const lines = readText("bench", "texts", "page.html").trimEnd().split("\n");
  return { end: `${lines.pop()}\n`, lines };
}

/** Returns an HTML page of this repository's guide. @param {number} size its maximum in bytes */
export function pageOf(size) {
  const { lines, end } = linesOfPage();
  return [...fitting(lines, size - end.length), end].join("\n");
}

/** More than one size of character: neither ASCII nor Latin-1 suffices. */
const translations = [
  `<p lang="de">Alle Optionen sind „freiwillig“, außer daß die Tabelle und die Region irgendwo genannt werden müssen.</p>`,
  `<p lang="fr">Toutes les options sont « facultatives », mais la table et la région doivent être indiquées.</p>`,
  `<p lang="el">Όλες οι επιλογές είναι προαιρετικές, εκτός από τον πίνακα και την περιοχή.</p>`,
  `<p lang="ja">すべてのオプションは「任意」ですが、テーブルとリージョンは必ず指定してください。</p>`,
];

/** Returns the page with paragraphs in other languages, repeated to its size. @param {number} size its maximum in bytes */
export function multilingualPageOf(size) {
  const { lines, end } = linesOfPage();
  const page = lines.flatMap((line, index) => [line, translations[index % 4] ?? ""]);
  const bytes = Buffer.byteLength(page.join("\n"));
  const pages = Array.from({ length: Math.ceil(size / bytes) }, () => page).flat();
  return [...fitting(pages, size - end.length), end].join("\n");
}

/** Returns the orders of a shop. @param {number} size the maximum size of their JSON in bytes */
export function ordersOf(size) {
  const random = seededRandom(size);
  const orders = Array.from({ length: size / 256 }, () => JSON.stringify(orderOf(random)));
  return { orders: fitting(orders, size - 13).map((order) => JSON.parse(order)) };
}

/** @param {number} number */
export function sessionOf(number) {
  const { id, customer, placedAt, lines } = orderOf(seededRandom(number));
  const user = { ...customer, roles: ["customer"] };
  return { user, csrf: id, signedInAt: placedAt, basket: lines };
}

const words = (/** @type {string} */ text) => text.split(" ");
const things = words("backpack blanket chair desk jacket kettle lamp mirror rug shelf sofa vase");
const kinds = words("blue compact folding heavy light linen oak quiet round slim steel wool");
const givenNames = words("Ada Bo Carla Dmitri Eva Femi Grace Hana Ivan Jonas Kira Lena Mia Noor");
const surnames = words("Almeida Berg Costa Dahl Egede Fischer Gomez Hansen Ito Jensen Kovac Lind");

/** @param {() => number} random */
function orderOf(random) {
  const below = (/** @type {number} */ limit) => Math.floor(random() * limit);
  const one = (/** @type {string[]} */ list) => list[below(list.length)] ?? "";
  const hex = (/** @type {number} */ length) =>
    Array.from({ length }, () => below(16).toString(16)).join("");
  const [given, surname] = [one(givenNames), one(surnames)];
  return {
    id: `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`,
    status: one(["cancelled", "delivered", "paid", "shipped"]),
    customer: {
      id: below(1e6),
      name: `${given} ${surname}`,
      email: `${given}.${surname}${below(100)}@example.com`.toLowerCase(),
    },
    lines: Array.from({ length: 1 + below(3) }, () => ({
      name: `${one(kinds)} ${one(things)}`,
      image: `/images/${hex(40)}.webp`,
      quantity: 1 + below(4),
      price: below(90_000) / 100,
    })),
    payment: { reference: hex(32), fingerprint: hex(40) },
    currency: one(["EUR", "SEK", "USD"]),
    tracking: `1Z${hex(16)}`.toUpperCase(),
    placedAt: new Date(Date.UTC(2026, 0) + below(2 ** 31) * 10).toISOString(),
  };
}
