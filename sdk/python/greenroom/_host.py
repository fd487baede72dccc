"""Who answers for the host: the component's imports, or `native.World` where there is no host."""

from typing import Any

# Set by `native`, and by `_component` in a component.
current: Any = None
