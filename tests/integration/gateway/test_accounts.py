"""Registering and logging in."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from chassis.clock import now
from conftest import Database
from contracts.ids import user_stream
from gateway.tokens import Tokens
from gateways import SECRET, Gate, User, gate

ANN = {"email": "Ann@Example.org", "password": "correct horse"}


async def test_two_who_register_first_at_once_give_one_admin(gateway: Gate) -> None:
    users = [{**ANN, "email": f"user{n}@example.org"} for n in range(4)]
    async with asyncio.TaskGroup() as tasks:
        asked = [
            tasks.create_task(gateway.client.post("/api/auth/register", json=user))
            for user in users
        ]
    roles = sorted(each.result().json()["user"]["role"] for each in asked)
    assert roles == ["admin", "user", "user", "user"]


async def test_an_account_is_a_fact_in_the_log_without_its_password(gateway: Gate) -> None:
    user = (await gateway.client.post("/api/auth/register", json=ANN)).json()["user"]
    await gateway.client.post("/api/auth/login", json=ANN)
    rows = await gateway.parts.site.log.stream(user_stream(user["id"]))
    assert [row.type for row in rows] == ["UserRegistered", "UserLoggedIn"]
    assert all(b"correct horse" not in row.body and row.owner == user["id"] for row in rows)


async def test_a_login_is_answered_as_a_registration_is(gateway: Gate) -> None:
    made = (await gateway.client.post("/api/auth/register", json=ANN)).json()
    entered = await gateway.client.post("/api/auth/login", json={**ANN, "email": "ANN@example.ORG"})
    assert entered.status_code == 200
    assert entered.json()["user"] == made["user"]
    headers = {"Authorization": f"Bearer {entered.json()['access_token']}"}
    assert (await gateway.client.get("/api/auth/me/", headers=headers)).json() == made["user"]


@pytest.mark.parametrize("path", ["/token", "/api/token"])
async def test_a_form_login_gives_a_token(gateway: Gate, ann: User, path: str) -> None:
    form = {"username": ann.email, "password": "correct horse", "grant_type": "password"}
    answer = (await gateway.client.post(path, data=form)).json()
    assert answer["token_type"] == "bearer"
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    assert (await gateway.client.get("/api/auth/me", headers=headers)).status_code == 200
    missing = await gateway.client.post(path, data={"username": ann.email})
    assert missing.json()["errors"] == [{"field": "password", "message": "Required"}]


@pytest.mark.parametrize(
    ("given", "status", "detail"),
    [
        ({"email": "nobody at all"}, 400, "Valid email required"),
        ({"password": "short"}, 400, "Password must be at least 8 characters"),
        ({"email": "ANN@example.org"}, 409, "Email already registered"),
    ],
)
async def test_a_registration_is_refused_in_words(
    gateway: Gate, given: dict[str, str], status: int, detail: str
) -> None:
    await gateway.client.post("/api/auth/register", json=ANN)
    response = await gateway.client.post("/api/auth/register", json={**ANN, **given})
    assert (response.status_code, response.json()["detail"]) == (status, detail)


async def test_a_refused_registration_leaves_no_fact(gateway: Gate, ann: User) -> None:
    before = await gateway.parts.site.log.head()
    await gateway.client.post(
        "/api/auth/register", json={"email": ann.email, "password": "correct horse"}
    )
    assert await gateway.parts.site.log.head() == before


async def test_five_failures_block_an_address_for_a_while(gateway: Gate, ann: User) -> None:
    wrong = {"email": ann.email, "password": "wrong horse!"}
    nobody = {"email": "nobody@example.org", "password": "wrong horse!"}
    for body in (wrong, nobody, wrong, nobody, wrong):
        refused = await gateway.client.post("/api/auth/login", json=body)
        assert (refused.status_code, refused.json()["detail"]) == (401, "Invalid email or password")
    right = {"email": ann.email, "password": "correct horse"}
    blocked = await gateway.client.post("/api/auth/login", json=right)
    assert blocked.status_code == 429
    assert 800 < int(blocked.headers["retry-after"]) <= 901


async def test_a_success_forgets_the_failures_before_it(gateway: Gate, ann: User) -> None:
    right = {"email": ann.email, "password": "correct horse"}
    for _ in range(2):
        for _ in range(4):
            await gateway.client.post("/api/auth/login", json={**right, "password": "wrong horse!"})
        assert (await gateway.client.post("/api/auth/login", json=right)).status_code == 200


async def test_an_old_token_says_that_it_is_old(gateway: Gate, ann: User) -> None:
    old = Tokens(SECRET, timedelta(hours=1)).issue(
        ann.id, ann.email, "user", now() - timedelta(hours=2)
    )
    response = await gateway.client.get("/api/auth/me", headers={"Authorization": f"Bearer {old}"})
    assert (response.status_code, response.json()["detail"]) == (401, "Token expired")


async def test_the_first_admin_can_come_from_the_configuration(
    database: Database, nats_url: str
) -> None:
    given = {"admin_email": "root@localhost", "admin_password": "correct horse"}
    for _ in range(2):
        async with gate(database.dsn, nats_url, **given) as gateway:
            body = {"email": "root@localhost", "password": "correct horse"}
            entered = await gateway.client.post("/api/auth/login", json=body)
            assert entered.json()["user"]["role"] == "admin"
    connection = await asyncpg.connect(database.dsn)
    assert await connection.fetchval("select count(*) from gateway.accounts") == 1
    await connection.close()
