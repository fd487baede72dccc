//! Each recall agent reaches what the same method reaches elsewhere, on the same split: `implicit` 0.7.3 for neighbours
//! and ALS, numpy for EASE^R.

use std::error::Error;

use greenroom_als::Als;
use greenroom_content::Content;
use greenroom_ease::Ease;
use greenroom_item_knn::ItemKnn;
use greenroom_kit::movielens::{Figures, Split};
use greenroom_kit::recall::{defaults, run, set_movie_facts};
use greenroom_popularity::Popularity;
use greenroom_sdk::{Learner, Params};
use greenroom_transitions::Transitions;

fn figures<A: Learner>(params: &Params) -> Result<Figures, Box<dyn Error>> {
    Ok(run::<A>(params, &Split::p1()?)?.figures)
}

#[track_caller]
fn near(found: Figures, ndcg_at_10: f64, recall_at_20: f64) {
    let off = (found.ndcg_at_10 - ndcg_at_10).abs().max((found.recall_at_20 - recall_at_20).abs());
    assert!(off <= 0.005, "{found:?} is not within 0.005 of the peer's {ndcg_at_10} and {recall_at_20}");
}

#[track_caller]
fn at_least(found: Figures, ndcg_at_10: f64, recall_at_20: f64) {
    let enough = found.ndcg_at_10 >= ndcg_at_10 && found.recall_at_20 >= recall_at_20;
    assert!(enough, "{found:?} is less than {ndcg_at_10} and {recall_at_20}");
}

#[test]
fn popularity_is_that_of_counting() {
    near(figures::<Popularity>(&defaults::<Popularity>()).unwrap(), 0.0592, 0.0755);
}

fn neighbours(metric: &str) -> Params {
    let as_there = defaults::<ItemKnn>().with("metric", metric).with("k1", 1.2).with("b", 0.75);
    as_there.with("neighbours", 100_i64).with("half_life", 0.0)
}

#[test]
fn cosine_neighbours_are_those_of_implicit() {
    near(figures::<ItemKnn>(&neighbours("cosine")).unwrap(), 0.0801, 0.1161);
}

#[test]
fn bm25_neighbours_are_those_of_implicit() {
    near(figures::<ItemKnn>(&neighbours("bm25")).unwrap(), 0.0574, 0.0976);
}

#[test]
fn als_is_that_of_implicit() {
    near(
        figures::<Als>(&defaults::<Als>().with("regularization", 0.1).with("half_life", 0.0)).unwrap(),
        0.0905,
        0.1241,
    );
}

#[test]
fn ease_on_the_most_popular_items_is_no_worse_than_on_all() {
    at_least(figures::<Ease>(&defaults::<Ease>().with("half_life", 0.0)).unwrap(), 0.103, 0.133);
}

#[test]
fn the_defaults_gain_from_weighing_what_was_liked_lately() {
    at_least(figures::<Ease>(&defaults::<Ease>()).unwrap(), 0.1043, 0.1343);
    at_least(figures::<ItemKnn>(&defaults::<ItemKnn>()).unwrap(), 0.0801, 0.1161);
    at_least(figures::<Als>(&defaults::<Als>()).unwrap(), 0.0905, 0.1241);
}

#[test]
fn what_follows_on_the_latest_likes_is_worth_more_than_what_goes_with_all_of_them() {
    at_least(figures::<Transitions>(&defaults::<Transitions>()).unwrap(), 0.1066, 0.1495);
}

#[test]
fn content_finds_what_it_could_not_by_chance() {
    set_movie_facts(&Split::p1().unwrap()).unwrap();
    at_least(figures::<Content>(&defaults::<Content>()).unwrap(), 0.02, 0.03);
}
