mod blocks;
mod unfooled;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use greenroom_model::Digest;

use super::*;
use crate::events::{Columns, Events, Order, ReadOptions, read};

fn movielens() -> Events {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/movielens/ratings.csv");
    read(&path, &ReadOptions::default()).unwrap().events
}

/// Events written as `user item rating time`; a rating or time of `-` in the first says that there are none.
fn events(rows: &[&str]) -> Events {
    let mut events =
        Events { users: Vec::new(), items: Vec::new(), columns: Columns::default(), order: Order::Unknown };
    let (mut ratings, mut times) = (Vec::new(), Vec::new());
    for row in rows {
        let fields: Vec<&str> = row.split(' ').collect();
        let number = |ids: &mut Vec<Arc<str>>, id: &str| {
            let at = ids.iter().position(|known| &**known == id).unwrap_or_else(|| {
                ids.push(id.into());
                ids.len() - 1
            });
            u32::try_from(at).unwrap()
        };
        events.columns.users.push(number(&mut events.users, fields[0]));
        events.columns.items.push(number(&mut events.items, fields[1]));
        ratings.extend(fields[2].parse::<f32>());
        times.extend(fields[3].parse::<i64>());
    }
    if times.len() == rows.len() {
        events.order = Order::Times;
        events.columns.times = Some(times);
    }
    events.columns.ratings = (ratings.len() == rows.len()).then_some(ratings);
    events
}

/// A part as `user item` rows.
fn rows(split: &Split, part: &Columns) -> Vec<String> {
    let row = |row| format!("{} {}", split.users[part.users[row] as usize], split.items[part.items[row] as usize]);
    (0..part.len()).map(row).collect()
}

fn file(split: &Split, part: &Columns) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_tsv(split, part, &mut bytes).unwrap();
    bytes
}

#[test]
fn p1_gives_the_same_files_as_the_reference() {
    let split = p1(&movielens()).unwrap();
    assert_eq!(
        (split.users.len(), split.items.len(), split.train.len(), split.test.len()),
        (659, 6169, 41_487, 10_048)
    );
    let train = Digest::of(&file(&split, &split.train)).hex();
    let test = Digest::of(&file(&split, &split.test)).hex();
    assert_eq!(train, "d2343fe0211c976f201f7920858fa6bef79bb42a0f3366e3ea365e0f39495b9f");
    assert_eq!(test, "05cf6de4be26cb84500fe4d412b40e186114303d440efe9841de0b5de6bc0caf");
    assert_eq!(split.notes, Vec::<String>::new());
}

