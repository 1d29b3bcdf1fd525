"""The simulator over real sockets: it does what its scripts say."""

import json
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from typing import Any

import pytest


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    command = [sys.executable, "-m", "simulator", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline().split()[-1])
        process.terminate()
        assert process.wait(10) == 0


def _post(port: int, path: str, body: dict[str, Any]) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", path, json.dumps(body))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _chat(port: int, model: str) -> tuple[int, list[Any]]:
    asked: dict[str, Any] = {"model": model, "messages": [{"content": "hi"}], "stream": True}
    asked["stream_options"] = {"include_usage": True}
    status, body = _post(port, "/v1/chat/completions", asked)
    lines = [line.removeprefix(b"data: ") for line in body.split(b"\n\n") if line]
    return status, [json.loads(line) for line in lines if line != b"[DONE]"]


def test_a_stream_has_the_scripted_number_of_tokens_and_tells_its_usage(port: int) -> None:
    status, events = _chat(port, "sim:instant")
    texts = [e for e in events if e["choices"] and e["choices"][0]["delta"].get("content")]
    assert status == 200
    assert len(texts) == 8
    assert events[-1]["usage"]["completion_tokens"] == 8


def test_each_event_carries_the_monotonic_time_it_was_written(port: int) -> None:
    _, events = _chat(port, "sim:instant")
    stamps = [event["sim_t"] for event in events]
    assert stamps == sorted(stamps)


@pytest.mark.parametrize(("fault", "status"), [("401", 401), ("429", 429), ("503", 503)])
def test_a_refusal_has_the_scripted_status(port: int, fault: str, status: int) -> None:
    assert _post(port, "/_sim/scripts/refusing", {"faults": [fault]})[0] == 200
    got, body = _post(port, "/v1/chat/completions", {"model": "sim:refusing"})
    assert got == status
    assert json.loads(body)["error"]["message"]


@pytest.mark.parametrize("fault", ["cut_stream", "cut_head"])
def test_a_cut_ends_the_connection_without_an_end_of_the_body(port: int, fault: str) -> None:
    _post(port, "/_sim/scripts/cut", {"faults": [fault], "ttft": 0, "gap": 0})
    with pytest.raises((HTTPException, ConnectionError)):
        _post(port, "/v1/chat/completions", {"model": "sim:cut"})


def test_faults_are_played_in_turn(port: int) -> None:
    _post(port, "/_sim/scripts/turns", {"faults": ["", "500"], "ttft": 0, "gap": 0})
    statuses = [_post(port, "/v1/chat/completions", {"model": "sim:turns"})[0] for _ in range(4)]
    assert statuses == [200, 500, 200, 500]


@pytest.mark.parametrize(
    ("script", "named"),
    [({"foo": 1}, "foo"), ({"ttft": -1}, "ttft"), ({"faults": ["nonsense"]}, "faults")],
)
def test_a_wrong_script_is_refused_by_its_field(
    port: int, script: dict[str, Any], named: str
) -> None:
    status, body = _post(port, "/_sim/scripts/wrong", script)
    assert status == 400
    assert named in json.loads(body)["error"]["message"]


def test_an_agent_answers_one_message_as_a_whole(port: int) -> None:
    status, body = _post(port, "/agents/instant/api/chat", {"message": "hi", "stream": False})
    answer = json.loads(body)
    assert status == 200
    assert answer["response"]
    assert answer["metadata"]["output_tokens"] == 8
