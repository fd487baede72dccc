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