#[test]
fn a_written_split_judges_like_the_one_it_was_written_from() {
    let split = p1(&movielens()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let part = |name: &str, part: &Columns| {
        let path = folder.path().join(name);
        std::fs::write(&path, file(&split, part)).unwrap();
        read(&path, &ReadOptions::default()).unwrap().events
    };
    let again = pair(&part("train.tsv", &split.train), &part("test.tsv", &split.test)).unwrap();
    assert_eq!(again, split);
}

#[test]
fn p1_breaks_ties_by_item_and_keeps_back_a_fifth_but_at_least_one() {
    let ties = ["u 10 5 7", "u 9 5 7", "u 2 4 9", "u 3 4 1", "u 8 3.5 99", "u 4 4 2", "v 4 5 1"];
    let split = p1(&events(&ties)).unwrap();
    assert_eq!(rows(&split, &split.train), ["u 3", "u 4", "u 9", "u 10"]);
    assert_eq!(rows(&split, &split.test), ["u 2"]);
    assert_eq!(split.users.len(), 1);
    assert_eq!(split.items.len(), 5);
}

#[test]
fn without_ratings_every_row_is_a_positive() {
    let split = p1(&events(&["u a - 1", "u b - 2", "u c - 3", "u d - 4", "u e - 5"])).unwrap();
    assert_eq!(rows(&split, &split.test), ["u e"]);
    assert_eq!(String::from_utf8(file(&split, &split.test)).unwrap(), "u\te\t5\n");
}

#[test]
fn a_rating_that_never_varies_says_nothing() {
    let split = p1(&events(&["u a 1 1", "u b 1 2", "u c 1 3", "u d 1 4", "u e 1 5"])).unwrap();
    assert_eq!(rows(&split, &split.test), ["u e"]);
    assert_eq!(split.train.ratings, None);
    assert_eq!(split.notes, ["every rating in events is 1, so that every row counts as a positive"]);
}

#[test]
fn in_a_file_in_order_rows_stand_for_times() {
    let mut ordered = events(&["u e - -", "u d - -", "u c - -", "u b - -", "u a - -"]);
    assert_eq!(p1(&ordered), Err(ProtocolError::OrderUnknown { protocol: "p1" }));
    ordered.order = Order::Rows;
    let split = p1(&ordered).unwrap();
    assert_eq!(rows(&split, &split.test), ["u a"]);
    assert_eq!((split.train.times, split.test.times), (Some(vec![0, 1, 2, 3]), Some(vec![4])));
    assert_eq!(pair(&ordered, &ordered).unwrap().train.times, Some(vec![0, 1, 2, 3, 4]));
}

#[test]
fn what_cannot_be_judged_is_said() {
    let told = |rows: &[&str]| p1(&events(rows)).unwrap_err().to_string();
    assert_eq!(
        told(&["u a 5 1", "u b 5 1", "v c 5 1"]),
        "no subject has 5 positives, which protocol p1 needs: the most that one has is 2"
    );
    assert_eq!(
        pair(&events(&["u a 5 1"]), &events(&["u b 3 1", "u c 2 1"])).unwrap_err().to_string(),
        "no test row is a positive: ratings reach 3, and a positive has 4 or more; leave the rating column out when every \
         row is a positive"
    );
    assert_eq!(
        told(&["u a - -"]),
        "protocol p1 keeps each subject's latest positives back, and these events have no timestamps: add a timestamp \
         column, or say that the file is in order (--ordered)"
    );
}

#[test]
fn a_pair_has_every_item_of_both_files_and_keeps_new_subjects() {
    let train = events(&["u 10 5 1", "u 9 2 2", "w 10 4 3"]);
    let test = events(&["u 7 5 4", "new 10 4 5", "w 11 1 6", "w 10 5 6"]);
    let split = pair(&train, &test).unwrap();
    assert_eq!(split.items.iter().map(|item| &**item).collect::<Vec<_>>(), ["7", "9", "10", "11"]);
    assert_eq!(rows(&split, &split.train), ["u 10", "u 9", "w 10"]);
    assert_eq!(rows(&split, &split.test), ["u 7", "new 10", "w 10"]);
    assert_eq!(
        split.notes,
        [
            "1 test rows are rated below 4 and are not judged",
            "1 test rows repeat a subject and item of train, which no arm can hit: items in a subject's train part are not \
             answered to it"
        ]
    );
    let judge = Judge::new(&split, &Thresholds { cold_max: 1, light_max: 2 });
    let judged = judge.judge(&[]);
    let names: Vec<&str> = judge.users().iter().map(|user| &*split.users[*user as usize]).collect();
    assert_eq!(names, ["new", "u", "w"]);
    assert_eq!(*judged.segments, [Segment::New, Segment::Light, Segment::Cold]);
}

#[test]
fn nothing_before_a_cut_is_later_than_what_comes_after() {
    let mut test = events(&["z z 5 1"]);
    test.columns.users[0] = 0;
    let train = events(&["u a 5 1", "u b 1 4", "u c 5 3", "u d 5 2", "u e 2 9", "u f 4 5", "v a 5 1"]);
    let split = pair(&train, &test).unwrap();
    let Cut { early, next } = cut(&split, 0.25, 2);
    assert_eq!(rows(&split, &early), ["u a", "u b", "u c", "u d", "v a"]);
    assert_eq!(rows(&split, &next), ["u e", "u f"]);
    let Cut { early, next } = cut(&split, 0.5, 5);
    assert_eq!((early.len(), next.len()), (7, 0));
}

#[test]
fn a_cut_without_order_does_not_depend_on_the_order_of_the_file() {
    let mut lines: Vec<String> = (0..40).map(|row| format!("u{} i{row} - -", row % 3)).collect();
    let cut_of = |lines: &[String]| {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let split = pair(&events(&lines), &events(&["u0 x - -"])).unwrap();
        let Cut { early, next } = cut(&split, 0.2, 2);
        assert_eq!((early.len(), next.len()), (34, 6));
        rows(&split, &next).into_iter().collect::<HashSet<_>>()
    };
    let forwards = cut_of(&lines);
    lines.reverse();
    assert_eq!(cut_of(&lines), forwards);
    assert!(!forwards.contains("u0 i39"), "the last rows of the file are not special: {forwards:?}");
}

#[track_caller]
fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
}

