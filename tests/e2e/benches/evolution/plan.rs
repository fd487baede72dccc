//! What is run, and with what.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::arm::Arm;

/// Declared before anything is looked at, as those of `greenroom prove` are.
pub(crate) const SEEDS: &str = "1,2,3,4,5";

/// Read from the environment.
pub(crate) struct Plan {
    pub(crate) greenroom: PathBuf,
    /// Of the repository: commands run there.
    pub(crate) root: PathBuf,
    pub(crate) components: PathBuf,
    pub(crate) python: String,
    /// Where the figures are written.
    pub(crate) figures: PathBuf,
    /// Where all that is finished is kept.
    pub(crate) folder: PathBuf,
    pub(crate) arms: Vec<Arm>,
    pub(crate) folds: Vec<u64>,
    /// In each fold.
    pub(crate) trials: u64,
    /// Of the last graph.
    pub(crate) final_trials: u64,
    /// Of all searches.
    pub(crate) seed: u64,
    /// Searches at once.
    pub(crate) parallel: usize,
}

impl Plan {
    pub(crate) fn from_environment() -> Self {
        let text = |name: &str, usual: &str| env::var(name).unwrap_or_else(|_| usual.to_owned());
        let own = |name: &str, usual: &str| text(&format!("GREENROOM_EVOLUTION_{name}"), usual);
        let number = |name: &str, usual: u64| -> u64 {
            let said = own(name, &usual.to_string());
            said.parse().unwrap_or_else(|_| panic!("GREENROOM_EVOLUTION_{name} is {said:?}: expected a number"))
        };
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
        let there = |name: &str| {
            let path =
                env::var_os(name).unwrap_or_else(|| panic!("{name} is not set: `make figures-evolution` sets it"));
            Path::new(&path).canonicalize().unwrap_or_else(|error| panic!("{name}: {}: {error}", path.display()))
        };
        let figures = root.join(text("GREENROOM_FIGURES", "target/figures/evolution.json"));
        let arms: Vec<Arm> = own("ARMS", &Arm::ALL.map(Arm::name).join(","))
            .split(',')
            .map(|name| {
                Arm::named(name.trim()).unwrap_or_else(|| panic!("no arm {name:?}; {:?}", Arm::ALL.map(Arm::name)))
            })
            .collect();
        let folds = own("FOLDS", "0,1,2,3,4");
        let fold = |fold: &str| fold.trim().parse().ok().filter(|fold| *fold < 5);
        let folds = folds.split(',').map(|of| fold(of).unwrap_or_else(|| panic!("no fold {of:?}; 0 to 4"))).collect();
        let trials = number("TRIALS", 60);
        let plan = Self {
            greenroom: there("GREENROOM"),
            components: there("GREENROOM_COMPONENTS"),
            python: text("GREENROOM_PYTHON", "python3"),
            folder: root.join(own("FOLDER", &figures.with_extension("").display().to_string())),
            root,
            figures,
            arms,
            folds,
            trials,
            final_trials: number("FINAL_TRIALS", 5 * trials),
            seed: number("SEED", 1),
            parallel: usize::try_from(number("PARALLEL", 1)).unwrap().max(1),
        };
        plan.expect_optuna();
        plan
    }

    /// A search of hours should not end with a missing package.
    fn expect_optuna(&self) {
        if self.arms.iter().any(|arm| arm.asks_optuna()) {
            let asked = Command::new(&self.python).args(["-c", "import optuna; print(optuna.__version__)"]).output();
            match asked {
                Ok(output) if output.status.success() => {
                    println!("Optuna {}", String::from_utf8_lossy(&output.stdout).trim());
                }
                Ok(output) => panic!("no Optuna: {}", String::from_utf8_lossy(&output.stderr)),
                Err(error) => panic!("{} cannot be run: {error}; GREENROOM_PYTHON says which", self.python),
            }
        }
    }

    /// What searches begin with, or what people made.
    pub(crate) fn graph(&self, arm: Arm) -> PathBuf {
        let name = if arm == Arm::ByHand { "graph" } else { "plain" };
        self.root.join(format!("examples/movielens/{name}.toml"))
    }

    pub(crate) fn data(&self) -> [String; 4] {
        let of = |name: &str| format!("examples/movielens/{name}");
        ["--events".to_owned(), of("ratings.csv"), "--items".to_owned(), of("movies.csv")]
    }

    /// The command.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.greenroom);
        command.current_dir(&self.root);
        command
    }

    /// The same, with cores shared among searches.
    pub(crate) fn command_beside(&self) -> Command {
        let mut command = self.command();
        if self.parallel > 1 {
            let cores = std::thread::available_parallelism().map_or(1, usize::from);
            command.env("GREENROOM_GUEST_THREADS", (cores / self.parallel).max(1).to_string());
        }
        command
    }

    /// A folder for what is finished, in which graph files find their components.
    pub(crate) fn place(&self, name: &str) -> PathBuf {
        let folder = self.folder.join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let link = folder.join("components");
        if std::fs::read_link(&link).ok().as_deref() != Some(self.components.as_path()) {
            let _ = std::fs::remove_file(&link);
            std::os::unix::fs::symlink(&self.components, &link).unwrap();
        }
        folder
    }
}
