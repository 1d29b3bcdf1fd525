"""The page in a real browser, against the whole system: what a user sees, does and is told."""

import os
import re
import signal
from collections.abc import Awaitable, Callable
from uuid import uuid4

import httpx2
import pytest
from playwright.async_api import Locator, Page, Route, WebSocketRoute, expect

from stack import Stack

UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
PASSWORD = "correct horse battery"
Rest = Callable[..., Awaitable[httpx2.Response]]

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
async def user(page: Page, stack: Stack) -> str:
    """A new user, logged in and looking at an empty Schedules page."""
    email = f"ada-{uuid4().hex[:8]}@example.org"
    await page.goto(f"{stack.base_url}/schedules")
    await page.get_by_role("button", name="Create an account").click()
    await page.get_by_label("Email").fill(email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Create account").click()
    await expect(page.get_by_role("heading", name="Schedules", exact=True)).to_be_visible()
    return email


@pytest.fixture
async def rest(user: str, stack: Stack) -> Rest:
    """The same user's other client."""

    async def ask(method: str, path: str, **parts: object) -> httpx2.Response:
        async with httpx2.AsyncClient(base_url=stack.base_url) as client:
            account = {"email": user, "password": PASSWORD}
            entered = (await client.post("/api/auth/login", json=account)).json()
            headers = {"Authorization": f"Bearer {entered['access_token']}"}
            answer = await client.request(method, path, headers=headers, json=parts or None)
            assert answer.is_success, answer.text
            return answer

    return ask


def benchmark(name: str) -> dict[str, object]:
    models = ["simulator/sim:fast"]
    return {"name": name, "prompt": "Say hi.", "models": models, "interval_hours": 24}


def row(page: Page, name: str) -> Locator:
    return page.get_by_label("Schedules", exact=True).get_by_role("row").filter(has_text=name)


def run(page: Page, name: str) -> Locator:
    return page.get_by_label("Runs").locator("tbody").filter(has_text=name)


async def told(page: Page, text: str) -> None:
    """A toast says so; it is dismissed, so that the next one of the same words is another."""
    toast = page.locator(".toast").filter(has_text=text)
    await expect(toast).to_be_visible()
    await toast.get_by_role("button", name="Dismiss").click()
    await expect(toast).to_have_count(0)


async def opened_dialog(page: Page) -> Locator:
    await page.get_by_role("button", name="New Schedule").click()
    dialog = page.get_by_role("dialog", name="New Schedule")
    await expect(dialog.get_by_text("Built-in simulator")).to_be_visible()
    return dialog


async def fill(dialog: Locator, name: str) -> None:
    await dialog.get_by_label("Schedule Name").fill(name)
    await dialog.get_by_label("Prompt").fill("Explain recursion in one sentence.")
    await dialog.get_by_label("Simulated fast model").check()


@pytest.mark.feature("T1", "U1", "U8", "U10", "U11", "U12", "U13", "L8")
async def test_a_schedule_lives_its_whole_life_without_a_reload(page: Page, user: str) -> None:
    empty = page.get_by_text("No schedules yet. Create one to automate recurring benchmarks.")
    await expect(empty).to_be_visible()
    await page.evaluate("window.sameDocument = true")

    dialog = await opened_dialog(page)
    await fill(dialog, "Daily throughput check")
    await dialog.get_by_label("Simulated slow model").check()
    await dialog.get_by_label("Interval").select_option("Every 6 hours")
    await dialog.get_by_role("button", name="Create Schedule").click()
    await told(page, "Schedule created")
    await expect(dialog).to_have_count(0)
    daily = row(page, "Daily throughput check")
    await expect(daily).to_contain_text("2 models")
    await expect(daily).to_contain_text("Every 6 hours")
    await expect(daily).to_contain_text("in 5h")
    await daily.get_by_role("button", name="Daily throughput check").click()
    await expect(daily.locator("code")).to_have_text(UUID)

    switch = daily.get_by_role("switch")
    await switch.click()
    await told(page, "Schedule paused")
    await expect(switch).to_have_attribute("aria-checked", "false")
    await switch.click()
    await told(page, "Schedule enabled")
    await expect(switch).to_have_attribute("aria-checked", "true")

    await daily.get_by_role("button", name="Run Now").click()
    await told(page, "Schedule triggered - benchmark starting")
    ended = run(page, "Daily throughput check")
    await expect(ended).to_contain_text("success", timeout=60_000)
    await expect(ended).to_contain_text("manual")
    await expect(ended.locator("tr")).to_have_count(2)
    await expect(ended.locator("[data-label=TTFT]").first).to_have_text(re.compile(r"\d (ms|s)"))
    await expect(daily).to_contain_text("just now")
    await expect(daily).to_contain_text("success")

    await daily.get_by_role("button", name="Del").click()
    question = page.get_by_role("dialog", name="Delete Schedule")
    words = 'Delete schedule "Daily throughput check"? This cannot be undone.'
    await expect(question).to_contain_text(words)
    await question.get_by_role("button", name="Cancel").click()
    await expect(daily).to_be_visible()
    await daily.get_by_role("button", name="Del").click()
    await question.get_by_role("button", name="Delete").click()
    await told(page, "Schedule deleted")
    await expect(empty).to_be_visible()
    assert await page.evaluate("window.sameDocument")


@pytest.mark.feature("U3")
async def test_without_a_login_the_page_is_the_login_page(page: Page, stack: Stack) -> None:
    await page.goto(f"{stack.base_url}/schedules")
    await expect(page).to_have_url(re.compile(r"/login\?next=/schedules$"))
    await expect(page.get_by_role("heading", name="Log in")).to_be_visible()


@pytest.mark.feature("U3")
async def test_the_link_schedules_leads_to_the_page(page: Page, user: str) -> None:
    await page.get_by_role("navigation").get_by_role("link", name="Schedules").click()
    await expect(page).to_have_url(re.compile(r"/schedules$"))


async def test_a_wrong_password_is_told_in_the_words_of_the_server(
    page: Page, stack: Stack
) -> None:
    await page.goto(f"{stack.base_url}/login")
    await page.get_by_label("Email").fill(stack.admin_email)
    await page.get_by_label("Password").fill("not the password")
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("alert")).to_have_text("Invalid email or password")