#[track_caller]
fn scored(items: &[u32], positives: &[u32], [ndcg, recall, mrr, hit]: [f64; 4]) {
    let scores = score(items, positives);
    near(scores.ndcg, ndcg);
    near(scores.recall, recall);
    near(scores.mrr, mrr);
    near(scores.hit, hit);
}

#[test]
fn lists_score_as_computed_by_hand() {
    // Hits at ranks 2 and 5 of three positives: (1/log2 3 + 1/log2 6) / (1 + 1/log2 3 + 1/2).
    scored(&[7, 3, 9, 1, 4], &[3, 4, 8], [0.477_623_703_503_217_9, 2.0 / 3.0, 0.5, 1.0]);
    // Eleven positives, hits at ranks 1 and 11: the ideal has ten ranks.
    let eleven: Vec<u32> = (100..111).collect();
    scored(&[100, 0, 1, 2, 3, 4, 5, 6, 7, 8, 101], &eleven, [0.220_091_766_298_080_17, 2.0 / 11.0, 1.0, 1.0]);
    // Rank 21 does not count.
    let late: Vec<u32> = (0..21).collect();
    scored(&late, &[20], [0.0; 4]);
    scored(&late, &[19], [0.0, 1.0, 0.05, 0.0]);
    // Repeating a hit gains nothing.
    scored(&[5, 5, 5], &[5, 6], [1.0 / (1.0 + 1.0 / 3_f64.log2()), 0.5, 1.0, 1.0]);
    scored(&[], &[1], [0.0; 4]);
    scored(&[1], &[], [0.0; 4]);
}

/// What popularity answers: the items with the most train rows that the subject does not have, smaller ids first.
fn popularity(split: &Split, judge: &Judge) -> Vec<Ranked> {
    let mut counts = vec![0_u32; split.items.len()];
    split.train.items.iter().for_each(|item| counts[*item as usize] += 1);
    let mut order: Vec<u32> = (0..).take(counts.len()).collect();
    order.sort_by_key(|item| std::cmp::Reverse(counts[*item as usize]));
    let seen: HashSet<(u32, u32)> = split.train.users.iter().copied().zip(split.train.items.iter().copied()).collect();
    let list = |user: u32| order.iter().copied().filter(|item| !seen.contains(&(user, *item))).take(20).collect();
    judge.users().iter().map(|user| Ranked { user: *user, earlier: 0, items: list(*user) }).collect()
}

#[test]
fn popularity_on_movielens_has_the_references_figures() {
    let split = p1(&movielens()).unwrap();
    let judge = Judge::new(&split, &Thresholds { cold_max: 20, light_max: 100 });
    let judged = judge.judge(&popularity(&split, &judge));
    let check = |metric, segment, value| near(judged.estimate(metric, segment).value, value);
    check(Metric::Ndcg, None, 0.059_219_194_149_230_07);
    near(judged.estimate(Metric::Ndcg, None).se, 0.004_898_839_729_421_821);
    check(Metric::Recall, None, 0.075_482_663_627_490_88);
    near(judged.estimate(Metric::Recall, None).se, 0.005_865_828_014_490_522);
    check(Metric::Mrr, None, 0.122_107_726_341_965_76);
    check(Metric::Hit, None, 0.270_106_221_547_799_7);
    check(Metric::Ndcg, Some(Segment::Cold), 0.050_883_440_274_516_814);
    check(Metric::Ndcg, Some(Segment::Light), 0.048_558_411_829_028_3);
    check(Metric::Ndcg, Some(Segment::Heavy), 0.102_431_133_712_469_7);
    check(Metric::Ndcg, Some(Segment::Head), 0.076_587_967_407_881_57);
    check(Metric::Recall, Some(Segment::Head), 0.139_913_252_907_457_96);
    check(Metric::Recall, Some(Segment::Tail), 0.0);
    assert_eq!(judged.values(Metric::Ndcg, Some(Segment::Tail)).len(), 586);
    near(judged.coverage, 0.010_212_352_082_995_623);
    near(judged.novelty.unwrap(), 7.840_844_151_063_319);
    near(judged.gini.unwrap(), 0.997_376_868_713_499_1);
}

