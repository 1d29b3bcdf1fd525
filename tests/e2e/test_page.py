"""The page in a real browser, against the whole system: what a user sees, does and is told."""

import re

import pytest
from playwright.async_api import Page, Route, expect

from journeys import UUID, Rest, benchmark, fill, opened_dialog, row, run, told
from stack import Stack

pytestmark = pytest.mark.timeout(180)


@pytest.mark.feature("T1", "U1", "U8", "U10", "U11", "U12", "L8")
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


@pytest.mark.feature("U9")
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


@pytest.mark.feature("U13")
async def test_the_table_tells_what_each_schedule_runs_and_when(
    page: Page, user: str, rest: Rest
) -> None:
    cron = {"cron_expression": "0 9 * * 1-5", "timezone": "Europe/Berlin"}
    await rest("POST", "/api/schedules", name="Ask", agent_name="my-agent", message="Hi", **cron)
    await rest("POST", "/api/schedules", name="Sift", job_key="log_triage", interval_minutes=45)
    await rest("POST", "/api/schedules", **benchmark("Measure"))
    for name, what, when in (
        ("Ask", "my-agent", "0 9 * * 1-5 (Europe/Berlin)"),
        ("Sift", "Log triage", "Every 45 minutes"),
        ("Measure", "1 model", "Every day"),
    ):
        await expect(row(page, name).get_by_role("cell").nth(1)).to_have_text(what)
        await expect(row(page, name).get_by_role("cell").nth(2)).to_have_text(when)
        await expect(row(page, name).get_by_role("switch")).to_be_checked()
    await row(page, "Sift").get_by_role("button", name="Sift").click()
    await expect(row(page, "Sift").locator("code")).to_have_text(UUID)
