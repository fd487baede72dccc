//! What the host offers, as constants that every function of a script sees: `memory`, `log` and `metric`.

mod memory;

use greenroom_sdk::{NONE, log, metric};
use rhai::{Dynamic, Engine, Scope};

use crate::columns::Number;
use crate::fault::{Told, case_of};
pub(crate) use memory::close_all;

const LEVELS: [(&str, fn(&str)); 4] =
    [("debug", log::debug), ("info", log::info), ("warn", log::warn), ("error", log::error)];

/// Lines for the operator.
#[derive(Debug, Clone, Copy)]
struct Log;

/// Numbers for the operator.
#[derive(Debug, Clone, Copy)]
struct Metric;

/// The names that scripts begin with.
pub(crate) fn constants() -> Scope<'static> {
    let mut scope = Scope::new();
    scope.push_constant("memory", memory::Memory);
    scope.push_constant("log", Log);
    scope.push_constant("metric", Metric);
    scope.push_constant("NONE", i64::from(NONE));
    scope
}

/// Registers what can be done with them, and lets `print` and `debug` write to the log.
pub(crate) fn add_to(engine: &mut Engine) {
    engine.register_type_with_name::<Log>("Log");
    engine.register_type_with_name::<Metric>("Metric");
    for (name, write) in LEVELS {
        engine.register_fn(name, move |_: Log, line: Dynamic| write(&line.to_string()));
    }
    // `log.debug` is no Rhai: the word is the language's own.
    engine.register_fn("write", |_: Log, level: &str, line: Dynamic| -> Told<()> {
        case_of(&LEVELS, "a level", level)?(&line.to_string());
        Ok(())
    });
    engine.on_print(log::info);
    engine.on_debug(|line, _, _| log::debug(line));
    engine.register_fn("count", |_: Metric, name: &str| metric::count(name, 1.0));
    let kinds: [(&str, fn(&str, f64)); 2] = [("count", metric::count), ("observe", metric::observe)];
    for (name, write) in kinds {
        engine.register_fn(name, move |_: Metric, metric: &str, value: Dynamic| -> Told<()> {
            write(metric, Number::of(&value)?.real());
            Ok(())
        });
    }
    memory::add_to(engine);
}