#[test]
fn the_order_of_lists_does_not_matter_and_a_missing_one_scores_nothing() {
    let split = p1(&movielens()).unwrap();
    let judge = Judge::new(&split, &Thresholds { cold_max: 20, light_max: 100 });
    let mut lists = popularity(&split, &judge);
    let judged = judge.judge(&lists);
    lists.reverse();
    assert_eq!(judge.judge(&lists), judged);
    let best = judged.scores.iter().map(|scores| scores.ndcg).fold(0.0, f64::max);
    let at = judged.scores.iter().position(|scores| scores.ndcg >= best).unwrap();
    lists.retain(|list| list.user != judge.users()[at]);
    let without = judge.judge(&lists);
    assert_eq!(without.scores.len(), judged.scores.len());
    assert_eq!(without.scores[at], Scores::default());
}

/// At which rank an arm hits a subject's positive.
type RankOf = fn(u32) -> usize;

/// A report on 40 subjects with one positive each, which arms hit at the ranks given (0 is not at all).
fn report(arms: &[(&str, ArmKind, &str, RankOf)]) -> Report {
    let test: Vec<String> = (0..40).map(|user| format!("u{user} hit - {user}")).collect();
    let mut train: Vec<String> = (0..30).map(|user| format!("u{user} i{} - {user}", user % 9)).collect();
    train.extend((0..12).map(|item| format!("u0 i{item} - 99")));
    let borrow = |rows: &[String]| events(&rows.iter().map(String::as_str).collect::<Vec<_>>());
    let split = pair(&borrow(&train), &borrow(&test)).unwrap();
    let judge = Judge::new(&split, &Thresholds { cold_max: 5, light_max: 50 });
    let hit = u32::try_from(split.items.iter().position(|item| &**item == "hit").unwrap()).unwrap();
    let others: Vec<u32> = (0..13).filter(|item| *item != hit).collect();
    let entries: Vec<Entry> = arms
        .iter()
        .map(|(name, kind, graph, rank)| {
            let list = |user: &u32| {
                let mut items = others.clone();
                if let Some(at) = rank(*user).checked_sub(1) {
                    items.insert(at, hit);
                }
                Ranked { user: *user, earlier: 0, items }
            };
            let judged = judge.judge(&judge.users().iter().map(list).collect::<Vec<_>>());
            let cost = Cost {
                fuel_per_request: Some(12_345_678.0),
                time_us: Quantiles::of(&[900.0, 1_100.0, 1_000.0]),
                degraded: 0,
            };
            Entry { name: (*name).to_owned(), kind: *kind, graph: (*graph).to_owned(), judged, cost }
        })
        .collect();
    let digests = [("test".to_owned(), Digest::of(b"test"))].into();
    let (users, items) = (split.users.len(), split.items.len());
    let data = Data { users, judged: 40, items, train: split.train.len(), test: split.test.len(), blocks: 1, digests };
    Report::new("pair", data, &entries, vec!["no items file: titles are unknown".to_owned()], &Bootstrap::default())
}

fn movies() -> Report {
    report(&[
        ("movies", ArmKind::Graph, "movies", |user| if user % 8 == 0 { 3 } else { 1 }),
        ("ease", ArmKind::Agent, "movies", |_| 2),
        ("popularity", ArmKind::Agent, "movies", |user| if user % 2 == 0 { 0 } else { 1 }),
    ])
}

