"""Yesterday's bytes keep their meaning: a golden file for each version of each event."""

import hashlib
import json
from pathlib import Path

import pytest

from contracts import catalogue
from contracts.codec import MODELS, Attributes, UnknownEvent, decode, encode, present
from contracts.upcasters import UPCASTERS

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.json"))
DOCS = Path(__file__).parent.parent.parent / "docs"


def test_every_version_of_every_event_has_a_golden_file() -> None:
    wanted = {f"{t}.v{v}.json" for t, model in MODELS.items() for v in range(1, present(model) + 1)}
    assert {file.name for file in GOLDEN} == wanted


def test_every_step_between_versions_has_an_upcaster() -> None:
    steps = {(t, v) for t, model in MODELS.items() for v in range(1, present(model))}
    assert set(UPCASTERS) == steps


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.stem)
def test_a_golden_event_still_decodes(file: Path) -> None:
    type_, version = file.stem.split(".v")
    body = file.read_bytes()
    envelope = decode(type_, int(version), body)
    assert envelope.type == type_
    assert envelope.data.type == type_


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.stem)
def test_a_present_event_is_written_as_its_golden_bytes(file: Path) -> None:
    type_, version = file.stem.split(".v")
    if int(version) != present(MODELS[type_]):
        return
    e = decode(type_, int(version), file.read_bytes())
    at = Attributes(
        **{name: getattr(e, name) for name in Attributes.__dataclass_fields__}  # type: ignore[arg-type]
    )
    assert encode(e.data, at) == file.read_bytes()


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.stem)
def test_a_field_of_a_newer_writer_is_ignored(file: Path) -> None:
    type_, version = file.stem.split(".v")
    newer = json.loads(file.read_bytes())
    newer["data"]["invented_later"] = 1
    assert decode(type_, int(version), json.dumps(newer).encode()).data.type == type_


def test_an_unknown_type_or_a_newer_version_is_said_to_be_unknown() -> None:
    with pytest.raises(UnknownEvent, match="Nonsense/v1"):
        decode("Nonsense", 1, b"{}")
    with pytest.raises(UnknownEvent, match="RunStarted/v99"):
        decode("RunStarted", 99, b"{}")


def test_the_shapes_of_released_versions_are_frozen() -> None:
    frozen = json.loads((DOCS / "schemas" / "frozen.json").read_text())
    now = {
        name: hashlib.sha256(text.encode()).hexdigest()
        for name, text in catalogue.schemas().items()
    }
    assert now == frozen


def test_the_catalogue_of_events_is_current() -> None:
    assert (DOCS / "events.md").read_text() == catalogue.events_page()
