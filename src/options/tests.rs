use super::*;

fn raw() -> RawOptions {
    RawOptions { table: "sessions".into(), ..RawOptions::default() }
}

fn message(raw: RawOptions) -> String {
    Options::parse(raw).expect_err("refused").to_string()
}

#[test]
fn only_the_table_is_required() {
    let options = Options::parse(raw()).expect("valid");
    assert_eq!(options.table, "sessions");
    assert_eq!(
        options.attributes,
        Attributes {
            key: "key".into(),
            value: "value".into(),
            ttl: "ttl".into(),
            mtime: None,
            encoding: "enc".into(),
            etag: None
        }
    );
    assert_eq!(options.default_ttl, None);
    assert_eq!(options.region, None);
    assert!(options.credentials.is_none() && options.endpoint.is_none());
    assert!(!options.consistent_read && options.profile.is_none() && options.user_agent.is_none());
    assert_eq!(options.limits, Limits::default());
    assert_eq!(options.proxy, Proxy::Off);
}

#[test]
fn expire_in_and_ttl_are_one_setting() {
    let ttl = |expire_in: Input, ttl: Input| Options::parse(RawOptions { expire_in, ttl, ..raw() });
    let default_ttl = |expire_in, second| ttl(expire_in, second).expect("valid").default_ttl;
    let of_300 = Ttl::parse(&Input::Number(300.0)).expect("valid");
    assert_eq!(default_ttl(Input::Number(300.0), Input::Absent), of_300);
    assert_eq!(default_ttl(Input::Absent, "300".into()), of_300);
    assert_eq!(default_ttl(Input::Number(300.0), "300".into()), of_300);
    let differ = ttl(Input::Number(300.0), Input::Number(301.0)).expect_err("differ").to_string();
    assert!(differ.contains("`expireIn`") && differ.contains("`ttl`"), "{differ}");
    let negative = ttl(Input::Number(-1.0), Input::Absent).expect_err("negative").to_string();
    assert!(negative.contains("`expireIn`") && negative.contains("0 or more"), "{negative}");
    let negative = ttl(Input::Absent, "-1".into()).expect_err("negative").to_string();
    assert!(negative.contains("`ttl`"), "{negative}");
}

#[test]
fn attribute_names_must_differ() {
    let with = |key: &str, value: &str, ttl: &str| {
        let input = |name: &str| {
            if name.is_empty() { Input::Absent } else { name.into() }
        };
        RawOptions {
            attributes: RawAttributes {
                key: input(key),
                value: input(value),
                ttl: input(ttl),
                ..RawAttributes::default()
            }
            .into(),
            ..raw()
        }
    };
    let names = Options::parse(with("a.b", "#v", "1t")).expect("valid").attributes;
    assert_eq!(
        names,
        Attributes {
            key: "a.b".into(),
            value: "#v".into(),
            ttl: "1t".into(),
            mtime: None,
            encoding: "enc".into(),
            etag: None
        }
    );
    assert!(message(with("value", "", "")).contains("`attributes.key` and `attributes.value`"));
    assert!(message(with("ttl", "", "")).contains("`attributes.key` and `attributes.ttl`"));
    assert!(message(with("", "same", "same")).contains("`attributes.value` and `attributes.ttl`"));
    assert!(message(with(&"k".repeat(256), "", "")).contains("1 to 255 bytes"));
    let no_object = RawOptions { attributes: Nested::Plain("key".into()), ..raw() };
    assert!(message(no_object).contains("`attributes`"));
}

#[test]
fn requests_contain_the_arn_and_messages_the_name() {
    let arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/sessions";
    let options = Options::parse(RawOptions { table: arn.into(), ..raw() }).expect("valid");
    assert_eq!((options.table.as_str(), options.table_name.as_str()), (arn, "sessions"));
    assert_eq!(options.region.as_deref(), Some("eu-west-1"));
}

#[test]
fn consistent_read_is_a_boolean() {
    let consistent = |given: Input| Options::parse(RawOptions { consistent_read: given, ..raw() });
    assert!(consistent(Input::Boolean(true)).expect("valid").consistent_read);
    assert!(!consistent(Input::Absent).expect("valid").consistent_read);
    let text = consistent("yes".into()).expect_err("refused").to_string();
    assert!(text.contains("`consistentRead`") && text.contains("true or false"), "{text}");
}

#[test]
fn a_client_is_rejected_with_advice() {
    let text = message(RawOptions { client: Input::Other("an object"), ..raw() });
    assert!(text.contains("`client`") && text.contains("`credentials`"), "{text}");
}

