//! Bad files and what people read about them. Each `tests/bad/NAME.toml` has its message in `NAME.txt`; with
//! `UPDATE_GOLDEN=1` in the environment the messages are written anew.

use std::path::{Path, PathBuf};
use std::{env, fs};

use greenroom_graph::Diagnostics;
use miette::{GraphicalReportHandler, GraphicalTheme};

use crate::components::compile;

fn read(diagnostics: &Diagnostics) -> String {
    let mut text = String::new();
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(120);
    handler.render_report(&mut text, diagnostics).unwrap();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    format!("{}\n", lines.join("\n").trim())
}

#[track_caller]
fn check(path: &Path) {
    let text = fs::read_to_string(path).unwrap();
    let found = match compile(&text) {
        Ok(plan) if plan.warnings.is_empty() => panic!("{} is a good graph", path.display()),
        Ok(plan) => read(&plan.warnings),
        Err(diagnostics) => read(&diagnostics),
    };
    let golden = path.with_extension("txt");
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&golden, found).unwrap();
        return;
    }
    let expected = fs::read_to_string(&golden).unwrap_or_default();
    assert!(found == expected, "{}\nexpected:\n{expected}\nfound:\n{found}", path.display());
}

#[test]
fn each_bad_graph_is_explained() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    assert!(paths.len() > 20);
    paths.iter().for_each(|path| check(path));
}

#[test]
fn words_of_a_file_do_not_drive_the_terminal_of_who_reads_of_them() {
    let text = "[graph]\nname = 'x'\noutput = \"\\u001b[2J\\u0007\"\ndeadline_ms = 1\n\"\\u009b\" = 1\n";
    for mistake in compile(text).unwrap_err().iter() {
        let said = [mistake.message, mistake.label, mistake.help.unwrap_or_default()].concat();
        assert!(!said.chars().any(char::is_control), "{said:?}");
    }
}

#[test]
fn machines_read_lines_and_columns() {
    let text = "[graph]\nname = \"é\"\noutput = 'x'\ndeadline_ms = 1\n";
    let found: Vec<_> = compile(text).unwrap_err().iter().collect();
    let places: Vec<(&str, usize, usize)> = found.iter().map(|it| (it.code.as_str(), it.line, it.column)).collect();
    assert_eq!(places, [("greenroom::graph::bad_name", 2, 8), ("greenroom::graph::unknown_node", 3, 10)]);
}
