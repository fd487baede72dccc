"""Between what the generated bindings speak and what an author sees. Private, and imported in a component alone.

Bindings take nothing but what they expect, and panic without a word when it is something else. So everything that an author made is
brought into its exact type here, where a mistake is an exception that says what is wrong.
"""

from typing import Any

from wit_world.imports import types as wit

from .candidates import Candidates
from .columns import Column, as_list
from .describing import Descriptor, Parameter
from .faults import KINDS, Fault
from .feedback import BYTES, LISTS, NUMBERS, Feedback, FitReport, State
from .observation import History, Input, Observation, Subject
from .payloads import POLICY_KINDS, Branch, PolicyRecord, Route, Settings, decision

U32_MAX, U64_MAX = (1 << 32) - 1, (1 << 64) - 1
S64_MIN, S64_MAX = -(1 << 63), (1 << 63) - 1


def whole(value: Any, what: str, low: int = 0, high: int = U64_MAX) -> int:
    """A whole number that fits. Raises TypeError or ValueError that says what does not."""
    try:
        value = value.__index__()
    except AttributeError:
        raise TypeError(f"{what} is a whole number, not {value!r}") from None
    if not low <= value <= high:
        raise ValueError(f"{what} is between {low} and {high}, not {value}")
    return value


def text(value: Any, what: str) -> str:
    """A string. Raises TypeError or ValueError that says what is none."""
    if not isinstance(value, str):
        raise TypeError(f"{what} is a string, not {value!r}")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{what} has half a character in it: {value!a}") from None
    return str(value)


def octets(value: Any, what: str) -> bytes:
    """Bytes. Raises TypeError that says what is none."""
    if type(value) is bytes:
        return value
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise TypeError(f"{what} is bytes, not {type(value).__name__}")
    return bytes(value)


# From the host.

_KINDS = {"Values_F32s": "f32s", "Values_S64s": "s64s", "Values_U32s": "u32s"}


def column_in(it: Any) -> Column:
    return Column.handed(it.name, _KINDS[type(it.values).__name__], it.values.value)


def payload_in(it: Any) -> Any:
    value = it.value
    if isinstance(it, wit.Payload_Candidates):
        columns = [column_in(column) for column in value.columns]
        return Candidates.handed(value.rows, value.scores, value.sources, columns)
    if isinstance(it, wit.Payload_Route):
        return Route([Branch(branch.name, branch.probability) for branch in value.branches])
    if isinstance(it, wit.Payload_Settings):
        return Settings(value.scope, value.patch)
    return value


def observation_in(it: Any) -> Observation:
    fields = it.__dict__
    past, subject = it.history, it.subject
    fields["history"] = History.handed(past.rows, past.times, past.kinds, past.values)
    if subject is not None:
        fields["subject"] = Subject(subject.key, subject.number)
    fields["inputs"] = [Input(one.port, one.node, payload_in(one.payload)) for one in it.inputs]
    return Observation.handed(fields)


def feedback_in(it: Any) -> Feedback:
    fields = {name: getattr(it, name) for name in (*NUMBERS, *BYTES, *LISTS)}
    for name in ("decided", "inputs"):
        fields[name] = [column_in(column) for column in fields[name]]
    return Feedback.handed(fields)


def state_in(it: Any) -> State:
    return State(it.schema, it.bytes)


# To the host.


def _case(enum: str, names: tuple[str, ...], name: str) -> Any:
    return getattr(wit, enum)(names.index(name))


def fault_out(it: Fault) -> Any:
    return wit.Fault(_case("FaultKind", KINDS, it.kind), text(it.message, "a fault's message"), bool(it.retryable))


def column_out(it: Column, rows: int) -> Any:
    values = it.as_list()
    if len(values) != rows:
        raise ValueError(f"column `{it.name}` has {len(values)} values for {rows} rows")
    case = {"f32s": wit.Values_F32s, "s64s": wit.Values_S64s, "u32s": wit.Values_U32s}[it.kind]
    return wit.Column(text(it.name, "a column's name"), case(values))


