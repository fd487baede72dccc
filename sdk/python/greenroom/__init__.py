"""The Python SDK of Greenroom: write an agent, get a component.

    import greenroom

    @greenroom.agent
    class Backwards:
        def decide(self, seen):
            ranked = seen.take_candidates("ranked").first(seen.limit)
            return ranked.pick(range(len(ranked) - 1, -1, -1))

An agent is a class with `decide`, with `describe` and `configure` when it has parameters, `snapshot` and `restore` when it has a
state, `learn` and `fit` when it learns: see `Policy`, `Lifecycle` and `Learner`. The same class runs without WebAssembly, which
is how it is tested: see `greenroom.native`.
"""

from . import log, memory, metric
from .agents import Learner, Lifecycle, Policy, agent
from .candidates import Candidates
from .columns import Column, ColumnSpec
from .describing import Descriptor, Parameter, boolean, choice, describe, integer, items, numbers
from .describing import float_ as float
from .documents import pack, unpack
from .faults import (
    Fault,
    Internal,
    InvalidFeedback,
    InvalidObservation,
    InvalidParameters,
    InvalidState,
    Unavailable,
)
from .feedback import NONE, Feedback, FitReport, State
from .observation import History, Input, Observation, Subject
from .params import Params
from .payloads import Branch, Decision, Payload, PolicyRecord, Route, Settings

__all__ = [
    "NONE",
    "Branch",
    "Candidates",
    "Column",
    "ColumnSpec",
    "Decision",
    "Descriptor",
    "Fault",
    "Feedback",
    "FitReport",
    "History",
    "Input",
    "Internal",
    "InvalidFeedback",
    "InvalidObservation",
    "InvalidParameters",
    "InvalidState",
    "Learner",
    "Lifecycle",
    "Observation",
    "Parameter",
    "Params",
    "Payload",
    "Policy",
    "PolicyRecord",
    "Route",
    "Settings",
    "State",
    "Subject",
    "Unavailable",
    "agent",
    "boolean",
    "choice",
    "describe",
    "integer",
    "items",
    "log",
    "memory",
    "metric",
    "numbers",
    "pack",
    "unpack",
]
