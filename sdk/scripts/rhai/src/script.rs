//! A script as an agent.

use greenroom_sdk::{
    Decision, Descriptor, Domain, Fault, Feedback, FitReport, Observation, ParamValue, Parameter, Params, State,
};
use rhai::packages::{
    BasicArrayPackage, BasicBlobPackage, BasicMapPackage, BasicMathPackage, CorePackage, LogicPackage,
    MoreStringPackage, Package,
};
use rhai::{AST, Array, CallFnOptions, Dynamic, Engine, FuncArgs, Map, Module, OptimizationLevel, Position, Scope};

use crate::bindings::{Exports, Failure};
use crate::columns::Column;
use crate::fault::{Told, failure_at, failure_of, fault_of, wrong};
use crate::records::{Batch, Seen, decision_of, report_of};
use crate::{columns, describe, fault, host, pack, random, records};

/// How deep functions and closures may call each other. The host gives wasm a stack of 512 KiB, which ends in a trap: a call whose
/// body is nested as deep as is parsed took 23 KB of it on x86-64, where 22 of them fit.
pub(crate) const CALLS_MAX: usize = 16;

/// How deep expressions and blocks may stand in each other.
const NESTED_MAX: usize = 32;

/// Functions that the contract calls, with what it hands over, in words.
const CALLED: [(&str, &[&str]); 7] = [
    ("describe", &[]),
    ("configure", &["params"]),
    ("decide", &["seen"]),
    ("learn", &["batch"]),
    ("fit", &[]),
    ("snapshot", &[]),
    ("restore", &["state"]),
];

/// A script that was loaded: an agent.
pub struct Script {
    name: String,
    engine: Engine,
    ast: AST,
    exports: Exports,
    descriptor: Descriptor,
    /// What functions see as `this`.
    agent: Dynamic,
}

impl Script {
    /// Reads a script, runs what stands outside of its functions, and asks it what it is.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn load(name: &str, source: &str) -> Result<Self, Failure> {
        let mut engine = engine();
        let ast = compile(&mut engine, source)?;
        check(&ast)?;
        let mut script = Self {
            name: name.to_owned(),
            exports: exports(&ast),
            descriptor: describe::nobody(),
            engine,
            ast,
            agent: Map::new().into(),
        };
        if script.has("describe") {
            script.descriptor = script.described().map_err(|error| failure_of(*error))?;
        }
        Ok(script)
    }

    /// The file's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Which exports of the contract it has.
    #[must_use]
    pub fn exports(&self) -> Exports {
        self.exports
    }

    /// What it is.
    #[must_use]
    pub fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn has(&self, function: &str) -> bool {
        has(&self.ast, function)
    }

    fn described(&mut self) -> Told<Descriptor> {
        let described = self.run("describe", ())?;
        let found = described.type_name().to_owned();
        described.try_cast().ok_or_else(|| {
            wrong(format!("`describe` returns `agent(...)`, not a value of type {}", columns::short(&found)))
        })
    }

    fn run(&mut self, function: &str, args: impl FuncArgs) -> Told<Dynamic> {
        let options = CallFnOptions::new().eval_ast(false).bind_this_ptr(&mut self.agent);
        let result = self.engine.call_fn_with_options(options, &mut Scope::new(), &self.ast, function, args);
        host::close_all();
        result
    }

    /// Calls a function that the contract asks for.
    fn call<T>(
        &mut self,
        function: &str,
        args: impl FuncArgs,
        of: impl FnOnce(Dynamic) -> Told<T>,
    ) -> Result<T, Fault> {
        if !self.has(function) {
            return Err(Fault::internal(format!("{} has no `{function}`", self.name)));
        }
        self.run(function, args).and_then(of).map_err(|error| fault_of(&self.name, *error))
    }

    /// `decide(seen)`.
    ///
    /// # Errors
    /// The fault that the script throws, or one that tells of its mistake.
    pub fn decide(&mut self, seen: Observation) -> Result<Decision, Fault> {
        self.call("decide", (Seen::from(seen),), decision_of)
    }

    /// `configure(params)`, where there is one.
    ///
    /// # Errors
    /// As with [`Script::decide`].
    pub fn configure(&mut self, params: &Params) -> Result<(), Fault> {
        if !self.has("configure") {
            return Ok(());
        }
        let params = parameters(&self.descriptor, params)?;
        self.call("configure", (params,), |_| Ok(()))
    }

    /// `snapshot()`: the bytes that it returns, or what it returns as MessagePack. Without one there is no state.
    ///
    /// # Errors
    /// As with [`Script::decide`].
    pub fn snapshot(&mut self) -> Result<State, Fault> {
        let bytes = if self.has("snapshot") { self.call("snapshot", (), pack::bytes_of)? } else { Vec::new() };
        Ok(State { schema: self.descriptor.snapshot_schema.clone(), bytes })
    }

    /// `restore(state)` with the bytes, where there is one.
    ///
    /// # Errors
    /// As with [`Script::decide`].
    pub fn restore(&mut self, state: State) -> Result<(), Fault> {
        if !self.has("restore") {
            return Ok(());
        }
        self.call("restore", (Dynamic::from_blob(state.bytes),), |_| Ok(()))
    }

    /// `learn(batch)`.
    ///
    /// # Errors
    /// As with [`Script::decide`].
    pub fn learn(&mut self, batch: Feedback) -> Result<(), Fault> {
        self.call("learn", (Batch::from(batch),), |_| Ok(()))
    }

    /// `fit()`.
    ///
    /// # Errors
    /// As with [`Script::decide`].
    pub fn fit(&mut self) -> Result<FitReport, Fault> {
        self.call("fit", (), report_of)
    }
}

