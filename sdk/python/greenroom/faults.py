"""Failures that an agent reports in words, as exceptions.

Raise one of these where a call cannot do what it was asked to: the host tells whoever asked, and the graph takes the node's
fallback. Any other exception is a bug: its traceback is logged, the call traps, and the instance is thrown away.
"""

KINDS = (
    "invalid-parameters",
    "invalid-observation",
    "invalid-state",
    "invalid-feedback",
    "unavailable",
    "internal",
)


class Fault(Exception):
    """A failure in words: of a kind (one of `KINDS`), with a message for a person, and whether the same call may succeed later."""

    def __init__(self, kind: str, message: str, retryable: bool = False):
        if kind not in KINDS:
            raise ValueError(f"a fault is one of {', '.join(KINDS)}, not {kind!r}")
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.retryable = retryable

    def __repr__(self) -> str:
        return f"Fault({self.kind!r}, {self.message!r}, retryable={self.retryable})"


class InvalidParameters(Fault):
    """`configure` was given a parameter that it cannot take."""

    def __init__(self, message: str, retryable: bool = False):
        super().__init__("invalid-parameters", message, retryable)


class InvalidObservation(Fault):
    """`decide` was given an observation that it cannot decide on."""

    def __init__(self, message: str, retryable: bool = False):
        super().__init__("invalid-observation", message, retryable)


class InvalidState(Fault):
    """`restore` was given a state that is not its own, or is broken."""

    def __init__(self, message: str, retryable: bool = False):
        super().__init__("invalid-state", message, retryable)


class InvalidFeedback(Fault):
    """`learn` was given feedback that it cannot learn from."""

    def __init__(self, message: str, retryable: bool = False):
        super().__init__("invalid-feedback", message, retryable)


class Unavailable(Fault):
    """Something that the agent needs was not there; it may be there later."""

    def __init__(self, message: str, retryable: bool = True):
        super().__init__("unavailable", message, retryable)


class Internal(Fault):
    """Anything else."""

    def __init__(self, message: str, retryable: bool = False):
        super().__init__("internal", message, retryable)
