"""What an error says of itself in a component, which has no files to read source lines from. Private.

A line of the log has no line breaks, and a trap is told by the last one. So it is one line, as for a panic in Rust:

    ZeroDivisionError: division by zero, at agent.py:40 in share: `return clicks / shown` < agent.py:31 in decide
"""

import os
import sys

# Lines by the path of a file, as they were when the component was built, and the folder that paths are told without.
_lines: dict[str, list[str]] = {}
_folder = ""
# As much as an operator reads; a recursion has thousands.
_CALLS_MAX = 8


def remember(folder: str) -> None:
    """Reads the modules that lie in the author's folder."""
    global _folder
    _folder = folder + "/"
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if path and path.startswith(_folder) and path.endswith(".py"):
            with open(path, encoding="utf-8") as file:
                _lines[path] = file.read().splitlines()


def trace(error: BaseException) -> str:
    """An error, and the calls that led to it, innermost first: file, line and function, and the innermost line itself."""
    said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    calls = _calls(error)
    if calls:
        said += f", at {' < '.join(calls[:_CALLS_MAX])}"
    if len(calls) > _CALLS_MAX:
        said += f" < {len(calls) - _CALLS_MAX} more"
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return said if cause is None or cause is error else f"{said}; this was while handling {trace(cause)}"


def _calls(error: BaseException) -> list[str]:
    calls, at = [], error.__traceback__
    while at is not None:
        path = at.tb_frame.f_code.co_filename
        calls.append((path, at.tb_lineno, at.tb_frame.f_code.co_name))
        at = at.tb_next
    # The author's, innermost first. Where there is none, the mistake is between the author and the host: all of them.
    own = [call for call in calls if call[0] in _lines] or calls
    return [_call(*call, innermost=place == 0) for place, call in enumerate(reversed(own))]


def _call(path: str, line: int, function: str, innermost: bool) -> str:
    short = path.removeprefix(_folder) if path in _lines else os.path.basename(path)
    said = f"{short}:{line} in {function}"
    known = _lines.get(path, [])
    return f"{said}: `{known[line - 1].strip()}`" if innermost and 0 < line <= len(known) else said