def payload_out(it: Any) -> Any:
    if isinstance(it, Candidates):
        rows, scores, sources = (as_list(it, name) for name in ("rows", "scores", "sources"))
        columns = [column_out(column, len(rows)) for column in it.columns]
        return wit.Payload_Candidates(wit.Candidates(rows, scores, sources, columns))
    if isinstance(it, Route):
        branches = [wit.Branch(text(one.name, "a branch"), float(one.probability)) for one in it.branches]
        return wit.Payload_Route(wit.Route(branches))
    if isinstance(it, Settings):
        return wit.Payload_Settings(wit.Settings(text(it.scope, "a scope"), octets(it.patch, "a patch")))
    return wit.Payload_Document(octets(it, "a document"))


def _policy_out(it: PolicyRecord) -> Any:
    return wit.PolicyRecord(
        _case("PolicyKind", POLICY_KINDS, it.kind),
        as_list(it, "propensities"),
        float(it.log_probability),
        bool(it.explored),
        whole(it.sampler_seed, "a seed"),
    )


def decision_out(answer: Any) -> Any:
    it = decision(answer)
    return wit.Decision(payload_out(it.payload), None if it.policy is None else _policy_out(it.policy))


def state_out(it: State) -> Any:
    if not isinstance(it, State):
        raise TypeError(f"`snapshot` returns a State, not {type(it).__name__}")
    return wit.State(text(it.schema, "a schema"), octets(it.bytes, "a state"))


def report_out(it: FitReport) -> Any:
    if not isinstance(it, FitReport):
        raise TypeError(f"`fit` returns a FitReport, not {type(it).__name__}")
    loss = None if it.loss is None else float(it.loss)
    return wit.FitReport(whole(it.examples, "`examples`"), loss, [text(note, "a note") for note in it.notes])


def descriptor_out(it: Descriptor) -> Any:
    if not isinstance(it, Descriptor):
        raise TypeError(f"`describe` returns a descriptor of `greenroom.describe`, not {type(it).__name__}")
    return wit.Descriptor(
        text(it.name, "a name"),
        text(it.version, "a version"),
        text(it.summary, "a summary"),
        _named("Role", it.role),
        _named("Layer", it.layer),
        text(it.inner_metric, "a metric"),
        _named("RewardLevel", it.reward_level),
        [
            wit.Port(text(port.name, "a port"), _named("PayloadKind", port.kind), bool(port.optional), _specs(port.columns))
            for port in it.inputs
        ],
        _named("PayloadKind", it.output),
        _specs(it.columns),
        whole(it.history_max, "`history`", 0, U32_MAX),
        [text(fact, "a fact") for fact in it.fields],
        [_parameter_out(one) for one in it.parameters],
        text(it.schema, "a schema"),
        _named("Learning", it.how_it_learns),
    )


def _named(enum: str, name: str) -> Any:
    return getattr(wit, enum)[name.upper()]


def _specs(columns: Any) -> list:
    return [wit.ColumnSpec(text(one.name, "a column"), _named("ColumnKind", one.kind)) for one in columns]


def _parameter_out(it: Parameter) -> Any:
    name = text(it.name, "a parameter's name")
    condition = it.condition and wit.Condition(
        text(it.condition[0], f"the condition of `{name}`"), [text(v, f"a value of `{name}`") for v in it.condition[1]]
    )
    return wit.Parameter(
        name, text(it.summary, f"the summary of `{name}`"), _domain_out(it), condition or None, it.is_shaping
    )


def _domain_out(it: Parameter) -> Any:
    if it.kind == "float":
        return wit.Domain_Float(wit.FloatRange(float(it.low), float(it.high), float(it.default), it.is_log))
    if it.kind == "integer":
        low, high, default = (whole(x, f"`{it.name}`", S64_MIN, S64_MAX) for x in (it.low, it.high, it.default))
        return wit.Domain_Integer(wit.IntegerRange(low, high, default, it.is_log))
    if it.kind == "choice":
        options = [text(option, f"an option of `{it.name}`") for option in it.options]
        return wit.Domain_Choice(wit.Choices(options, text(it.default, f"`{it.name}`")))
    if it.kind == "boolean":
        return wit.Domain_Boolean(bool(it.default))
    return wit.Domain_Items() if it.kind == "items" else wit.Domain_Numbers()
