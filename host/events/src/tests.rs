use std::fs;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;

use crate::*;

/// What reading a file with these bytes gives; an error as it is told, without the folder.
fn in_file<T>(bytes: &[u8], read: impl FnOnce(&Path) -> Result<T, ReadError>) -> Result<T, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.csv");
    fs::write(&path, bytes).unwrap();
    read(&path).map_err(|error| error.to_string().replace(&format!("{}/", folder.path().display()), ""))
}

fn read_bytes(bytes: &[u8]) -> Result<EventFile, String> {
    in_file(bytes, |path| read(path, &ReadOptions::default()))
}

/// The rows of a file, one a line, as `user item rating time`.
#[track_caller]
fn check(bytes: impl AsRef<[u8]>, expected: &[&str]) {
    let events = read_bytes(bytes.as_ref()).unwrap().events;
    let columns = &events.columns;
    let rows: Vec<String> = (0..columns.len())
        .map(|row| {
            let user = &events.users[columns.users[row] as usize];
            let item = &events.items[columns.items[row] as usize];
            let rating = columns.rating(row).map(|r| format!(" {r}")).unwrap_or_default();
            let time = columns.time(row).map(|t| format!(" @{t}")).unwrap_or_default();
            format!("{user} {item}{rating}{time}")
        })
        .collect();
    assert_eq!(rows, expected);
}

#[track_caller]
fn refused(bytes: impl AsRef<[u8]>, expected: &str) {
    assert_eq!(read_bytes(bytes.as_ref()).unwrap_err(), expected);
}

#[test]
fn columns_are_found_by_name_or_by_place() {
    check("userId,movieId,rating,timestamp\n1,2294,2.0,1260759108\n", &["1 2294 2 @1260759108000"]);
    check("time\titem\tuser\n1260759108\tx\tu\n", &["u x @1260759108000"]);
    check("u;x;3.5\nv;x;4\n", &["u x 3.5", "v x 4"]);
    check("u|x\nu|x\n", &["u x", "u x"]);
    check("u,x,1260759108\n", &["u x @1260759108000"]);
}

#[test]
fn times_are_seconds_or_milliseconds() {
    check("u,x,4,100000000000\n", &["u x 4 @100000000000000"]);
    check("u,x,4,100000000001\n", &["u x 4 @100000000001"]);
    check("u,x,4,0\n", &["u x 4 @0"]);
}

#[test]
fn however_a_file_was_written_it_says_the_same() {
    let expected = ["1 a 4 @1000", "2 b 5 @2000"];
    check("1,a,4,1\n2,b,5,2\n", &expected);
    check("\u{feff}1,a,4,1\r\n2,b,5,2", &expected);
    check("\n\n1,a,4,1\n\n\n2,b,5,2\n\n", &expected);
    check("\"1\",\"a\", 4, 1\n 2 , b,5 ,2\n", &expected);
    check("\u{feff}user,item,rating,ts\r1,a,4,1\r2,b,5,2\r", &expected);
}

#[test]
fn quoted_ids_may_hold_what_splits_columns() {
    check("\"a,b\",\"say \"\"x\"\"\",4,1\n", &["a,b say \"x\" 4 @1000"]);
}

#[test]
fn order_comes_from_times_or_from_the_file_when_it_is_said_to() {
    let order = |text: &str, ordered| {
        in_file(text.as_bytes(), |path| read(path, &ReadOptions { ordered })).unwrap().events.order
    };
    assert_eq!(order("u,x\n", false), Order::Unknown);
    assert_eq!(order("u,x\n", true), Order::Rows);
    assert_eq!(order("u,x,4,1\n", true), Order::Times);
}

#[test]
fn the_digest_is_that_of_the_bytes() {
    let bytes = b"\xef\xbb\xbfu,x\r\n";
    assert_eq!(read_bytes(bytes).unwrap().digest, greenroom_model::Digest::of(bytes));
}

#[test]
fn a_file_with_nothing_in_it_is_refused() {
    refused("", "events.csv is empty: expected lines of user, item, rating, timestamp (the last two may be absent)");
    refused(
        "\r\n\n",
        "events.csv is empty: expected lines of user, item, rating, timestamp (the last two may be absent)",
    );
    refused(
        "user,item\n",
        "events.csv has a header and no rows: expected lines of user, item, rating, timestamp (the last two may be absent)",
    );
}

#[test]
fn a_file_that_is_not_there_is_refused() {
    let error = read(Path::new("events.csv"), &ReadOptions::default()).unwrap_err();
    assert_eq!(error.to_string(), "cannot read events.csv: No such file or directory (os error 2)");
}

