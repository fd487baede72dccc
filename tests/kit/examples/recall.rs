//! What recall agents reach on the MovieLens example, and what it costs natively. To choose parameters, look at the cut
//! inside train:
//!
//!     cargo run --release -p greenroom-kit --example recall -- --validation ease half_life=20 lambda=100

use std::error::Error;

use greenroom_als::Als;
use greenroom_content::Content;
use greenroom_ease::Ease;
use greenroom_item_knn::ItemKnn;
use greenroom_kit::movielens::Split;
use greenroom_kit::recall::{Run, defaults, run, set_movie_facts};
use greenroom_popularity::Popularity;
use greenroom_sdk::{Learner, Params};
use greenroom_transitions::Transitions;

type RunOne = fn(&[(String, String)], &Split) -> Result<Run, Box<dyn Error>>;

fn main() -> Result<(), Box<dyn Error>> {
    let (mut agents, mut settings, mut validation) = (Vec::new(), Vec::new(), false);
    for argument in std::env::args().skip(1) {
        match argument.split_once('=') {
            Some((name, value)) => settings.push((name.to_owned(), value.to_owned())),
            None if argument == "--validation" => validation = true,
            None => agents.push(argument),
        }
    }
    let split = Split::p1()?;
    let split = if validation { split.validation() } else { split };
    set_movie_facts(&split)?;
    println!("agent        ndcg@10 recall@20 coverage@10   fit ms  restore ms  decide us  state KiB");
    let all: [(&str, RunOne); 6] = [
        ("popularity", set_and_run::<Popularity>),
        ("item-knn", set_and_run::<ItemKnn>),
        ("ease", set_and_run::<Ease>),
        ("als", set_and_run::<Als>),
        ("content", set_and_run::<Content>),
        ("transitions", set_and_run::<Transitions>),
    ];
    for (name, run) in all {
        if !agents.is_empty() && !agents.iter().any(|agent| agent == name) {
            continue;
        }
        let run = run(&settings, &split)?;
        println!(
            "{name:11}  {:7.4}   {:7.4}     {:7.4} {:8.0} {:11.2} {:10.1} {:10}",
            run.figures.ndcg_at_10,
            run.figures.recall_at_20,
            run.figures.coverage_at_10,
            run.learn_and_fit.as_secs_f64() * 1e3,
            run.restore.as_secs_f64() * 1e3,
            run.decide.as_secs_f64() * 1e6,
            run.state_bytes / 1024,
        );
    }
    Ok(())
}

fn set_and_run<A: Learner>(settings: &[(String, String)], split: &Split) -> Result<Run, Box<dyn Error>> {
    let set = |params: Params, (name, value): &(String, String)| match (value.parse::<i64>(), value.parse::<f64>()) {
        (Ok(whole), _) => params.with(name, whole),
        (_, Ok(real)) => params.with(name, real),
        _ => params.with(name, value.as_str()),
    };
    run::<A>(&settings.iter().fold(defaults::<A>(), set), split)
}