/// The language, without what reaches outside, and with what an agent needs.
fn engine() -> Engine {
    let mut engine = Engine::new_raw();
    CorePackage::new().register_into_engine(&mut engine);
    LogicPackage::new().register_into_engine(&mut engine);
    BasicMathPackage::new().register_into_engine(&mut engine);
    BasicArrayPackage::new().register_into_engine(&mut engine);
    BasicBlobPackage::new().register_into_engine(&mut engine);
    BasicMapPackage::new().register_into_engine(&mut engine);
    MoreStringPackage::new().register_into_engine(&mut engine);
    engine
        .set_max_call_levels(CALLS_MAX)
        .set_max_expr_depths(NESTED_MAX, NESTED_MAX)
        .set_strict_variables(true)
        .set_fail_on_invalid_map_property(true)
        .disable_symbol("eval")
        .disable_symbol("exit");
    // Rhai takes a text for the name of a function to filter with, as it did long ago.
    engine.register_fn("index_of", |list: Array, text: &str| -> i64 {
        let found = list.iter().position(|one| one.as_immutable_string_ref().is_ok_and(|one| one.as_str() == text));
        found.and_then(|place| i64::try_from(place).ok()).unwrap_or(-1)
    });
    fault::add_to(&mut engine);
    columns::add_to(&mut engine);
    records::add_to(&mut engine);
    describe::add_to(&mut engine);
    host::add_to(&mut engine);
    pack::add_to(&mut engine);
    random::add_to(&mut engine);
    engine
}

/// Reads a script. Its constants are made known to its functions, which in Rhai see nothing of what stands outside of them:
/// they are found by running it once, and are then known to whoever reads it again.
fn compile(engine: &mut Engine, source: &str) -> Result<AST, Failure> {
    let mut known = host::constants();
    let read = |engine: &Engine, scope: &Scope| {
        engine.compile_with_scope(scope, source).map_err(|error| failure_at(told(&error), error.position()))
    };
    engine.set_optimization_level(OptimizationLevel::None).set_strict_variables(false);
    let first = read(engine, &known)?;
    share(engine, &known);
    let mut scope = known.clone();
    engine.run_ast_with_scope(&mut scope, &first).map_err(|error| failure_of(*error))?;
    let mut constants = Scope::new();
    for (name, is_constant, value) in scope.iter().skip(known.len()) {
        if is_constant {
            constants.push_constant_dynamic(name, value.clone());
            known.push_constant_dynamic(name, value);
        }
    }
    share(engine, &constants);
    engine.set_optimization_level(OptimizationLevel::Simple).set_strict_variables(true);
    read(engine, &known)
}

