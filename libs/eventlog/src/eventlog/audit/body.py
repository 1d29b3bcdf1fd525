"""Whether the columns beside an event's body say what the body says.

Its own reading of the head, not the one the readers use: who shares their shortcut shares their
errors. A head in another order than our encoder's is read the slow way.
"""

import json
import re
from typing import Any, Final, TypeAlias, cast

Columns: TypeAlias = tuple[str, str, str, int, str | None, str, str | None]
"""Id, stream, type, schema version, owner, correlation, causation; ids as text."""

_LONGEST_HEAD: Final = 1024
_TEXT: Final = r'"([^"\\]*)"'
_SKIPPED: Final = r'"[^"\\]*"'
_HEAD: Final = re.compile(
    rf'\{{"specversion":"1\.0","datacontenttype":"application/json","id":{_TEXT}'
    rf',"source":{_SKIPPED},"subject":{_TEXT},"type":{_TEXT},"dataschema":{_TEXT}'
    rf',"time":{_SKIPPED}(?:,"owner":{_TEXT})?,"actor":{_SKIPPED},"correlationid":{_TEXT}'
    rf'(?:,"causationid":{_TEXT})?,"(?:afterposition|traceparent|data)":'
)


def agrees(body: bytes, columns: Columns) -> bool:
    """True when every column that copies from the body is the body's."""
    head = _HEAD.match(body[:_LONGEST_HEAD].decode(errors="replace"))
    said = head.groups() if head else _slowly(body)
    id_, stream, type_, schema, owner, correlation, causation = columns
    return said == (id_, stream, type_, f"{type_}/v{schema}", owner, correlation, causation)


def _slowly(body: bytes) -> tuple[Any, ...]:
    try:
        event: object = json.loads(body)
    except ValueError:
        return ()
    if not isinstance(event, dict):
        return ()
    said = cast("dict[str, Any]", event)
    names = ("id", "subject", "type", "dataschema", "owner", "correlationid", "causationid")
    return tuple(said.get(name) for name in names)
