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

fn proven() -> serde_json::Value {
    let digest = greenroom_model::Digest::of(b"graph").to_string();
    let part = json!({
        "users": 600, "arms": 5, "baseline": 0.1, "mean": 0.11, "difference": 0.01, "low": 0.002_000_000_000_1, "high": null,
    });
    json!({
        "study": "evolution", "metric": "ndcg@10", "candidate": digest, "base": digest, "events": digest,
        "protocol": "p2, fold 0", "seeds": [1, u64::MAX], "level": 0.025, "validation": part, "test": part,
    })
}

#[test]
fn a_proof_is_read_as_it_was_said() {
    let read = proposed(json!({ "graph": { "text": "" }, "proof": proven() })).unwrap().proof.unwrap();
    assert_eq!((&*read.study, &*read.metric, &*read.protocol), ("evolution", "ndcg@10", "p2, fold 0"));
    assert_eq!((read.seeds, read.level), (vec![1, u64::MAX], 0.025));
    let part = read.validation;
    assert_eq!((part.users, part.arms, part.baseline, part.mean, part.difference), (600, 5, 0.1, 0.11, 0.01));
    assert_eq!((part.low, part.high), (Some(0.002_000_000_000_1), None), "with all its digits");
    assert_eq!(proposed(json!({ "graph": { "text": "" }, "proof": null })).unwrap().proof, None);
}

#[test]
fn all_mistakes_of_a_proof_are_told_and_it_is_never_left_out_for_them() {
    let mut body = json!({ "graph": { "text": "" }, "proof": proven() });
    let proof = &mut body["proof"];
    proof["study"] = json!("");
    proof["candidate"] = json!("latest");
    proof["seeds"] = json!([-1]);
    proof["level"] = json!("low");
    proof["standing"] = json!("proven");
    proof["validation"]["users"] = json!(-3);
    proof["validation"]["verdict"] = json!("better");
    proof["test"] = json!(null);
    let mistakes = proposed(body).unwrap_err();
    let fields: Vec<&str> = mistakes.iter().map(|mistake| mistake.field.as_str()).collect();
    let expected = [
        "proof.study",
        "proof.candidate",
        "proof.seeds",
        "proof.level",
        "proof.test",
        "proof.standing",
        "proof.validation.users",
        "proof.validation.verdict",
    ];
    assert_eq!(fields, expected);
    for wrong in [json!("proven"), json!({}), json!([]), json!(true)] {
        assert!(proposed(json!({ "graph": { "text": "" }, "proof": wrong.clone() })).is_err(), "{wrong}");
    }
}

#[test]
fn a_way_back_has_a_generation_or_none() {
    assert_eq!(back(json!({})).unwrap(), Back { to: None, reason: String::new() });
    assert_eq!(back(json!({ "to": 4 })).unwrap().to.unwrap().0, 4);
    assert_eq!(back(json!({ "to": -1, "parent": 1 })).unwrap_err().len(), 2);
}
