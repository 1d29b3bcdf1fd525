"""What only a hostile or broken client sends is refused like anything else, and breaks nothing."""

import json
from typing import Final

import httpx2
import pytest

from gateways import BENCHMARK, Gate, User
from listeners import listening

LISTS: Final = "[" * 50_000 + "]" * 50_000
OBJECTS: Final = '{"a":' * 3_000 + "1" + "}" * 3_000
NUL: Final = "Must not contain NUL characters"


@pytest.mark.parametrize("deep", [LISTS, OBJECTS], ids=["lists", "objects"])
@pytest.mark.parametrize("name", [r"\u0000", "x"], ids=["nul", "plain"])
async def test_a_body_that_is_nested_too_deeply_is_400(ann: User, deep: str, name: str) -> None:
    body = f'{{"metadata":{deep},"name":"{name}"}}'
    response = await ann.client.post("/api/schedules", content=body)
    assert (response.status_code, response.json()["title"]) == (400, "Bad Request")


async def test_a_prompt_may_speak_of_the_escape_of_nul(ann: User) -> None:
    prompt = r"What does \u0000 mean in JSON?"
    body = {**BENCHMARK, "prompt": prompt}
    assert (await ann.send("POST", "/api/schedules", body, 201))["prompt"] == prompt


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (json.dumps({**BENCHMARK, "models": ["m", "a\0b"]}), "models"),
        (r'{"action": {"kind": "benchmark", "prompt": "\u0000", "models": ["m"]}}', "action"),
        (r'{"prompt": "\u0000", "prompt": "\\u0000\u0000"}', "prompt"),
    ],
)
async def test_nul_is_refused_wherever_it_hides(ann: User, body: str, field: str) -> None:
    response = await ann.client.post("/api/schedules", content=body)
    assert response.status_code == 422, response.text
    assert response.json()["errors"] == [{"field": field, "message": NUL}]


@pytest.mark.parametrize(
    "address",
    [
        "/api/schedules?agent=%00",
        "/api/schedules?agent_id=a%00b",
        "/api/runs?status=%00",
        "/api/agents/my-agent%00/activities",
        "/api/runs/%00",
        "/login%00",
    ],
)
async def test_nul_in_an_address_is_400(ann: User, address: str) -> None:
    response = await ann.client.get(address)
    assert response.status_code == 400, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_a_percent_sign_before_two_noughts_is_no_nul(ann: User) -> None:
    assert (await ann.client.get("/api/schedules?agent=%2500")).status_code == 200


@pytest.mark.parametrize("path", ["/token", "/api/token"])
@pytest.mark.parametrize("field", ["username", "password"])
async def test_nul_in_a_form_is_refused_by_name(gateway: Gate, path: str, field: str) -> None:
    form = {"username": "ann@example.org", "password": "correct horse", field: "\0"}
    response = await gateway.client.post(path, data=form)
    assert response.status_code == 422, response.text
    assert response.json()["errors"] == [{"field": field, "message": NUL}]


async def test_a_frame_that_is_nested_too_deeply_is_passed_over(gateway: Gate, ann: User) -> None:
    async with listening(gateway.address, ann) as ear:
        await ear.heard("sync")
        await ear.socket.send("[" * 60_000)
        await ear.socket.send('{"type": "ping"}')
        await ear.heard("pong")


@pytest.mark.parametrize("body", ["null", "[]", '"x"', "1"])
@pytest.mark.parametrize("path", ["/api/schedules", "/api/auth/login"])
async def test_a_body_that_is_no_object_is_called_that(ann: User, path: str, body: str) -> None:
    response = await ann.client.post(path, content=body)
    problem = response.json()
    assert (response.status_code, problem["detail"]) == (422, "body: Must be an object")
    assert problem["errors"] == [{"field": "body", "message": "Must be an object"}]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "path",
    [
        "//api/schedules",
        "//schedules",
        "/schedules//1",
        "/metrics",
        "/metrics/",
        "/docs",
        "/redoc",
        "/ws/x",
        "/favicon.ico",
        "/assets/gone.js",
        "/.env",
    ],
)
async def test_what_the_page_does_not_show_is_404(gateway: Gate, method: str, path: str) -> None:
    response = await gateway.client.request(method, f"http://gateway.test{path}")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/", "/login", "/schedules", "/schedules/", "/schedules/1"])
async def test_what_the_page_shows_is_not_refused(gateway: Gate, path: str) -> None:
    assert (await gateway.client.get(path)).status_code == 200


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz"])
async def test_a_probe_may_ask_with_head(gateway: Gate, path: str) -> None:
    async with httpx2.AsyncClient(base_url=f"http://{gateway.address}") as client:
        got, headed = await client.get(path), await client.head(path)
    assert headed.status_code == got.status_code
    assert headed.headers["content-length"] == got.headers["content-length"]
    assert headed.content == b""
