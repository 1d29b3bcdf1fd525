"""A real Chromium for the journeys of the page; a machine without one leaves them out aloud."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from uuid import uuid4

import httpx2
import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

from journeys import PASSWORD, Rest
from stack import Stack, running

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
UNREACHED = ("Failed to load resource", "WebSocket connection to")


def chromium() -> str | None:
    """The browser to drive: CHROMIUM, else what the machine calls Chromium."""
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser")
    return next((found for name in names if name and (found := shutil.which(name))), None)


def pytest_report_header() -> str:
    return f"browser: {chromium() or 'no Chromium here, so the tests of the page are left out'}"


@dataclass
class Complaints:
    """What the browser objected to: errors of scripts, and of the content security policy."""

    heard: list[str] = field(default_factory=list[str])

    def console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(UNREACHED):
            self.heard.append(message.text)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One running system for the journeys that harm nothing; each brings a user of its own."""
    with running(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    path = chromium()
    if path is None:
        pytest.skip("no Chromium here (apt-get install chromium)")
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def page(browser: Browser, stack: Stack) -> AsyncIterator[Page]:
    """A window of its own, which must not hear a single complaint."""
    if "html" not in httpx2.get(stack.base_url).headers["content-type"]:
        pytest.skip("the page is not built, and `tickmark up` could not build it")
    complaints = Complaints()
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(10_000)
    page = await context.new_page()
    page.on("console", complaints.console)
    page.on("pageerror", lambda error: complaints.heard.append(str(error)))
    yield page
    await context.close()
    assert complaints.heard == []


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
