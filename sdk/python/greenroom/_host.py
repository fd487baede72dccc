"""Who answers for the host: the component's imports, or `native.World` where there is no host."""

from typing import Any


class _Nobody:
    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(
            f"there is no host to ask for `{name}`: a component has one from `configure` on, and tests import `greenroom.native`"
        )


# Set by `native`, and by `_component` in a component.
current: Any = _Nobody()