#[test]
fn a_bad_field_is_told_with_its_place() {
    let one = |mistake: &str| format!("events.csv has 1 mistake and was not read:\n  {mistake}");
    let cases: [(&[u8], &str); 12] = [
        (b"1,2,4,1\n1,3,NaN,2\n", "line 2, column 3 (rating): found `NaN`, expected a finite number"),
        (b"1,2,4,1\n1,3,-inf,2\n", "line 2, column 3 (rating): found `-inf`, expected a finite number"),
        (b"1,2,4,1\n\n1,3,,2\n", "line 3, column 3 (rating): found nothing, expected a finite number"),
        (
            b"1,2,4,1\r\n1,3,4,-2\r\n",
            "line 2, column 4 (timestamp): found `-2`, expected whole seconds or milliseconds since 1970",
        ),
        (
            b"1,2,4,2016-01-01\n",
            "line 1, column 4 (timestamp): found `2016-01-01`, expected whole seconds or milliseconds since 1970",
        ),
        (
            b"1,2,4,1260759108000000\n",
            "line 1, column 4 (timestamp): found `1260759108000000`, expected whole seconds or milliseconds since 1970",
        ),
        (b"user,item\n,3\n", "line 2, column 1 (user): found nothing, expected an id"),
        (b"item,user\n,3\n", "line 2, column 1 (item): found nothing, expected an id"),
        (b"a\x07b,c\n", "line 1, column 1 (user): found `a\\u{7}b`, expected an id without control characters"),
        (b"a,\xff\xfe\n", "line 1, column 2 (item): found `\u{fffd}\u{fffd}`, expected UTF-8 text"),
        (b"1,2,4,1\n1,2,4\n", "line 2: found 3 columns, expected 4: user, item, rating, timestamp"),
        (b"a,b\nc\n", "line 2: found one column, `c`, expected 2: user, item"),
    ];
    for (bytes, mistake) in cases {
        refused(bytes, &one(mistake));
    }
}

#[test]
fn an_id_that_is_too_long_is_shown_short() {
    let id = "é".repeat(200);
    let short = "é".repeat(40);
    refused(
        format!("{id},x\n"),
        &format!(
            "events.csv has 1 mistake and was not read:\n  line 1, column 1 (user): found `{short}...`, expected an id of \
             at most 256 bytes, this one has 400"
        ),
    );
}

#[test]
fn a_quote_that_is_never_closed_is_told_where_it_opens() {
    refused(
        "1,2,4,1\n1,\"3,4,2\n1,4,4,3\n",
        "events.csv has 1 mistake and was not read:\n  line 2: found 2 columns, expected 4: user, item, rating, timestamp \
         (is a quote opened here and not closed?)",
    );
}

#[test]
fn a_wrong_header_is_told_with_what_is_wrong() {
    refused(
        "userId,movieId,raiting\n1,2,3\n",
        "events.csv has 1 mistake and was not read:\n  line 1, column 3 (header): found `raiting`, expected a name among \
         user, item, rating, timestamp; remove columns that are something else",
    );
    refused(
        "user,rating,score\n1,2,3\n",
        "events.csv has 2 mistakes and was not read:\n  line 1, column 3 (header): found `score`, expected each column once; \
         an earlier one has the same meaning\n  line 1: found a header without the column `item`, expected user and item, \
         with or without rating and timestamp",
    );
    refused(
        "wer,was\n1,2\n",
        "events.csv has 1 mistake and was not read:\n  line 1: found what looks like a header, `wer, was`, expected the names \
         user, item, rating, timestamp (the last two may be absent), or no header",
    );
    refused(
        "1::1193::5::978300760\n",
        "events.csv has 1 mistake and was not read:\n  line 1: found one column, `1::1193::5::978300760`, expected user, item, \
         rating, timestamp (the last two may be absent) with `,`, tab, `;` or `|` between",
    );
}

#[test]
fn many_mistakes_are_told_together_and_the_rest_counted() {
    let mut text = String::from("u,x,4,1\n");
    (0..25).for_each(|_| text.push_str("u,x,bad,1\n"));
    text.push_str("u,,worse,1\n");
    let told = read_bytes(text.as_bytes()).unwrap_err();
    assert!(told.contains("has 27 mistakes and was not read:\n  line 2, column 3 (rating)"), "{told}");
    assert!(
        told.ends_with("line 21, column 3 (rating): found `bad`, expected a finite number\n  and 7 more"),
        "{told}"
    );
}

fn items(text: impl AsRef<[u8]>) -> Result<ItemFile, String> {
    in_file(text.as_ref(), read_items)
}

fn names(names: &[Arc<str>]) -> Vec<&str> {
    names.iter().map(|name| &**name).collect()
}

#[test]
fn items_have_titles_years_and_genres() {
    let file = items(
        "movieId,title,year,genres\n1,\"Toys, Inc\",1995,Comedy|Action\n2,Heat,,Action\n3,,1990,(no genres listed)\n",
    )
    .unwrap();
    assert_eq!(names(&file.ids), ["1", "2", "3"]);
    assert_eq!((file.title(0), file.title(2)), (Some("Toys, Inc"), None));
    assert_eq!(file.fact("year"), Some(&FactValues::Numbers(vec![Some(1995.0), None, Some(1990.0)])));
    let Some(FactValues::Labels { names: labels, labels: of }) = file.fact("genres") else { panic!("expected labels") };
    assert_eq!(names(labels), ["Action", "Comedy"]);
    assert_eq!(of, &[vec![0, 1], vec![0], vec![]]);
    assert_eq!(file.delisted, [false; 3]);
}

