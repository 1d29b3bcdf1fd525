"""Server-sent events in stamped reads, however the bytes were cut.

An event's stamp is that of the read which brought the end of its blank line; events of one read
share one stamp. Work is on bytes up to the line's end; text is decoded per event.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Read:
    """Bytes one socket read brought, and when, in ns after the first request byte."""

    at_ns: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Event:
    """The `data` of one event; not `complete` where the stream ended inside it."""

    at_ns: int
    data: str
    complete: bool = True


@dataclass(frozen=True, slots=True)
class _Line:
    at_ns: int
    text: bytes
    ended: bool


def events(reads: Iterable[Read]) -> Iterator[Event]:
    """The events that carry data, in order; comments, names and unknown fields are passed over."""
    data, at_ns, ended = list[bytes](), 0, True
    for line in _lines(reads):
        at_ns, ended = line.at_ns, line.ended
        if line.text:
            field, _, value = line.text.partition(b":")
            if field == b"data":
                data.append(value.removeprefix(b" "))
        elif data:
            yield _event(at_ns, data)
            data.clear()
    if data:
        yield _event(at_ns, data, complete=ended)


def _event(at_ns: int, data: list[bytes], *, complete: bool = True) -> Event:
    return Event(at_ns, b"\n".join(data).decode(errors="replace"), complete)


def _lines(reads: Iterable[Read]) -> Iterator[_Line]:
    """Lines end in LF, CRLF or CR; an LF that follows a CR in a later read ends nothing more."""
    first, after_cr, begun, at_ns = True, False, list[bytes](), 0
    for read in reads:
        data = read.data.removeprefix(b"\n") if after_cr else read.data
        after_cr = data.endswith(b"\r") if data else after_cr and not read.data
        at_ns = read.at_ns if read.data else at_ns
        for piece in data.splitlines(keepends=True):
            begun.append(piece)
            if piece.endswith((b"\n", b"\r")):
                yield _Line(at_ns, _text(begun, first=first), ended=True)
                first = False
                begun.clear()
    if begun:
        yield _Line(at_ns, _text(begun, first=first), ended=False)


def _text(pieces: list[bytes], *, first: bool) -> bytes:
    text = b"".join(pieces).rstrip(b"\r\n")
    return text.removeprefix(_BOM) if first else text