#[test]
fn an_error_after_the_table_names_the_table() {
    let error = Options::parse(RawOptions { region: "".into(), ..raw() }).expect_err("refused");
    assert_eq!(error.table(), Some("sessions"));
}

#[test]
fn mtime_is_stored_only_if_named_and_must_differ() {
    let with =
        |mtime: Input| RawOptions { attributes: RawAttributes { mtime, ..RawAttributes::default() }.into(), ..raw() };
    assert_eq!(Options::parse(with("at".into())).expect("valid").attributes.mtime.as_deref(), Some("at"));
    assert!(message(with("ttl".into())).contains("`attributes.ttl` and `attributes.mtime`"));
    assert!(message(with("".into())).contains("`attributes.mtime`"));
}

/// [OPT-5]
#[test]
fn the_encoding_has_a_name_that_differs_too() {
    let with = |value: Input, encoding: Input| RawOptions {
        attributes: RawAttributes { value, encoding, ..RawAttributes::default() }.into(),
        ..raw()
    };
    assert_eq!(Options::parse(with(Input::Absent, "form".into())).expect("valid").attributes.encoding, "form");
    assert!(message(with(Input::Absent, "ttl".into())).contains("`attributes.ttl` and `attributes.encoding`"));
    assert!(message(with("enc".into(), Input::Absent)).contains("`attributes.value` and `attributes.encoding`"));
    assert!(message(with(Input::Absent, "n".repeat(65_536).as_str().into())).contains("`attributes.encoding`"));
}

#[test]
fn a_base_is_text_of_bounded_length() {
    let with = |base: Input| RawOptions { base, ..raw() };
    assert_eq!(Options::parse(with("app".into())).expect("valid").base.prefix(), Some("app:"));
    assert_eq!(Options::parse(raw()).expect("valid").base.prefix(), None);
    for refused in [Input::Number(1.0), Input::IllFormedText(vec![0xd800]), Input::Text("x".repeat(1_024))] {
        assert!(message(with(refused)).contains("`base`"));
    }
}

#[test]
fn batch_is_on_or_off() {
    let with = |batch: Input| RawOptions { batch, ..raw() };
    assert!(Options::parse(raw()).expect("valid").batch);
    assert!(!Options::parse(with(Input::Boolean(false))).expect("valid").batch);
    assert!(message(with("no".into())).contains("`batch`"));
}

/// Static credentials, a plain endpoint, and a proxy with a password.
fn guarded() -> RawOptions {
    RawOptions {
        endpoint: "http://127.0.0.1:8000".into(),
        credentials: RawKeys {
            access_key_id: "AKIDCANARY".into(),
            secret_access_key: "CANARYsecret".into(),
            session_token: "CANARYtoken".into(),
        }
        .into(),
        ..raw()
    }
}

#[test]
fn a_debug_print_shows_the_options_and_no_secret() {
    let proxy = "http://user:CANARYpassword@127.0.0.1:3128".into();
    let options = Options::parse(RawOptions { proxy, ..guarded() }).expect("valid");
    let printed = format!("{options:?}");
    for shown in ["sessions", "Ipv4(127.0.0.1)", "Url(redacted)", "StaticCredentials(redacted)"] {
        assert!(printed.contains(shown), "{shown} is not in {printed}");
    }
    assert!(!printed.contains("CANARY"), "{printed}");
}

#[test]
fn only_a_plain_endpoint_excludes_tls() {
    let may = |raw| Options::parse(raw).expect("valid").may_speak_tls();
    assert!(!may(guarded()));
    // Credential sources and proxies may use TLS.
    assert!(may(RawOptions { credentials: RawCredentials::default(), ..guarded() }));
    assert!(may(RawOptions { proxy: "http://127.0.0.1:3128".into(), ..guarded() }));
    assert!(may(RawOptions { endpoint: "https://127.0.0.1:8000".into(), ..guarded() }));
    assert!(may(RawOptions { endpoint: Input::Absent, ..guarded() }));
}

#[test]
fn an_attribute_name_has_at_least_one_byte_and_at_most_as_many_as_dynamodb_allows() {
    let with = |key: usize, value: usize| {
        let name = |bytes| Input::Text("n".repeat(bytes));
        let attributes = RawAttributes { key: name(key), value: name(value), ..RawAttributes::default() };
        RawOptions { attributes: attributes.into(), ..raw() }
    };
    assert!(Options::parse(with(255, 65_535)).is_ok());
    for (key, value, option, found) in [
        (256, 1, "attributes.key", "longer"),
        (0, 1, "attributes.key", "an empty string"),
        (1, 65_536, "attributes.value", "longer"),
    ] {
        let message = message(with(key, value));
        assert!(message.contains(&format!("`{option}`")) && message.contains(found), "{message}");
    }
}