#[test]
fn a_graph_is_compared_with_its_best_agent_in_each_metric() {
    let report = movies();
    let overall: Vec<_> = report.comparisons.iter().filter(|c| c.segment.is_none()).collect();
    assert_eq!(overall.len(), 2);
    assert_eq!((&*overall[0].b, overall[0].metric, overall[0].verdict), ("ease", Metric::Ndcg, Verdict::Above));
    assert_eq!((&*overall[1].b, overall[1].metric, overall[1].verdict), ("ease", Metric::Recall, Verdict::Undecided));
    let segments: Vec<_> = report.comparisons.iter().filter_map(|c| Some((c.segment?, c.users))).take(4).collect();
    assert_eq!(segments, [(Segment::New, 10), (Segment::Cold, 29), (Segment::Light, 1), (Segment::Tail, 40)]);
}

#[test]
fn two_graphs_are_compared_pairwise_and_each_with_its_own_agents() {
    let report = report(&[
        ("a", ArmKind::Graph, "a", |_| 2),
        ("knn", ArmKind::Agent, "a", |_| 1),
        ("b", ArmKind::Graph, "b", |_| 5),
        ("ease", ArmKind::Agent, "b", |_| 6),
    ]);
    let overall: Vec<_> =
        report.comparisons.iter().filter(|c| c.segment.is_none() && c.metric == Metric::Ndcg).collect();
    let found: Vec<_> = overall.iter().map(|c| (&*c.a, &*c.b, c.verdict)).collect();
    assert_eq!(found, [("a", "knn", Verdict::Below), ("b", "ease", Verdict::Above), ("a", "b", Verdict::Above)]);
    assert!(report.sentence(overall[2]).starts_with("Graph a is above graph b in ndcg@10 ("));
    assert!(report.sentence(overall[0]).starts_with("Graph a is NOT above its best single agent, knn, in ndcg@10"));
}

#[test]
fn a_report_has_the_names_that_programs_look_for() {
    let report = movies();
    let json = serde_json::to_value(&report).unwrap();
    let arm = &json["arms"][0];
    for key in ["ndcg@10", "recall@20", "mrr", "hit@10"] {
        assert!(arm[key]["value"].is_f64() && arm[key]["se"].is_f64(), "{key}");
    }
    for key in ["coverage@10", "novelty", "gini", "fuel_per_request"] {
        assert!(arm[key].is_f64(), "{key}");
    }
    assert_eq!((&arm["kind"], &json["arms"][1]["kind"]), (&"graph".into(), &"agent".into()));
    assert_eq!((&arm["time_us"]["p50"], &arm["degraded"]), (&1_000.0.into(), &0.into()));
    assert_eq!(arm["segments"]["cold"]["users"], 29);
    assert!(arm["segments"]["tail"]["recall@20"]["value"].is_f64());
    let comparison = &json["comparisons"][0];
    assert_eq!((&comparison["a"], &comparison["b"]), (&"movies".into(), &"ease".into()));
    assert_eq!((&comparison["metric"], &comparison["verdict"]), (&"ndcg@10".into(), &"above".into()));
    assert!(["difference", "low", "high"].iter().all(|key| comparison[*key].is_f64()));
    assert!(json["data"]["digests"]["test"].as_str().unwrap().starts_with("sha256:"));
    assert_eq!(serde_json::from_value::<Report>(json).unwrap(), report);
}

#[test]
fn a_report_folds_to_the_width_of_the_terminal() {
    let report = movies();
    for width in [0, 60, 61, 80, 100, 200] {
        let text = report.render(width);
        let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= width.max(60), "{widest} in {width}:\n{text}");
        for word in ["ndcg@10", "recall@20", "coverage@10", "novelty", "gini", "degraded", "tail (40)"] {
            assert!(text.contains(word), "{word} in {width}:\n{text}");
        }
    }
    assert_eq!(report.render(80), include_str!("tests/report.txt"));
}
