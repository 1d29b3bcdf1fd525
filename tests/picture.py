"""Take the README's picture of the page: `python tests/picture.py docs/page.png`.

It starts the whole system with lowered limits, gives a new user some schedules, and shoots while
a run is going. What stands in the picture was measured on the machine that took it.
"""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import httpx2
from playwright.sync_api import Locator, Page, expect, sync_playwright

from stack import Stack, running

EMAIL, PASSWORD = "ada@example.org", "correct horse battery"
PROMPT: Final = {"prompt": "Explain recursion in programming with a Python example."}
FAST, SLOW, FLAKY = "simulator/sim:fast", "simulator/sim:slow", "simulator/sim:flaky"
MORNING: Final = {"cron_expression": "0 9 * * 1-5", "timezone": "Europe/Berlin"}

SCHEDULES: Final[dict[str, dict[str, Any]]] = {
    "Weekly long answer": PROMPT | {"models": [SLOW], "interval_hours": 168},
    "Morning briefing": MORNING | {"agent_name": "my-agent", "message": "What failed last night?"},
    "Log triage": {"job_key": "log_triage", "interval_minutes": 2},
    "Provider watch": PROMPT | {"models": [FAST, FLAKY], "interval_hours": 1},
    "Nightly throughput check": PROMPT | {"models": [FAST, SLOW], "interval_hours": 24},
}


def arrange(stack: Stack, page: Page) -> None:
    """Schedules, one paused, and runs: of the clock, failed in part, and one that is going."""
    with httpx2.Client(base_url=stack.base_url, timeout=30) as api:
        account = {"email": EMAIL, "password": PASSWORD}
        token = api.post("/api/auth/login", json=account).raise_for_status().json()["access_token"]
        api.headers["Authorization"] = f"Bearer {token}"
        ids = {name: _made(api, name) for name in SCHEDULES}
        for name in ("Morning briefing", "Provider watch"):
            _run(api, page, ids[name])
        expect(_runs(page).filter(has_text="schedule")).to_have_count(1, timeout=150_000)
        _run(api, page, ids["Provider watch"])
        api.post(f"/api/schedules/{ids['Weekly long answer']}/disable").raise_for_status()
        api.post(f"/api/schedules/{ids['Nightly throughput check']}/trigger").raise_for_status()
    going = _runs(page).filter(has_text="Answering")
    expect(going.locator("[data-label=TTFT]")).to_have_count(1)


def _runs(page: Page) -> Locator:
    return page.get_by_label("Runs").locator("tbody")


def _made(api: httpx2.Client, name: str) -> str:
    answer = api.post("/api/schedules", json={"name": name} | SCHEDULES[name])
    return answer.raise_for_status().json()["id"]


def _run(api: httpx2.Client, page: Page, schedule_id: str) -> None:
    """Returns once the page shows that it is over."""
    before = _runs(page).count()
    api.post(f"/api/schedules/{schedule_id}/trigger").raise_for_status()
    expect(_runs(page)).to_have_count(before + 1)
    expect(page.get_by_text("going")).to_have_count(0, timeout=30_000)


def shoot(stack: Stack, picture: Path) -> None:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=("--no-sandbox", "--disable-gpu")
        )
        page = browser.new_page(viewport={"width": 1280, "height": 800}, device_scale_factor=1)
        page.goto(stack.base_url)
        page.get_by_role("button", name="Create an account").click()
        page.get_by_label("Email").fill(EMAIL)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Create account").click()
        expect(page.get_by_text("Live", exact=True)).to_be_visible()
        arrange(stack, page)
        page.screenshot(path=picture, animations="disabled")
        browser.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as stack:
        shoot(stack, Path(sys.argv[1]))


if __name__ == "__main__":
    main()
