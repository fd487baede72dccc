//! What is compared.

/// A way to come to a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arm {
    /// The graph as it is.
    Static,
    /// The graph that people made of the same agents, as it is.
    ByHand,
    /// The parameters of its agents, by Optuna.
    Optuna,
    /// Wiring and parameters of all agents in one flat space, by Optuna.
    OptunaJoint,
    /// The same at random.
    RandomJoint,
    /// The parameters of its agents alone.
    Individual,
    /// The wiring alone.
    Compositional,
    /// Both levels in turns: what `greenroom evolve` does when nothing else is said.
    Both,
    /// The same with half of the fuel that the flat space took.
    BothHalf,
}

impl Arm {
    pub(crate) const ALL: [Self; 9] = [
        Self::Static,
        Self::ByHand,
        Self::Optuna,
        Self::OptunaJoint,
        Self::RandomJoint,
        Self::Individual,
        Self::Compositional,
        Self::Both,
        Self::BothHalf,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::ByHand => "by-hand",
            Self::Optuna => "optuna",
            Self::OptunaJoint => "optuna-joint",
            Self::RandomJoint => "random-joint",
            Self::Individual => "individual",
            Self::Compositional => "compositional",
            Self::Both => "both",
            Self::BothHalf => "both-half-fuel",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|arm| arm.name() == name)
    }

    /// Whether it is a graph that nothing is searched for.
    pub(crate) fn is_given(self) -> bool {
        matches!(self, Self::Static | Self::ByHand)
    }

    pub(crate) fn asks_optuna(self) -> bool {
        matches!(self, Self::Optuna | Self::OptunaJoint)
    }

    /// Of `greenroom evolve`.
    pub(crate) fn level(self) -> &'static str {
        match self {
            Self::Static | Self::ByHand | Self::Both | Self::BothHalf => "both",
            Self::Optuna | Self::Individual => "individual",
            Self::Compositional => "compositional",
            Self::OptunaJoint | Self::RandomJoint => "joint",
        }
    }
}
