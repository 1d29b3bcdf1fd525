"""The stream EVT, through JetStream's own JSON API: nats-py's classes lack some of the fields.

EVT is a cache of the log in which sequence == position: whatever would break that (deletes, purges,
rollups, limits per subject) is off. It is lost and rebuilt without anybody's leave.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

from nats.aio.msg import Msg

from contracts.subjects import EVENTS, LIVE, STREAM
from eventlog.bus import Bus

KEPT: Final = 1_000_000
REFILLED: Final = 100_000
_WEEK_NS: Final = 7 * 86_400 * 1_000_000_000
NO_STREAM: Final = 10059
_LOG_ID: Final = "log_id"


class JetStreamError(Exception):
    """JetStream refused; `code` is the server's err_code."""

    def __init__(self, code: int, description: str) -> None:
        super().__init__(f"{description} ({code})")
        self.code = code


@dataclass(frozen=True, slots=True)
class Stream:
    """What EVT holds: the log it belongs to, its last sequence, and how many are stored."""

    log_id: str
    last: int
    messages: int


async def call(bus: Bus, verb: str, request: dict[str, Any] | None = None) -> dict[str, Any]:
    """`$JS.API.<verb>`. Raises JetStreamError, BusUnavailable."""
    payload = json.dumps(request).encode() if request is not None else b""
    reply = await bus.request(f"$JS.API.{verb}", payload, timeout_s=5.0)
    return checked(reply.data)


def checked(reply: bytes) -> dict[str, Any]:
    """The answer of the JSON API. Raises JetStreamError."""
    answer: dict[str, Any] = json.loads(reply)
    if error := answer.get("error"):
        raise JetStreamError(error.get("err_code", error["code"]), error.get("description", ""))
    return answer


async def ensure_stream(bus: Bus, log_id: str, first: int, replicas: int = 1) -> Stream:
    """EVT as it is, or created for this log with `first` as its first sequence.

    Raises JetStreamError, BusUnavailable. Whose stream it is, the caller must see.
    """
    try:
        found = await call(bus, f"STREAM.INFO.{STREAM}")
    except JetStreamError as error:
        if error.code != NO_STREAM:
            raise
        found = await call(bus, f"STREAM.CREATE.{STREAM}", configuration(log_id, first, replicas))
    metadata: dict[str, str] = found["config"].get("metadata") or {}
    state = found["state"]
    return Stream(metadata.get(_LOG_ID, ""), state["last_seq"], state["messages"])


def configuration(log_id: str, first: int, replicas: int) -> dict[str, Any]:
    """How EVT is set up."""
    return {
        "name": STREAM,
        "subjects": [EVENTS],
        "storage": "file",
        "retention": "limits",
        "discard": "old",
        "num_replicas": replicas,
        "max_msgs": KEPT,
        "max_age": _WEEK_NS,
        "first_seq": first,
        "allow_direct": True,
        "allow_atomic": True,
        "deny_delete": True,
        "deny_purge": True,
        "republish": {"src": EVENTS, "dest": LIVE},
        "metadata": {_LOG_ID: log_id},
    }


async def message_at(bus: Bus, sequence: int) -> Msg | None:
    """The stored message with its headers; None where there is none. Raises BusUnavailable."""
    asked = json.dumps({"seq": sequence}).encode()
    reply = await bus.request(f"$JS.API.DIRECT.GET.{STREAM}", asked)
    if (reply.headers or {}).get("Status", "200") != "200":
        return None
    return reply
