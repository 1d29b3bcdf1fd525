"""Where things are on the page, for those who walk through it."""

import re
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import httpx2
from playwright.async_api import Locator, Page, expect

PASSWORD: Final = "correct horse battery"
UUID: Final = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")

Rest: TypeAlias = Callable[..., Awaitable[httpx2.Response]]
"""The same user's other client: method, path, and the fields of the body."""


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
