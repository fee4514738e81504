"""Fixtures of the end-to-end tests: one server and one browser a run, one notebook a test.

A test takes `lab`, opens a notebook with it, and fails on every error of the page and on every
request that leaves the machine. Where no browser can be found, the tests fail and say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from harness import BROWSER_FLAGS, SOUND_WITHOUT_A_CLICK, Lab, find_browser
from labserver import LabServer
from playwright.sync_api import Browser, Playwright, sync_playwright

failed = pytest.StashKey[bool]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "lab_server" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.e2e)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        item.stash[failed] = True
    return report


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    server = LabServer(tmp_path_factory.mktemp("jupyter"))
    try:
        server.wait()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """A browser that lets a page play sound at once, as one does that a person uses often."""
    flags = [*BROWSER_FLAGS, SOUND_WITHOUT_A_CLICK]
    browser = playwright.chromium.launch(executable_path=find_browser(), args=flags)
    yield browser
    browser.close()


@pytest.fixture
def shy_browser(playwright: Playwright) -> Iterator[Browser]:
    """A browser in which a page is silent until it has been clicked on."""
    browser = playwright.chromium.launch(executable_path=find_browser(), args=BROWSER_FLAGS)
    yield browser
    browser.close()


@pytest.fixture
def lab(lab_server: LabServer, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Lab]:
    yield from use_lab(lab_server, browser, request)


@pytest.fixture
def shy_lab(
    lab_server: LabServer, shy_browser: Browser, request: pytest.FixtureRequest
) -> Iterator[Lab]:
    yield from use_lab(lab_server, shy_browser, request)


def use_lab(server: LabServer, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Lab]:
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    lab = Lab(server, context, re.sub(r"\W+", "-", request.node.name))
    try:
        yield lab
        if request.node.stash.get(failed, False) and context.pages:
            print(f"The page at the end: {lab.screenshot()}")
    finally:
        lab.close()
        context.close()
        server.shut_down_kernels()
        server.reset_settings()
    assert not lab.problems, "\n".join(lab.problems)
