//! Files of events and items that do not say what they should.

use crate::scene::{GRAPH, Scene};

#[track_caller]
fn refused(name: &str, content: &str) {
    let scene = Scene::new(GRAPH);
    scene.write("bad.csv", content);
    let trained = scene.refused(&format!("events_{name}"), 3, &["train", "graph.toml", "--events", "bad.csv"]);
    scene.refused_alike(&trained, &["eval", "graph.toml", "--events", "bad.csv"]);
}

#[test]
fn bad_rows_are_told_together() {
    refused("rows", "user,item,rating,timestamp\ns1,i1,5,1000000000\ns1,i2,five,1000000001\ns2,,4,1000000002\ns2,i1\n");
}

#[test]
fn a_rating_that_is_not_a_number_is_refused() {
    refused("nan", "user,item,rating,timestamp\ns1,i1,NaN,1000000000\ns1,i2,inf,1000000001\n");
}

#[test]
fn columns_that_nobody_knows_are_named() {
    refused("columns", "user,film,mark\ns1,i1,5\n");
}

#[test]
fn nothing_in_it_is_said() {
    refused("empty", "");
    refused("header", "user,item,rating,timestamp\n");
}

#[test]
fn what_cannot_be_split_is_said_before_anything_is_learned() {
    let scene = Scene::new(GRAPH);
    scene.write("unordered.csv", "user,item\ns1,i1\ns1,i2\n");
    scene.write("low.csv", "user,item,rating,timestamp\ns1,i1,1,1000000000\ns1,i2,2,1000000001\n");
    scene.refused("split_unordered", 3, &["eval", "graph.toml", "--events", "unordered.csv"]);
    scene.refused("split_low", 3, &["eval", "graph.toml", "--events", "low.csv"]);
    scene.refused("split_few", 3, &["eval", "graph.toml", "--events", "unordered.csv", "--ordered"]);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let scene = Scene::new(GRAPH);
    scene.refused("events_missing", 3, &["train", "graph.toml", "--events", "event.csv"]);
    scene.refused("events_folder", 3, &["train", "graph.toml", "--events", "."]);
    scene.refused("items_missing", 3, &["train", "graph.toml", "--events", "events.csv", "--items", "item.csv"]);
}

#[test]
fn bad_items_leave_the_events_out_too() {
    let scene = Scene::new(GRAPH);
    scene.write("bad.csv", "id,title,year\ni1,One,soon\ni1,Again,1990\n");
    scene.refused("items_rows", 3, &["train", "graph.toml", "--events", "events.csv", "--items", "bad.csv"]);
}

#[test]
fn arguments_that_do_not_belong_together_are_refused() {
    let scene = Scene::new(GRAPH);
    scene.refused("arguments_no_data", 2, &["eval", "graph.toml"]);
    scene.refused("arguments_half", 2, &["eval", "graph.toml", "--train", "events.csv"]);
    scene.refused("arguments_context", 2, &["decide", "graph.toml", "--context", "[1]"]);
}
