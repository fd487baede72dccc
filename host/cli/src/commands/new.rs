//! `greenroom new`: the sources of an agent that works, to begin from.

use std::path::PathBuf;

use greenroom_build::{Language, check_name};

use crate::commands::build::failed;
use crate::exit::Failure;
use crate::output;

/// Makes a folder with the sources of an agent that works, in a language of your choice, to begin from.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The agent's name, such as `my-agent`; or a path that ends with it.
    name: PathBuf,
    /// What it is written in.
    #[arg(long, value_name = "LANGUAGE", value_parser = language, default_value = "rust")]
    lang: Language,
}

fn language(text: &str) -> Result<Language, String> {
    Language::of(text).ok_or_else(|| format!("expected one of {}", Language::ALL.map(Language::name).join(", ")))
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let folder = &arguments.name;
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    check_name(&name).map_err(|wrong| Failure::arguments(format!("{:?} is {wrong}", folder.display())))?;
    let written = greenroom_build::new(arguments.lang, &name, folder).map_err(failed)?;
    let mut lines: Vec<String> = written.iter().map(|path| format!("  {}", folder.join(path).display())).collect();
    lines.insert(0, format!("{name}, an agent in {}:", arguments.lang.name()));
    lines.push(String::new());
    lines.push("Go on with:".to_owned());
    lines.push(format!("  cd {}", folder.display()));
    lines.extend(arguments.lang.set_up().map(|command| format!("  {command}")));
    lines.push("  greenroom build".to_owned());
    lines.push("  greenroom test".to_owned());
    output::text(&(lines.join("\n") + "\n"))
}
