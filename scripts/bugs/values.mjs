// Bugs in values, raw bytes and what is told of an item. Data only: what each field means is in list.mjs.

const bytes = "__test__/bytes.spec.ts";
const withBase = "__test__/base.spec.ts";

/** @type {import("./list.mjs").Bug[]} */
export const values = [
  {
    name: "__proto__ is assigned and not defined",
    rule: "VAL-4",
    file: "src/node/found.rs",
    find: "properties.push(Property::new().with_name(env, name)?.with_value(&value).with_property_attributes(plain));",
    replace: `object.set_named_property(&name, value)?;
        if name.is_empty() {
            properties.push(Property::new().with_property_attributes(plain));
        }`,
    vitest: "__test__/values.spec.ts",
  },
  {
    name: "a lone surrogate in a text is stored as U+FFFD",
    rule: "VAL-3",
    file: "src/node/value.rs",
    find: '_ => Given::Refused("holds a lone surrogate; text must be well-formed".to_owned()),',
    replace: '_ => Given::Value(AttributeValue::S("\\u{fffd}".to_owned())),',
    vitest: "__test__/values-refused.spec.ts",
  },
  {
    name: "the window of a typed array is ignored",
    rule: "RAW-1",
    file: "src/node/bytes.rs",
    find: "        return typed_array(value).map(Some);",
    replace: `        let view: Function<'_, Unknown<'_>, Unknown<'_>> = env.get_global()?.get_named_property("Uint8Array")?;
        let array: Object<'_> = unsafe { value_of(value).cast() }?;
        return typed_array(&view.new_instance(array.get_named_property("buffer")?)?).map(Some);`,
    vitest: bytes,
  },
  {
    name: "the elements of a typed array are counted as bytes",
    rule: "RAW-1",
    file: "src/node/bytes.rs",
    find: "Ok(unsafe { copy(data, length * width) })",
    replace: "Ok(unsafe { copy(data, length) })",
    vitest: bytes,
  },
  {
    name: "getMeta tells milliseconds",
    rule: "META-1",
    file: "src/node/meta.rs",
    find: "ttl.as_secs() as f64",
    replace: "ttl.as_millis() as f64",
    vitest: "__test__/meta.spec.ts",
  },
  {
    name: "clear and getKeys look outside the store's base",
    rule: "BASE-2",
    file: "src/store/call.rs",
    find: "Ok(base.below(&self.session.options.base))",
    replace: "Ok(base)",
    vitest: withBase,
  },
  {
    name: "the store's base does not count toward a key's bytes",
    rule: "BASE-3",
    file: "src/key.rs",
    find: "Input::Text(text) if own + text.len() > MAX_KEY_BYTES => {",
    replace: "Input::Text(text) if text.len() > MAX_KEY_BYTES => {",
    vitest: withBase,
  },
];
