"""What an instance says of itself."""

import json
import re

import pytest

from conftest import Database
from gateway.process import look
from gateways import Gate, User, gate


@pytest.mark.feature("D30")
async def test_the_offer_is_shown_without_any_secret(
    ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-do-not-show")
    config = await ann.get("/api/config")
    openai = config["providers"]["openai"]
    assert [model["id"] for model in openai["models"]] == ["gpt-4o", "gpt-4o-mini"]
    assert (openai["provider_key"], openai["has_key"]) == ("openai", True)
    assert config["providers"]["simulator"]["has_key"] is None
    assert set(config["jobs"]) == {"log_triage", "gpu_report", "service_map"}
    assert config["agents"]["my-agent"]["display_name"] == "My agent (simulated)"
    assert config["limits"]["schedules_per_user"] == 50
    assert "sk-do-not-show" not in json.dumps(config)
    monkeypatch.delenv("OPENAI_API_KEY")
    assert (await ann.get("/api/config"))["providers"]["openai"]["has_key"] is False


async def test_it_is_ready_while_log_bus_and_read_model_are(gateway: Gate) -> None:
    await look(gateway.parts.site)
    ready = await gateway.client.get("/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    await gateway.parts.site.bus.client.close()
    await look(gateway.parts.site)
    ready = await gateway.client.get("/readyz/")
    assert (ready.status_code, ready.json()["parts"]["bus"]) == (503, "not connected")
    assert (await gateway.client.get("/livez")).status_code == 200
    assert (await gateway.client.get("/healthz")).json()["status"] == "ok"


async def test_two_gateways_share_one_read_model(database: Database, nats_url: str) -> None:
    async with gate(database.dsn, nats_url) as one, gate(database.dsn, nats_url) as other:
        ann = await one.user("ann@example.org")
        elsewhere = other.to(ann.token)
        for n in range(20):
            body = {"name": f"{n}", "models": ["gpt-4o"], "prompt": "p", "interval_hours": 1}
            created = await ann.client.post("/api/schedules", json=body)
            position = created.headers["x-log-position"]
            found = await elsewhere.get("/api/schedules", params={"min_position": position})
            assert found.json()["count"] == n + 1


async def test_every_reference_of_the_description_leads_somewhere(gateway: Gate) -> None:
    document = (await gateway.client.get("/openapi.json")).json()
    known = document["components"]["schemas"]
    found = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert {"ScheduleForm", "Credentials", "Problem", "ScheduleAnswer"} <= found
    assert found <= set(known)
    operations = [each for path in document["paths"].values() for each in path.values()]
    assert all(operation.get("description") for operation in operations)


async def test_browsers_are_told_to_be_careful(gateway: Gate) -> None:
    for path in ("/", "/api/config", "/schedules"):
        headers = (await gateway.client.get(path)).headers
        assert headers["content-security-policy"].startswith("default-src 'self'")
        assert headers["x-content-type-options"] == "nosniff"
