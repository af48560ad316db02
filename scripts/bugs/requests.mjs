// Bugs in batches, pages, retries and the store's life. Data only: what each field means is in list.mjs.

const leftOver = ["batches", "left_over_keys_are_asked_again_and_answers_come_in_order"];
const pages = ["pages", "follows_every_page_also_empty_ones"];
const fourAttempts = ["faults", "after_four_attempts_the_caller_is_told"];
const answer = "Ok(asked.iter().map(answer).collect())";

/** @type {import("./list.mjs").Bug[]} */
export const requests = [
  {
    name: "unprocessed keys are dropped",
    rule: "BAT-3",
    file: "src/store/batch_get.rs",
    find: "left = answer.unprocessed_keys.into_iter().flatten().flat_map(|(_, rest)| rest.keys).collect();",
    replace: "left = Vec::new();",
    cargo: leftOver,
  },
  {
    name: "the order of getItems is lost",
    rule: "BAT-1",
    file: "src/store/batch_get.rs",
    find: answer,
    replace: "Ok(asked.iter().rev().map(answer).collect())",
    cargo: leftOver,
  },
  {
    name: "a key asked twice is answered once",
    rule: "BAT-1",
    file: "src/store/batch_get.rs",
    find: answer,
    replace: `let first = |place: usize, key: &Key| asked.iter().position(|other| other == key) == Some(place);
        let numbered = asked.iter().enumerate().filter(|(place, key)| first(*place, key));
        Ok(numbered.map(|(_, key)| answer(key)).collect())`,
    cargo: leftOver,
  },
  {
    name: "what is missing is left out of getItems",
    rule: "BAT-1",
    file: "src/store/batch_get.rs",
    find: answer,
    replace: "Ok(asked.iter().map(answer).filter(|(_, value)| value.is_some()).collect())",
    cargo: leftOver,
  },
  {
    name: "getItems does not check the TTL",
    rule: "BAT-1",
    file: "src/store/batch_get.rs",
    find: "found.push((position, attributes.value(row, now)));",
    replace: "let _ = now; found.push((position, row.remove(&attributes.value)));",
    cargo: ["batches", "what_get_item_does_not_find_is_none"],
  },
  {
    name: "unprocessed writes are dropped",
    rule: "BAT-5",
    file: "src/store/batch_write.rs",
    find: "Ok(unprocessed) => left.retain(|write| unprocessed.contains(&write.key)),",
    replace: "Ok(_) => left.clear(),",
    cargo: ["batches", "left_over_writes_are_sent_again"],
  },
  {
    name: "the first write of a repeated key wins",
    rule: "BAT-6",
    file: "src/store/batch_write.rs",
    find: "*earlier = write;",
    replace: "let _ = (earlier, write);",
    cargo: ["batches", "the_last_write_of_a_repeated_key_wins"],
  },
  {
    name: "the common ttl goes over the item's",
    rule: "BAT-4",
    file: "src/store/batch_write.rs",
    find: "let ttl = if ttl == Input::Absent { &common_ttl } else { &ttl };",
    replace: "let ttl = if common_ttl == Input::Absent { &ttl } else { &common_ttl };",
    cargo: ["batches", "writes_go_by_25"],
  },
  {
    name: "a failed setItems does not say which keys",
    rule: "BAT-7",
    file: "src/store/batch_write.rs",
    find: ".with_keys(left.into_iter().map(Key::into_string).collect())",
    replace: ".with_keys(Vec::new())",
    cargo: ["batches", "a_failed_batch_lists_the_keys_not_known_to_be_written"],
  },
  {
    name: "one refused item takes its batch with it",
    rule: "BAT-8",
    file: "src/store/batch_write.rs",
    find: "matches!(error.kind(), ErrorKind::ItemTooLarge | ErrorKind::Validation)",
    replace: "matches!(error.kind(), ErrorKind::ItemTooLarge)",
    cargo: ["batches", "one_item_that_dynamodb_refuses_does_not_take_the_others_with_it"],
  },
  {
    name: "a denied batch is not remembered",
    rule: "BAT-9",
    file: "src/store/permission.rs",
    find: "self.allowed.load(Ordering::Relaxed)",
    replace: "true",
    cargo: ["batches", "without_the_permission_single_requests_do_it"],
  },
  {
    name: "`batch: false` is ignored",
    rule: "BAT-10",
    file: "src/store.rs",
    find: "batch_get: Permission::new(options.batch),",
    replace: "batch_get: Permission::new(true),",
    cargo: ["batches", "batches_can_be_switched_off"],
  },
  {
    name: "the page after an empty one is not asked for",
    rule: "KEYS-1",
    file: "src/store/scan.rs",
    find: "answer.last_evaluated_key.filter(|key| !key.is_empty())",
    replace:
      "answer.last_evaluated_key.filter(|_| answer.items.as_ref().is_some_and(|rows| !rows.is_empty()))",
    cargo: pages,
  },
  {
    name: "the last page is dropped",
    rule: "KEYS-1",
    file: "src/store/scan.rs",
    find: "        answer.items.unwrap_or_default()",
    replace: `        if start.is_some() && matches!(self.next, Next::End) {
            return Ok(None);
        }
        answer.items.unwrap_or_default()`,
    cargo: pages,
  },
  {
    name: "getKeys gives the part before a failed page",
    rule: "KEYS-6",
    file: "src/store/keys.rs",
    find: "while let Some(page) = scan.next_page().await? {",
    replace: "while let Ok(Some(page)) = scan.next_page().await {",
    cargo: ["pages", "a_failing_page_fails_the_whole"],
  },
  {
    name: "clear goes on after a failed delete",
    rule: "CLR-4",
    file: "src/store/clear.rs",
    find: "if let Some(error) = error {",
    replace: "if let Some(error) = error.filter(|_| false) {",
    cargo: ["pages", "clear_stops_at_the_first_failure_and_says_how_far_it_came"],
  },
  {
    name: "an error loses AWS's name",
    rule: "ERR-2",
    file: "src/error/aws.rs",
    find: ".with_aws(name.map(ToOwned::to_owned), metadata);",
    replace: ".with_aws(None, metadata);",
    cargo: fourAttempts,
  },
  {
    name: "attempts are not counted",
    rule: "ERR-1",
    file: "src/client/attempts.rs",
    find: "attempts.set(attempts.get() + 1)",
    replace: "attempts.set(attempts.get())",
    cargo: fourAttempts,
  },
  {
    name: "a passing fault is told as one that stays",
    rule: "ERR-1",
    file: "src/error.rs",
    find: "            | ErrorKind::Response => true,",
    replace: "            | ErrorKind::Response => false,",
    cargo: fourAttempts,
  },
  {
    name: "a number is rounded",
    rule: "VAL-2",
    file: "src/value.rs",
    find: 'if safe && Decimal::parse(&format!("{double:e}")).as_ref() == Some(&exact) {',
    replace: "if safe || double.is_finite() {",
    cargo: ["lib", "value::tests::a_number_is_never_rounded"],
  },
  {
    name: "base64 text is not decoded",
    rule: "RAW-3",
    file: "src/value.rs",
    find: "(Self::Raw, AttributeValue::S(text)) => {",
    replace: "(Self::Raw, AttributeValue::S(text)) if text.is_empty() => {",
    cargo: ["lib", "value::tests::raw_reading_decodes_what_unstorage_encoded"],
  },
  {
    name: "a store that was closed works on",
    rule: "DIS-3",
    file: "src/store.rs",
    find: `.take();
        if let Some(session) = session {
            session.slots.close();
        }`,
    replace: ".clone();\n        drop(session);",
    cargo: ["faults", "a_closed_store_refuses_every_call"],
  },
  {
    name: "a table with a sort key will do",
    rule: "TAB-5",
    file: "src/table.rs",
    find: "if let Some(sort) = named(&KeyType::Range) {",
    replace: "if let Some(sort) = named(&KeyType::Range).filter(|_| false) {",
    vitest: "__test__/create-table.spec.ts",
  },
];