/// Makes constants known to all functions.
fn share(engine: &mut Engine, constants: &Scope) {
    let mut module = Module::new();
    for (name, _, value) in constants.iter() {
        module.set_var(name, value);
    }
    engine.register_global_module(module.into());
}

/// A mistake of the parser, with what to do where that is not plain.
fn told(error: &rhai::ParseError) -> String {
    match error.err_type() {
        rhai::ParseErrorType::VariableUndefined(name) => format!(
            "there is no `{name}` here: functions see their parameters, `this` and constants (`const`), but no `let` of \
             outside"
        ),
        rhai::ParseErrorType::ExprTooDeep => format!("expressions and blocks are nested more than {NESTED_MAX} deep"),
        other => other.to_string(),
    }
}

fn has(ast: &AST, function: &str) -> bool {
    let takes = CALLED.iter().find(|(name, _)| *name == function).map_or(0, |(_, takes)| takes.len());
    ast.iter_functions().any(|found| found.name == function && found.params.len() == takes)
}

/// That what the contract calls is there, and takes what it is given.
fn check(ast: &AST) -> Result<(), Failure> {
    let failure = |message: String| Err(failure_at(message, Position::NONE));
    for (name, takes) in CALLED {
        let found: Vec<_> = ast.iter_functions().filter(|found| found.name == name).collect();
        if let [one] = found.as_slice()
            && one.params.len() != takes.len()
        {
            return failure(format!(
                "`fn {name}({})` is called as `{name}({})`",
                one.params.join(", "),
                takes.join(", ")
            ));
        }
    }
    for (one, other) in [("learn", "fit"), ("fit", "learn"), ("configure", "describe"), ("learn", "describe")] {
        if has(ast, one) && !has(ast, other) {
            return failure(format!("there is `fn {one}`, but no `fn {other}`, without which it is not called"));
        }
    }
    if has(ast, "decide") { Ok(()) } else { failure("there is no `fn decide(seen)`, which every agent has".into()) }
}

fn exports(ast: &AST) -> Exports {
    let mut exports = Exports::POLICY;
    if has(ast, "describe") {
        exports = exports | Exports::LIFECYCLE;
    }
    if has(ast, "learn") && has(ast, "fit") {
        exports = exports | Exports::LEARNER;
    }
    exports
}

/// Parameters as a map. Items that were not given are none, and numbers `()`.
fn parameters(descriptor: &Descriptor, params: &Params) -> Result<Map, Fault> {
    let value = |name: &str, domain: &Domain| -> Result<Dynamic, Fault> {
        Ok(match domain {
            Domain::Float(_) => params.float(name)?.into(),
            Domain::Integer(_) => params.integer::<i64>(name)?.into(),
            Domain::Choice(_) => params.choice(name)?.into(),
            Domain::Boolean(_) => params.boolean(name)?.into(),
            Domain::Items => Dynamic::from(Column::from(params.items(name)?)),
            Domain::Numbers => match params.numbers(name)? {
                Some(ParamValue::Numbers(all)) => all.into_iter().map(Dynamic::from).collect::<Array>().into(),
                Some(ParamValue::Named(all)) => {
                    all.into_iter().map(|(name, x)| (name.into(), Dynamic::from(x))).collect::<Map>().into()
                }
                _ => Dynamic::UNIT,
            },
        })
    };
    let each = descriptor.parameters.iter();
    each.map(|Parameter { name, domain, .. }| Ok((name.as_str().into(), value(name, domain)?))).collect()
}
