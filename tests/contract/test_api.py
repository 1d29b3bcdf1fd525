"""docs/openapi.json is what the gateway says of itself."""

from pathlib import Path

from gateway.description import document

DOCS = Path(__file__).parents[2] / "docs"


def test_the_description_of_the_api_is_current() -> None:
    assert (DOCS / "openapi.json").read_text() == document()
