//! Ids, rows and facts: assigned once, kept over a restart, gathered as columns.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

use greenroom_memory::{
    AssignError, CatalogError, FactsError, FactsUpdate, FieldUpdate, FieldValues, GatherError, OpenError, Store,
};
use greenroom_model::{Column, Values};

fn field(name: &str, values: FieldValues) -> FieldUpdate {
    FieldUpdate { name: name.to_owned(), values }
}

fn labels(rows: &[&[&str]]) -> FieldValues {
    FieldValues::Labels(rows.iter().map(|row| row.iter().map(|label| (*label).to_owned()).collect()).collect())
}

fn with_items(store: &Store, count: u32) {
    let ids: Vec<String> = (0..count).map(|i| i.to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    store.items().assign(&ids).wait().unwrap();
}

fn numbers(column: &Column) -> &[f32] {
    match &column.values {
        Values::F32s(values) => values,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_id_keeps_its_row_over_a_restart_and_no_row_is_reused() {
    let dir = tempfile::tempdir().unwrap();
    {
        let store = Store::open(dir.path()).unwrap();
        assert_eq!(store.items().assign(&["b", "a", "b", "c"]).wait().unwrap(), [0, 1, 0, 2]);
        assert_eq!(store.subjects().assign(&["a"]).wait().unwrap(), [0], "subjects are numbered apart");
    }
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.items().assign(&["d", "c", "a"]).wait().unwrap(), [3, 2, 1]);
    assert_eq!((store.items().row("b"), store.items().row("z")), (Some(0), None));
    assert_eq!((store.items().id(3).as_deref(), store.items().id(4)), (Some("d"), None));
    assert_eq!(store.items().len(), 4);
}

#[test]
fn batches_on_their_way_together_agree_on_rows() {
    let store = Store::in_memory().unwrap();
    let pending: Vec<_> = (0..50).map(|i| store.items().assign(&["same", ["x", "y", "z"][i % 3]])).collect();
    let rows: Vec<Vec<u32>> = pending.into_iter().map(|p| p.wait().unwrap()).collect();
    assert!(rows.iter().all(|row| row[0] == rows[0][0]));
    assert_eq!(store.items().len(), 4);
    for (row, id) in (0..4).map(|row| (row, store.items().id(row).unwrap())) {
        assert_eq!(store.items().row(&id), Some(row));
    }
}

#[test]
fn ids_that_cannot_be_taken_are_all_named_and_none_is_assigned() {
    let store = Store::in_memory().unwrap();
    let long = "x".repeat(257);
    let Err(AssignError::Invalid(mistakes)) = store.items().assign(&["ok", "", "a\nb", &long]).wait() else {
        panic!("taken")
    };
    assert_eq!(mistakes.iter().map(|mistake| mistake.place).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(store.items().is_empty());
    assert_eq!(store.items().assign(&[&long[1..]]).wait().unwrap(), [0]);
}

#[test]
fn delisted_rows_are_ascending_and_kept() {
    let dir = tempfile::tempdir().unwrap();
    {
        let store = Store::open(dir.path()).unwrap();
        with_items(&store, 10);
        store.items().delist(&[7, 3, 5, 3]).wait().unwrap();
        store.items().relist(&[5, 9]).wait().unwrap();
        assert_eq!(*store.items().delisted(), [3, 7]);
        let beyond = store.items().delist(&[1, 10]).wait();
        assert!(matches!(beyond, Err(CatalogError::UnknownRows { rows, len: 10 }) if rows == [10]));
    }
    assert_eq!(*Store::open(dir.path()).unwrap().items().delisted(), [3, 7]);
}

#[test]
fn facts_are_gathered_in_the_order_asked_for_and_kept() {
    let dir = tempfile::tempdir().unwrap();
    let check = |store: &Store| {
        let facts = store.facts();
        let columns = facts.gather(&[2500, 0, 1, 99], &["genres", "year"]).unwrap();
        assert_eq!(columns[0].name, "genres");
        let names = facts.labels("genres").unwrap();
        let mask = |wanted: &[&str]| {
            wanted.iter().map(|label| 1_i64 << names.iter().position(|name| name == label).unwrap()).sum::<i64>()
        };
        let expected = vec![mask(&["noir", "war"]), mask(&["war"]), 0, 0];
        assert_eq!(columns[0].values, Values::S64s(expected));
        assert_eq!(numbers(&columns[1])[..2], [1950.0, 1999.0]);
        assert!(numbers(&columns[1])[2..].iter().all(|year| year.is_nan()));
        assert_eq!((facts.text(0, "title"), facts.text(1, "title")), (Some("Zero"), None));
    };
    {
        let store = Store::open(dir.path()).unwrap();
        with_items(&store, 3000);
        let fields = vec![
            field("year", FieldValues::Numbers(vec![1999.0, 1950.0])),
            field("genres", labels(&[&["war"], &["war", "noir"]])),
            field("title", FieldValues::Texts(vec!["Zero".to_owned(), "Last".to_owned()])),
        ];
        let notes = store.set_facts(FactsUpdate { rows: vec![0, 2500], fields }).unwrap();
        assert!(notes.is_empty());
        check(&store);
    }
    check(&Store::open(dir.path()).unwrap());
}

#[test]
fn an_update_leaves_what_it_does_not_name_and_a_snapshot_does_not_change() {
    let store = Store::in_memory().unwrap();
    with_items(&store, 3);
    let year = |values| vec![field("year", FieldValues::Numbers(values))];
    store.set_facts(FactsUpdate { rows: vec![0, 1], fields: year(vec![1.0, 2.0]) }).unwrap();
    let before = store.facts();
    store.set_facts(FactsUpdate { rows: vec![1, 2], fields: year(vec![f32::NAN, 3.0]) }).unwrap();
    assert_eq!(numbers(&before.gather(&[1], &["year"]).unwrap()[0]), [2.0]);
    let after = store.facts().gather(&[0, 1, 2], &["year"]).unwrap();
    assert_eq!((numbers(&after[0])[0], numbers(&after[0])[1].is_nan(), numbers(&after[0])[2]), (1.0, true, 3.0));
}

#[test]
fn of_more_than_64_labels_the_most_frequent_are_kept_and_a_note_says_so() {
    let store = Store::in_memory().unwrap();
    with_items(&store, 140);
    // Label i stands on one row, and the even ones on a second.
    let all: Vec<String> = (0..70).map(|i| format!("l{i:02}")).collect();
    let rows: Vec<Vec<String>> =
        (0..140).map(|row| if row < 70 || row % 2 == 0 { vec![all[row % 70].clone()] } else { vec![] }).collect();
    let fields = vec![field("tags", FieldValues::Labels(rows))];
    let notes = store.set_facts(FactsUpdate { rows: (0..140).collect(), fields }).unwrap();
    assert!(notes[0].message.contains("70 labels") && notes[0].message.contains("l59; l61; l63"), "{notes:?}");
    let names = store.facts().labels("tags").unwrap();
    assert_eq!(names.len(), 64);
    assert!(all.iter().step_by(2).all(|label| names.contains(label)));
    let columns = store.facts().gather(&[0, 69], &["tags"]).unwrap();
    let Values::S64s(masks) = &columns[0].values else { panic!() };
    assert_eq!((masks[0].count_ones(), masks[1]), (1, 0));
}

#[test]
fn a_label_keeps_its_bit() {
    let store = Store::in_memory().unwrap();
    with_items(&store, 3);
    let set = |row, names: &[&str]| {
        let fields = vec![field("genres", labels(&[names]))];
        store.set_facts(FactsUpdate { rows: vec![row], fields }).unwrap();
    };
    set(0, &["war"]);
    set(1, &["noir", "art"]);
    set(2, &["art"]);
    assert_eq!(*store.facts().labels("genres").unwrap(), ["war", "art", "noir"]);
}

#[test]
fn a_field_that_cannot_be_gathered_is_named_with_those_that_can() {
    let store = Store::in_memory().unwrap();
    with_items(&store, 1);
    let fields =
        vec![field("year", FieldValues::Numbers(vec![1.0])), field("title", FieldValues::Texts(vec!["t".to_owned()]))];
    store.set_facts(FactsUpdate { rows: vec![0], fields }).unwrap();
    let facts = store.facts();
    let unknown = facts.gather(&[0], &["yaer"]).unwrap_err();
    assert_eq!(unknown.to_string(), "no field \"yaer\"; there are: title, year");
    assert!(
        matches!(facts.gather(&[0], &["title"]), Err(GatherError::Text { gatherable, .. }) if gatherable == ["year"])
    );
    assert!(matches!(facts.labels("year"), Err(GatherError::NotLabels { .. })));
}

#[test]
fn all_that_is_wrong_with_an_update_is_told_and_nothing_of_it_is_taken() {
    let store = Store::in_memory().unwrap();
    with_items(&store, 2);
    store.set_facts(FactsUpdate { rows: vec![0], fields: vec![field("a", FieldValues::Numbers(vec![1.0]))] }).unwrap();
    let fields = vec![
        field("a", labels(&[&["x"], &["y"]])),
        field("b", FieldValues::Numbers(vec![1.0])),
        field("c", FieldValues::Numbers(vec![1.0, f32::INFINITY])),
    ];
    let Err(FactsError::Invalid(mistakes)) = store.set_facts(FactsUpdate { rows: vec![0, 2], fields }) else {
        panic!("taken")
    };
    assert_eq!(mistakes.len(), 4, "{mistakes:#?}");
    assert_eq!(store.facts().fields().map(|(name, _)| name).collect::<Vec<_>>(), ["a"]);
}

#[test]
fn a_store_that_is_open_says_that_it_is_in_use() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert!(matches!(Store::open(dir.path()), Err(OpenError::InUse { .. })));
    drop(store);
    Store::open(dir.path()).unwrap();
}

#[test]
fn a_store_of_another_layout_is_refused_with_both_numbers() {
    let dir = tempfile::tempdir().unwrap();
    drop(Store::open(dir.path()).unwrap());
    {
        let database = redb::Database::open(dir.path().join("greenroom.redb")).unwrap();
        let transaction = database.begin_write().unwrap();
        let table = redb::TableDefinition::<&str, u64>::new("numbers");
        transaction.open_table(table).unwrap().insert("schema", 99).unwrap();
        transaction.commit().unwrap();
    }
    let Err(error) = Store::open(dir.path()) else { panic!("opened") };
    assert!(matches!(error, OpenError::Schema { found: 99, expected: 2, .. }), "{error}");
}
