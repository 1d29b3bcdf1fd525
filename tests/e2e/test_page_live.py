"""The page follows the log: what others do, what fails, and what is cut or dies under it."""

import os
import re
import signal

import pytest
from playwright.async_api import Page, WebSocketRoute, expect

from journeys import Rest, benchmark, row, run
from stack import Stack

pytestmark = pytest.mark.timeout(180)


@pytest.mark.feature("L8")
async def test_what_another_client_does_appears_by_itself(
    page: Page, user: str, rest: Rest
) -> None:
    made = (await rest("POST", "/api/schedules", **benchmark("<b>From elsewhere</b>"))).json()
    elsewhere = row(page, "<b>From elsewhere</b>")
    await expect(elsewhere).to_be_visible()
    await rest("PUT", f"/api/schedules/{made['id']}", enabled=False, name="Renamed")
    await expect(row(page, "Renamed")).to_contain_text("Paused")
    await rest("DELETE", f"/api/schedules/{made['id']}")
    await expect(page.get_by_text("No schedules yet.")).to_be_visible()


@pytest.mark.feature("L8")
async def test_a_cut_live_connection_is_said_and_made_up_for(
    page: Page, user: str, rest: Rest
) -> None:
    async def cut(socket: WebSocketRoute) -> None:
        await socket.close(code=1011, reason="cut")

    await page.route_web_socket("**/ws**", cut)
    await page.reload()
    await expect(page.get_by_text("Reconnecting")).to_be_visible()
    await rest("POST", "/api/schedules", **benchmark("Seen by reading again"))
    await expect(row(page, "Seen by reading again")).to_be_visible(timeout=5_000)


async def test_a_skipped_occurrence_says_why(page: Page, user: str, rest: Rest) -> None:
    slow = {"name": "Hasty", "prompt": "Say hi.", "models": ["simulator/sim:slow"]}
    spec = {"type": "every", "every": "1s"}
    made = (await rest("POST", "/api/schedules", spec=spec, **slow)).json()
    await expect(row(page, "Hasty")).to_contain_text("Every 1s")
    skipped = run(page, "Hasty").filter(has_text="skipped").first
    await expect(skipped).to_contain_text("still going", timeout=30_000)
    await rest("DELETE", f"/api/schedules/{made['id']}")


async def test_the_page_lives_through_the_death_of_the_gateway(
    page: Page, user: str, rest: Rest, stack: Stack
) -> None:
    made = (await rest("POST", "/api/schedules", **benchmark("Survivor"))).json()
    await expect(row(page, "Survivor")).to_be_visible()
    os.kill(stack.processes()["gateway"]["pid"], signal.SIGKILL)
    await expect(page.get_by_text("Reconnecting")).to_be_visible()
    await expect(page.get_by_text("Live", exact=True)).to_be_visible(timeout=60_000)
    await rest("POST", f"/api/schedules/{made['id']}/trigger")
    await expect(run(page, "Survivor")).to_contain_text("success", timeout=60_000)


async def test_a_failed_call_says_which_model_and_why(page: Page, user: str, rest: Rest) -> None:
    every_other_call_fails = "simulator/sim:flaky"
    flaky = benchmark("Flaky") | {"models": ["simulator/sim:fast", every_other_call_fails]}
    made = (await rest("POST", "/api/schedules", **flaky)).json()
    for runs in (1, 2):
        await rest("POST", f"/api/schedules/{made['id']}/trigger")
        ended = run(page, "Flaky").filter(has_text=re.compile("success|partial"))
        await expect(ended).to_have_count(runs, timeout=60_000)
    failed = run(page, "Flaky").filter(has_text="partial")
    await expect(failed.locator(".error")).to_contain_text("sim:flaky")
    await expect(row(page, "Flaky")).to_contain_text(re.compile("success|partial"))
