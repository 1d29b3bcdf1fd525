"""The API described by its own routes: `python -m gateway.description docs/openapi.json`."""

import json
import sys
from pathlib import Path

from gateway.app import build


def document() -> str:
    """The OpenAPI document of every route, as text."""
    return json.dumps(build(None).openapi(), indent=1, sort_keys=True) + "\n"


def main() -> None:
    Path(sys.argv[1]).write_text(document())


if __name__ == "__main__":
    main()