#[test]
fn other_columns_are_what_their_values_say() {
    let mut text = String::from("price\tid\tbrand\tnote\tdelisted\tvoid\n");
    for item in 0..100 {
        text.push_str(&format!(
            "{item}.5\ti{item}\tb{}|c\tn{item}\t{}\t\n",
            item % 7,
            ["0", "1", "true", ""][item % 4]
        ));
    }
    let file = items(text).unwrap();
    assert_eq!((&*file.ids[0], &*file.ids[99]), ("i0", "i99"));
    assert!(matches!(file.fact("price"), Some(FactValues::Numbers(n)) if n[3] == Some(3.5)));
    assert!(
        matches!(file.fact("brand"), Some(FactValues::Labels { names, .. }) if names.len() == 8 && &*names[0] == "c")
    );
    assert!(matches!(file.fact("note"), Some(FactValues::Texts(t)) if t[5].as_deref() == Some("n5")));
    assert!(matches!(file.fact("void"), Some(FactValues::Texts(t)) if t.iter().all(Option::is_none)));
    assert_eq!(file.delisted[..4], [false, true, true, false]);
    assert_eq!(file.fact("delisted"), None);
}

#[test]
fn mistakes_among_items_are_told_together() {
    let error =
        items("id,title,year,delisted\n1,a,1990,\n2,b\n,c,1990,\n1,d,1990,\n4,e,soon,\n5,f,NaN,maybe\n").unwrap_err();
    assert_eq!(
        error,
        "events.csv has 6 mistakes and was not read:\n  \
         line 3: found 2 columns, expected 4: id, title, year, delisted\n  \
         line 4, column 1 (id): found nothing, expected an id\n  \
         line 5, column 1 (id): found `1`, expected each item once; it is on line 2 too\n  \
         line 6, column 3 (year): found `soon`, expected a number or nothing\n  \
         line 7, column 3 (year): found `NaN`, expected a number or nothing\n  \
         line 7, column 4 (delisted): found `maybe`, expected 1, true, 0, false or nothing",
    );
    assert_eq!(
        items("1,Toy Story,1995\n").unwrap_err(),
        "events.csv has 2 mistakes and was not read:\n  line 1, column 1 (header): found `1`, expected a column name: the \
         first line names the columns, such as id,title,year,genres\n  line 1, column 3 (header): found `1995`, expected a \
         column name: the first line names the columns, such as id,title,year,genres",
    );
    assert_eq!(
        items("id,title\n1,Good\n2,Heat, again\n").unwrap_err(),
        "events.csv has 1 mistake and was not read:\n  line 3: found 3 columns, expected 2: id, title; text with a delimiter \
         inside needs quotes",
    );
    assert_eq!(
        items("id,title\n").unwrap_err(),
        "events.csv has a header and no rows: expected a header such as id,title,year,genres and a line for each item",
    );
}

#[test]
fn the_examples_items_are_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/movielens/movies.csv");
    let file = read_items(&path).unwrap();
    assert_eq!(file.ids.len(), 9066);
    assert_eq!(file.title(0), Some("Toy Story"));
    assert!(matches!(file.fact("genres"), Some(FactValues::Labels { names, .. }) if &*names[0] == "Drama"));
    assert!(matches!(file.fact("year"), Some(FactValues::Numbers(years)) if years[0] == Some(1995.0)));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read_bytes(&bytes);
        let _ = items(&bytes);
    }

    #[test]
    fn any_text_like_a_table_is_read_or_refused(text in "([a-z0-9.,;|\t\" -]{0,12}[\r\n]{1,2}){0,12}") {
        if let Ok(file) = read_bytes(text.as_bytes()) {
            let columns = &file.events.columns;
            prop_assert!(!columns.is_empty());
            prop_assert_eq!(columns.items.len(), columns.len());
            prop_assert!(columns.ratings.as_ref().is_none_or(|r| r.len() == columns.len()));
            prop_assert!(columns.times.as_ref().is_none_or(|t| t.len() == columns.len()));
        }
        let _ = items(&text);
    }

    #[test]
    fn no_row_is_lost(rows in prop::collection::vec(("[a-z]{1,5}", "[0-9]{1,5}", 0_u8..11, 0_u32..4_000_000_000), 1..60)) {
        let lines = rows.iter().map(|(user, item, half, time)| format!("{user}\t{item}\t{:?}\t{time}\n", f32::from(*half) / 2.0));
        let text: String = lines.collect();
        let events = read_bytes(text.as_bytes()).unwrap().events;
        prop_assert_eq!(events.columns.len(), rows.len());
        for (row, (user, item, half, time)) in rows.iter().enumerate() {
            prop_assert_eq!(&*events.users[events.columns.users[row] as usize], user);
            prop_assert_eq!(&*events.items[events.columns.items[row] as usize], item);
            prop_assert_eq!(events.columns.rating(row), Some(f32::from(*half) / 2.0));
            prop_assert_eq!(events.columns.time(row), Some(i64::from(*time) * 1000));
        }
    }
}
