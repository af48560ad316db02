// Bugs in keys, bases, expiry and values. Data only: what each field means is in list.mjs.

const keysSpec = "__test__/keys.spec.ts";
const listing = "__test__/get-keys.spec.ts";
const clearing = "__test__/clear.spec.ts";
const expiry = "__test__/ttl.spec.ts";
const items = "__test__/items.spec.ts";
const sizes = "__test__/item-size.spec.ts";
const withBase = ["requests", "a_base_is_put_before_every_key_and_taken_off_again"];
const withTtl = ["requests", "set_item_stores_the_ceiling_of_now_plus_ttl"];

/** @type {import("./list.mjs").Bug[]} */
export const keys = [
  {
    name: "getKeys ignores the base",
    rule: "KEYS-2",
    file: "src/store/keys.rs",
    find: "let base = call.base(base)?;",
    replace: "call.base(base)?; let base = call.session.options.base.clone();",
    vitest: listing,
  },
  {
    name: "clear ignores the base",
    rule: "CLR-1",
    file: "src/store/clear.rs",
    find: "let base = call.base(base)?;",
    replace: "call.base(base)?; let base = call.session.options.base.clone();",
    vitest: clearing,
  },
  {
    name: "a base is a prefix without its separator",
    rule: "CLR-1",
    file: "src/key.rs",
    find: "text.push(SEPARATOR);",
    replace: "text.shrink_to_fit();",
    vitest: clearing,
  },
  {
    name: "the store's base shows in keys",
    rule: "BASE-1",
    file: "src/key.rs",
    find: "self.stored.drain(..self.own);",
    replace: "self.own = 0;",
    cargo: withBase,
  },
  {
    name: "the store's base is not put before a key",
    rule: "BASE-1",
    file: "src/key.rs",
    find: "Ok(Self { stored: [base.0.as_str(), text.as_str()].concat(), own })",
    replace: "Ok(Self { stored: text, own: 0 })",
    cargo: withBase,
  },
  {
    name: "bytes of a key counted as characters",
    rule: "KEY-2",
    file: "src/key.rs",
    find: "Input::Text(text) if own + text.len() > MAX_KEY_BYTES => {",
    replace: "Input::Text(text) if own + text.chars().count() > MAX_KEY_BYTES => {",
    vitest: keysSpec,
  },
  {
    name: "a lone surrogate becomes U+FFFD",
    rule: "KEY-2",
    file: "src/node/input.rs",
    find: "return Ok(Input::IllFormedText);",
    replace: "return Ok(Input::Text(text));",
    vitest: keysSpec,
  },
  {
    name: "maxDepth off by one",
    rule: "KEYS-3",
    file: "src/key.rs",
    find: ".count() <= limit)",
    replace: ".count() < limit)",
    vitest: listing,
  },
  {
    name: "getItem does not check the TTL",
    rule: "TTL-7",
    file: "src/store/read.rs",
    find: "let value = call.value(&key, consistent).await?.map(|value| reading.apply(value));",
    replace:
      "let names = [call.session.options.attributes.value.as_str()];\n        let row = call.row(&key, consistent, None, names).await?;\n        let value = row.and_then(|[value]| value).map(|value| reading.apply(value));",
    vitest: expiry,
  },
  {
    name: "hasItem does not check the TTL",
    rule: "HAS-1",
    file: "src/store/read.rs",
    find: "let found = call.value(&key, consistent).await?.is_some();",
    replace:
      "let names = [call.session.options.attributes.value.as_str()];\n        let row = call.row(&key, consistent, None, names).await?;\n        let found = row.is_some_and(|[value]| value.is_some());",
    vitest: items,
  },
  {
    name: "getKeys does not check the TTL",
    rule: "TTL-7",
    file: "src/store/keys.rs",
    find: "Scan::new(&call, &base, Rows::Alive)",
    replace: "Scan::new(&call, &base, Rows::All)",
    vitest: expiry,
  },
  {
    name: "clear leaves what has expired",
    rule: "CLR-2",
    file: "src/store/clear.rs",
    find: "Scan::new(&call, &base, Rows::All)",
    replace: "Scan::new(&call, &base, Rows::Alive)",
    vitest: clearing,
  },
  {
    name: "TTL rounded down",
    rule: "TTL-5",
    file: "src/expiry.rs",
    find: "Some(end.as_secs().saturating_add(u64::from(end.subsec_nanos() > 0)))",
    replace: "Some(end.as_secs())",
    cargo: withTtl,
  },
  {
    name: "the default TTL goes over the item's",
    rule: "TTL-1",
    file: "src/store/put.rs",
    find: "Ok(own.or(self.session.options.default_ttl))",
    replace: "Ok(self.session.options.default_ttl.or(own))",
    cargo: withTtl,
  },
  {
    name: "ttl 0 expires now",
    rule: "TTL-2",
    file: "src/expiry.rs",
    find: "if self.0 == 0.0 {",
    replace: "if self.0 < 0.0 {",
    cargo: withTtl,
  },
  {
    name: "an item without TTL has expired",
    rule: "TTL-8",
    file: "src/expiry.rs",
    find: "        _ => true,\n",
    replace: "        _ => attribute.is_some(),\n",
    vitest: expiry,
  },
  {
    name: "an item expires a second early",
    rule: "TTL-6",
    file: "src/expiry.rs",
    find: "|expires_at| expires_at >= now.as_secs() as f64",
    replace: "|expires_at| expires_at > now.as_secs() as f64",
    vitest: expiry,
  },
  {
    name: "text in the TTL attribute expires an item",
    rule: "TTL-7",
    file: "src/expiry.rs",
    find: "        Some(AttributeValue::N(number)) => {",
    replace: "        Some(AttributeValue::N(number) | AttributeValue::S(number)) => {",
    vitest: expiry,
  },
  {
    name: "the configured TTL attribute is ignored",
    rule: "TTL-7",
    file: "src/store/read.rs",
    find: "self.row(key, consistent, None, [value.as_str(), ttl.as_str()])",
    replace:
      'self.row(key, consistent, None, [value.as_str(), if ttl.is_empty() { ttl } else { "ttl" }])',
    vitest: expiry,
  },
  {
    name: "the empty text is lost on reading",
    rule: "GET-2",
    file: "src/item.rs",
    find: "if expiry::is_alive(ttl, now) { value } else { None }",
    replace:
      "if expiry::is_alive(ttl, now) { value.filter(|value| value != &AttributeValue::S(String::new())) } else { None }",
    vitest: items,
  },
  {
    name: "the empty text is lost on writing",
    rule: "GET-2",
    file: "src/json/requests.rs",
    find: "        item.serialize_entry(&attributes.value, &AttributeRef(&content.value))?;\n",
    replace:
      "        if content.value != AttributeValue::S(String::new()) {\n            item.serialize_entry(&attributes.value, &AttributeRef(&content.value))?;\n        }\n",
    vitest: items,
  },
  {
    name: "an item over 400 KB is sent",
    rule: "SET-2",
    file: "src/store/put.rs",
    find: "if size > MAX_ITEM_BYTES {",
    replace: "if size > 2 * MAX_ITEM_BYTES {",
    vitest: sizes,
  },
  {
    name: "bytes of a value counted as characters",
    rule: "SET-2",
    file: "src/value.rs",
    find: "AttributeValue::S(text) => text.len(),",
    replace: "AttributeValue::S(text) => text.chars().count(),",
    vitest: sizes,
  },
];
