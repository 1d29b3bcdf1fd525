"""SQL stays SQL: each package's `queries.sql` holds named statements, each with a line of intent.

-- name: due_before
-- The schedules due until an instant, soonest first.
select ... where due <= $1
"""

import re
from functools import cache
from importlib.resources import files

_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


@cache
def load(package: str, file: str = "queries.sql") -> dict[str, str]:
    """The statements of `<package>/<file>` by name. Raises ValueError on a repeated name."""
    _, *parts = _NAME.split(files(package).joinpath(file).read_text())
    names, statements = parts[::2], [text.strip().rstrip(";") for text in parts[1::2]]
    if len(set(names)) < len(names):
        raise ValueError(f"{package}/{file} names a statement twice")
    return dict(zip(names, statements, strict=True))
