"""Building descriptors.

    describe("rerank", "0.1.0", "reranking", "filters the list").takes("ranked").parameter(float("depth", 0, 1, 0.5, "..."))
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from .columns import CODES, ColumnSpec
from .payloads import PAYLOAD_KINDS

ROLES = (
    "recall",
    "fusion",
    "ranking",
    "calibration",
    "reranking",
    "routing",
    "evolution",
    "infrastructure",
)
LAYERS = ("decision", "evolution", "infrastructure")
LEVELS = ("inner", "outer")
LEARNINGS = ("anew", "onward")


@dataclass(frozen=True)
class Port:
    """An input. "*" stands for any number of ports of any name."""

    name: str
    kind: str
    optional: bool
    columns: tuple[ColumnSpec, ...]


@dataclass(frozen=True)
class Parameter:
    """A parameter of the decision space: made by `float`, `integer`, `choice`, `boolean`, `items` or `numbers`."""

    name: str
    summary: str
    kind: str
    low: "int | float" = 0
    high: "int | float" = 0
    options: tuple[str, ...] = ()
    default: object = None
    is_log: bool = False
    condition: tuple[str, tuple[str, ...]] | None = None
    is_shaping: bool = False

    def log(self) -> "Parameter":
        """Its order of magnitude matters rather than its value."""
        return replace(self, is_log=True)

    def shapes_state(self) -> "Parameter":
        """`learn` and `fit` read it: a change needs a new state."""
        return replace(self, is_shaping=True)

    def when(self, parameter: str, values: Iterable[str]) -> "Parameter":
        """It matters only when another parameter has one of `values`, written as in the graph file."""
        if isinstance(values, str):
            raise TypeError(f"`when` takes a list of values, not the string {values!r}")
        return replace(self, condition=(parameter, tuple(values)))


def float_(name: str, low: float, high: float, default: float, summary: str) -> Parameter:
    """A real parameter in [low, high]."""
    return Parameter(name, summary, "float", low, high, default=default)


def integer(name: str, low: int, high: int, default: int, summary: str) -> Parameter:
    """A whole parameter in [low, high]."""
    return Parameter(name, summary, "integer", low, high, default=default)


def choice(name: str, options: Iterable[str], default: str, summary: str) -> Parameter:
    """One of several names."""
    return Parameter(name, summary, "choice", options=tuple(options), default=default)


def boolean(name: str, default: bool, summary: str) -> Parameter:
    """A switch."""
    return Parameter(name, summary, "boolean", default=default)


def items(name: str, summary: str) -> Parameter:
    """A list of items, given by external id in the graph file and handed over as rows."""
    return Parameter(name, summary, "items")


def numbers(name: str, summary: str) -> Parameter:
    """A list of numbers, or a map from names to numbers."""
    return Parameter(name, summary, "numbers")


@dataclass
class Descriptor:
    """What an agent says of itself. Each method changes it and returns it."""

    name: str
    version: str
    role: str
    summary: str
    layer: str = "decision"
    inner_metric: str = ""
    reward_level: str = "inner"
    inputs: list[Port] = field(default_factory=list)
    output: str = "candidates"
    columns: list[ColumnSpec] = field(default_factory=list)
    history_max: int = 0
    fields: list[str] = field(default_factory=list)
    parameters: list[Parameter] = field(default_factory=list)
    schema: str = ""
    how_it_learns: str = "anew"

    def in_layer(self, layer: str) -> "Descriptor":
        """Names the layer: "decision" (which it is when nothing is said), "evolution" or "infrastructure"."""
        self.layer = one_of(layer, LAYERS, "a layer")
        return self

    def metric(self, name: str, level: str) -> "Descriptor":
        """Names the metric that this agent optimises, and whether it is its own ("inner") or the system's ("outer")."""
        self.inner_metric, self.reward_level = name, one_of(level, LEVELS, "a reward level")
        return self

    def takes(
        self,
        port: str,
        optional: bool = False,
        columns: Iterable[str | ColumnSpec] = (),
        kind: str = "candidates",
    ) -> "Descriptor":
        """Adds an input, with the columns that whoever is connected there has to produce. "*" is any number of ports."""
        self.inputs.append(Port(port, one_of(kind, PAYLOAD_KINDS, "a payload"), optional, tuple(map(spec, columns))))
        return self

    def returns(self, kind: str) -> "Descriptor":
        """Says what is returned when it is not candidates: "route", "settings" or "document"."""
        self.output = one_of(kind, PAYLOAD_KINDS, "a payload")
        return self

    def produces(self, *columns: str | ColumnSpec) -> "Descriptor":
        """Names columns that the candidates carry. A name alone is a column of f32."""
        self.columns.extend(map(spec, columns))
        return self

    def history(self, events_max: int) -> "Descriptor":
        """Asks for the subject's latest events."""
        self.history_max = events_max
        return self

    def facts(self, *fields: str) -> "Descriptor":
        """Names item facts that are read when there are any."""
        self.fields.extend(fields)
        return self

    def parameter(self, *parameters: Parameter) -> "Descriptor":
        """Adds parameters."""
        self.parameters.extend(parameters)
        return self

    def state(self, schema: str) -> "Descriptor":
        """Names the layout of the state."""
        self.schema = schema
        return self

    def learning(self, learning: str) -> "Descriptor":
        """Says whether it goes on from its state when there is more to learn: "anew" (which it is when nothing is said) or
        "onward", which is a promise that the host tries: a state that was restored and taught the rest is the same, byte
        for byte, as one that was taught all at once."""
        self.how_it_learns = one_of(learning, LEARNINGS, "learning")
        return self


def describe(name: str, version: str, role: str, summary: str) -> Descriptor:
    """A descriptor of a decision agent that takes nothing and returns candidates. `role` is one of `ROLES`."""
    return Descriptor(name, version, one_of(role, ROLES, "a role"), summary)


def spec(column: str | ColumnSpec) -> ColumnSpec:
    """A column by its name alone is one of f32."""
    if isinstance(column, str):
        return ColumnSpec(column)
    one_of(column.kind, tuple(CODES), "a column")
    return column


def one_of(found: str, known: tuple[str, ...], what: str) -> str:
    """Raises ValueError that says what there is, unless `found` is known."""
    if found not in known:
        raise ValueError(f"{what} is one of {', '.join(known)}, not {found!r}")
    return found