@pytest.mark.feature("U2")
async def test_the_button_for_a_new_schedule_is_lime_green(page: Page, user: str) -> None:
    button = page.get_by_role("button", name="New Schedule")
    colour = await button.evaluate("button => getComputedStyle(button).backgroundColor")
    assert colour == "rgb(182, 240, 60)"


@pytest.mark.feature("U4", "U7")
async def test_the_dialog_offers_its_defaults_and_can_be_cancelled(page: Page, user: str) -> None:
    dialog = await opened_dialog(page)
    await expect(dialog.get_by_label("Schedule Name")).to_be_focused()
    await expect(dialog.get_by_label("Max Tokens")).to_have_value("512")
    await expect(dialog.get_by_label("Temperature")).to_have_value("0.7")
    await expect(dialog.get_by_label("Temperature")).to_have_attribute("step", "0.1")
    interval = dialog.get_by_label("Interval")
    await expect(interval.locator("option:checked")).to_have_text("Every day")
    assert [text.strip() for text in await interval.locator("option").all_inner_texts()] == [
        "Every hour",
        "Every 6 hours",
        "Every 12 hours",
        "Every day",
        "Every week",
        "Cron expression",
    ]
    await fill(dialog, "Never saved")
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(page.get_by_text("No schedules yet.")).to_be_visible()


@pytest.mark.feature("U5")
async def test_models_are_chosen_one_by_one_by_provider_or_all(page: Page, user: str) -> None:
    dialog = await opened_dialog(page)
    group = dialog.get_by_role("group", name="Built-in simulator")
    await expect(dialog.get_by_text("0 models selected")).to_be_visible()
    await group.get_by_role("button").click()
    await expect(dialog.get_by_text("3 models selected")).to_be_visible()
    await group.get_by_label("Simulated slow model").uncheck()
    await expect(dialog.get_by_text("2 models selected")).to_be_visible()
    await dialog.get_by_role("button", name="Clear").click()
    await expect(dialog.get_by_text("0 models selected")).to_be_visible()
    await dialog.get_by_role("button", name="All").click()
    assert await dialog.get_by_role("checkbox", checked=False).count() == 0


@pytest.mark.feature("U9", "U34")
async def test_a_refused_save_keeps_the_dialog_and_says_why_at_the_field(
    page: Page, user: str
) -> None:
    dialog = await opened_dialog(page)
    save = dialog.get_by_role("button", name="Create Schedule")
    await save.click()
    await told(page, "Please enter a schedule name")
    await fill(dialog, "Every odd minute")
    await dialog.get_by_label("Interval").select_option("Cron expression")
    await dialog.get_by_label("Cron Expression").fill("61 * * * *")
    await save.click()
    await told(page, "Invalid cron expression")
    await expect(dialog.locator(".problem")).to_contain_text("Invalid cron expression")
    await dialog.get_by_label("Cron Expression").fill("0 9 * * 1")
    await dialog.get_by_label("Time Zone").select_option("Europe/Berlin")
    await save.click()
    await told(page, "Schedule created")
    await expect(row(page, "Every odd minute")).to_contain_text("0 9 * * 1 (Europe/Berlin)")


@pytest.mark.feature("U9")
async def test_a_save_that_reaches_nobody_says_so(page: Page, user: str) -> None:
    async def cut(route: Route) -> None:
        await (route.abort() if route.request.method == "POST" else route.continue_())

    await page.route("**/api/schedules", cut)
    dialog = await opened_dialog(page)
    await fill(dialog, "Lost on the way")
    await dialog.get_by_role("button", name="Create Schedule").click()
    await told(page, "Failed to save schedule")
    await expect(dialog.get_by_label("Schedule Name")).to_have_value("Lost on the way")


async def refuse(route: Route) -> None:
    problem = {"status": 503, "detail": "Not now"}
    await route.fulfill(status=503, json=problem, content_type="application/problem+json")


@pytest.mark.feature("U11")
async def test_a_refused_run_is_told_in_the_words_of_the_server(
    page: Page, user: str, rest: Rest
) -> None:
    await rest("POST", "/api/schedules", **benchmark("Busy"))
    await page.route("**/api/schedules/*/trigger", refuse)
    await row(page, "Busy").get_by_role("button", name="Run Now").click()
    await told(page, "Not now")


@pytest.mark.feature("U10")
async def test_a_refused_switch_goes_back(page: Page, user: str, rest: Rest) -> None:
    await rest("POST", "/api/schedules", **benchmark("Stubborn"))
    switch = row(page, "Stubborn").get_by_role("switch")
    await expect(switch).to_have_attribute("aria-checked", "true")
    await page.route("**/api/schedules/*", refuse)
    await switch.click()
    await told(page, "Not now")
    await expect(switch).to_have_attribute("aria-checked", "true")


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
