use serde_json::json;

use crate::*;

#[test]
fn a_field_that_nobody_knows_does_not_drive_the_terminal_of_who_reads_of_it() {
    let mistakes = ask(json!({ "\u{1b}[2J\n": 1 })).unwrap_err();
    assert_eq!(mistakes[0].field, "\\u{1b}[2J\\n");
    let long = "x".repeat(100_000);
    assert!(ask(json!({ long: 1 })).unwrap_err()[0].to_string().len() < 2_000);
}

#[test]
fn mistakes_have_an_end() {
    let fields: serde_json::Map<_, _> = (0..1_000).map(|n| (format!("f{n}"), json!(1))).collect();
    assert_eq!(ask(fields.into()).unwrap_err().len(), MISTAKES_MAX);
    assert_eq!(ask(json!({ "exclude": vec![1; 1_000] })).unwrap_err().len(), MISTAKES_MAX);
    assert_eq!(told(json!({ "events": vec![json!({}); 1_000] })).unwrap_err().len(), MISTAKES_MAX);
}

#[test]
fn each_event_of_a_list_is_read_and_its_mistakes_say_which() {
    let event = json!({ "event_id": "e", "item": "i", "kind": "click" });
    let batch = told(json!({ "events": [event, event] })).unwrap();
    assert_eq!((batch.told.len(), batch.alone), (2, false));
    assert!(told(event.clone()).unwrap().alone);
    let mistakes = told(json!({ "events": [event, 7] })).unwrap_err();
    assert_eq!(mistakes[0].to_string(), "`events[1]`: expected an object, found the number 7");
}

#[test]
fn a_proposal_is_read_as_it_was_said() {
    let digest = greenroom_model::Digest::of(b"code");
    let body = json!({
        "graph": { "file_name": "shop.toml", "text": "[graph]" }, "components": { "a.wasm": digest.to_string() },
        "states": { "a.state": digest.to_string() }, "parent": 3, "reason": "faster",
    });
    let read = proposed(body).unwrap();
    assert_eq!((&*read.file_name, &*read.text, &*read.reason), ("shop.toml", "[graph]", "faster"));
    assert_eq!((read.components["a.wasm"], read.states["a.state"], read.parent.unwrap().0), (digest, digest, 3));
    let least = proposed(json!({ "graph": { "text": "" } })).unwrap();
    assert_eq!((&*least.file_name, least.components.len(), least.parent), ("graph.toml", 0, None));
}

#[test]
fn all_mistakes_of_a_proposal_are_told_at_once() {
    let body = json!({
        "graph": { "file_nam": "a", "text": 3 }, "components": { "a.wasm": "md5:1", "\u{1b}": 1 }, "states": { "a.state": 1 },
        "parent": "two",
        "reason": "two\nlines", "author": "me",
    });
    let mistakes = proposed(body).unwrap_err();
    let fields: Vec<&str> = mistakes.iter().map(|mistake| mistake.field.as_str()).collect();
    let expected = [
        "components.\\u{1b}",
        "components.a.wasm",
        "states.a.state",
        "parent",
        "reason",
        "author",
        "graph.text",
        "graph.file_nam",
    ];
    assert_eq!(fields, expected);
    for body in [json!([]), json!({}), json!({ "graph": null }), json!({ "graph": "text" })] {
        assert_eq!(proposed(body.clone()).unwrap_err().len(), 1, "{body}");
    }
}

#[test]
fn a_way_back_has_a_generation_or_none() {
    assert_eq!(back(json!({})).unwrap(), Back { to: None, reason: String::new() });
    assert_eq!(back(json!({ "to": 4 })).unwrap().to.unwrap().0, 4);
    assert_eq!(back(json!({ "to": -1, "parent": 1 })).unwrap_err().len(), 2);
}
