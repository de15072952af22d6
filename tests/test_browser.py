"""The page of `nba edit` in Chromium, used by the keyboard alone. Nothing may be asked of anybody else, and nothing be said in
the console.

`pytest tests/test_browser.py --screenshots FOLDER` keeps what the page looks like.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from html_pages import CONTRAST
from pages import Edit, children, editing

playwright = pytest.importorskip(
    "playwright.sync_api",
    reason="no Playwright (PyPI's package playwright): the page is not tried in a browser",
)
expect = playwright.expect
expect.set_options(timeout=20_000)

Open = Callable[..., AbstractContextManager[Any]]


@pytest.fixture
def edit(shop: Path) -> Iterator[Edit]:
    with editing(shop) as running:
        yield running


@pytest.fixture
def open_page(browser: Any, edit: Edit) -> Open:
    """Opens the page and waits for its figures. Afterwards there must be nothing in the console but what is expected, and no
    request to anybody else."""

    @contextmanager
    def opened(width: int = 1280, height: int = 800, scheme: str = "light") -> Iterator[Any]:
        size = {"width": width, "height": height}
        page = browser.new_page(viewport=size, color_scheme=scheme, reduced_motion="reduce")
        said: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda socket: asked.append(socket.url.replace("ws:", "http:")))
        page.goto(edit.url)
        expect(page.locator("#figures .total")).to_contain_text("8 of 12 people", timeout=90_000)
        yield page
        assert said == []
        assert {url for url in asked if not url.startswith((edit.url, "data:"))} == set()
        page.close()

    return opened


def settled(page: Any) -> None:
    """The panel is about the text as it is."""
    expect(page.locator("#panel:not([aria-busy])")).to_be_visible()


def to_line(page: Any, words: str) -> None:
    """The cursor to the end of the first line with some words, through the editor's search."""
    page.locator(".cm-content").focus()
    page.keyboard.press("Control+Home")
    page.keyboard.press("Control+f")
    page.keyboard.type(words)
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")


def text_of(page: Any) -> str:
    return "\n".join(page.locator(".cm-line").all_inner_texts())


def test_a_mistake_is_shown_mended_by_its_fix_and_the_funnel_follows(open_page: Open, shop: Path):
    with open_page() as page:
        to_line(page, "churn_risk > 50%")
        page.keyboard.type("churn_rik > 50%")
        squiggle = page.locator(".cm-lintRange-error")
        expect(squiggle).to_have_text("churn_rik")
        expect(page.locator("#state")).to_have_text("1 error")
        expect(page.locator("#finding")).to_contain_text("there is no value called `churn_rik`")
        expect(page.locator("#notice")).to_contain_text("The policy has mistakes")
        page.keyboard.press("Home")
        page.keyboard.press("F8")
        expect(page.locator("#finding button")).to_have_text("Write `churn_risk`")
        page.keyboard.press("Alt+Enter")
        expect(squiggle).to_have_count(0)
        expect(page.locator("#state")).to_have_text("No problems")

        winback = page.locator("details[data-key=winback]")
        winback.locator("summary").focus()
        page.keyboard.press("Enter")
        eligible = winback.locator("li[data-stage=eligible]")
        settled(page)
        expect(eligible).to_contain_text("churn_risk > 50%")
        expect(eligible.locator(".number")).to_have_text("6")
        eligible.get_by_role("button").focus()
        page.keyboard.press("Enter")  # to the rule
        expect(page.locator(".cm-activeLine")).to_contain_text("eligible when churn_risk > 50%")
        page.keyboard.press("End")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("Backspace")
        page.keyboard.press("Backspace")
        page.keyboard.type("70")
        expect(eligible.locator(".number")).to_have_text("3")
        expect(eligible.locator(".lost")).to_have_text("−5")
        expect(winback.locator("summary .number")).to_have_text("2")
        expect(winback.locator(".difference")).to_have_text("−3")
        expect(page.locator("#figures .total")).to_contain_text("5 of 12 people")

        page.keyboard.press("Control+s")
        expect(page.locator("#save")).to_be_disabled()
        assert "churn_risk > 70%" in (shop / "policy.nba").read_text()
        expect(winback.locator(".difference")).to_have_text("")


def test_a_file_that_has_changed_on_the_disk_is_not_written_over(open_page: Open, shop: Path):
    path = shop / "policy.nba"
    with open_page() as page:
        path.write_text("# from elsewhere\n" + path.read_text())
        expect(page.locator(".cm-line").first).to_have_text("# from elsewhere")  # nothing was typed here
        expect(page.locator("#banner")).to_be_hidden()

        page.locator(".cm-content").focus()
        page.keyboard.press("Control+Home")
        page.keyboard.type("# mine ")
        theirs = path.read_text().replace("elsewhere", "afar")
        path.write_text(theirs)
        page.keyboard.press("Control+s")
        expect(page.locator("#banner")).to_contain_text("was changed on the disk while you changed it here")
        assert path.read_text() == theirs
        page.get_by_role("button", name="Take the one on the disk").press("Enter")
        expect(page.locator("#banner")).to_be_hidden()
        assert text_of(page).startswith("# from afar\n")
        page.keyboard.press("Control+z")
        expect(page.locator(".cm-line").first).to_have_text("# mine # from elsewhere")

        path.write_text(theirs + "# and again\n")
        expect(page.locator("#banner")).to_be_visible()
        page.get_by_role("button", name="Save mine over it").press("Enter")
        expect(page.locator("#banner")).to_be_hidden()
        expect(page.locator("#save")).to_be_disabled()
        assert path.read_text().startswith("# mine # from elsewhere\n")


def test_the_language_server_completes_explains_and_lays_out(open_page: Open):
    with open_page() as page:
        to_line(page, "value 60 EUR")
        page.keyboard.type("value mon")
        expect(page.locator(".cm-tooltip-autocomplete [aria-selected]")).to_contain_text("monthly_fee")
        page.wait_for_timeout(150)  # an Enter that comes at once was meant for the text
        page.keyboard.press("Enter")
        expect(page.locator(".cm-activeLine")).to_have_text("  value monthly_fee")
        page.keyboard.press("Home")
        page.keyboard.type("     ")
        page.keyboard.press("Shift+Alt+F")
        expect(page.locator(".cm-activeLine")).to_have_text("  value monthly_fee")
        page.locator(".cm-line", has_text="define complained").get_by_text("complained", exact=True).hover()
        expect(page.locator(".cm-lsp-hover-tooltip")).to_contain_text("complained")


def test_a_customer_is_explained_and_a_failed_test_says_why(open_page: Open):
    with open_page() as page:
        story = page.locator("#story")
        expect(story.locator(".decision")).to_contain_text("winback via email")
        page.locator("#customer").fill("C003")
        page.keyboard.press("Enter")
        expect(story.locator(".decision")).to_contain_text("apology via email")
        excluded = story.locator("li[data-fate=exclude]")
        expect(excluded).to_contain_text("silence after a complaint")
        excluded.get_by_role("button").press("Enter")
        expect(page.locator(".cm-activeLine")).to_contain_text("exclude when complained")

        to_line(page, "expect apology via email")
        page.keyboard.type("expect winback")
        page.keyboard.press("Escape")
        expect(page.locator("#tests .verdict")).to_have_text("1 of 1 fails")
        page.locator("#tests summary").press("Enter")
        expect(page.locator("#tests dl")).to_contain_text("apology via email")


def test_names_are_renamed_in_files_that_are_not_shown(open_page: Open, shop: Path):
    policy, part = shop / "policy.nba", shop / "part.nba"
    text = policy.read_text()
    define = "define complained = last_complaint within 14 days\n"
    part.write_text(define)
    policy.write_text('import "part.nba"\n' + text.replace(define, ""))
    with open_page() as page:
        page.get_by_role("button", name="part.nba").press("Enter")
        expect(page.locator(".cm-line")).to_have_count(2)
        page.get_by_role("button", name="policy.nba").press("Enter")
        to_line(page, "exclude when complained")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("F2")
        page.keyboard.press("Control+a")
        page.keyboard.type("upset")
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="part.nba").locator(".dirty")).to_be_visible()
        assert "exclude when upset" in text_of(page)
        page.get_by_role("button", name="part.nba").press("Enter")
        expect(page.locator(".cm-line").first).to_have_text(define.replace("complained", "upset").rstrip())
        expect(page.locator("#state")).to_have_text("Not saved")
        page.keyboard.press("Control+s")
        expect(page.locator("#save")).to_be_disabled()
        assert "upset" in part.read_text() and "upset" not in policy.read_text()


def test_it_goes_on_when_the_language_server_has_ended_and_says_when_all_has(open_page: Open, edit: Edit):
    with open_page() as page:
        to_line(page, "churn_risk > 50%")
        for child in children(edit.process.pid):
            if b"nbadsl.lsp.server" in Path(f"/proc/{child}/cmdline").read_bytes():
                os.kill(child, signal.SIGKILL)
        page.wait_for_timeout(1500)
        page.keyboard.type("churn_rik > 50%")
        expect(page.locator(".cm-lintRange-error")).to_have_text("churn_rik")
        page.keyboard.press("F1")
        expect(page.get_by_role("dialog")).to_contain_text("apply the fix at the cursor")
        page.keyboard.press("Escape")
        edit.process.send_signal(signal.SIGINT)
        expect(page.locator("#state")).to_contain_text("Not connected")
        assert edit.process.wait(20) == 0
        page.keyboard.press("Control+s")
        expect(page.locator("#save")).to_be_enabled()
        page.goto("about:blank")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_it_fits_and_can_be_read(
    open_page: Open, request: pytest.FixtureRequest, tmp_path: Path, scheme: str, width: int, height: int
):
    folder = request.config.getoption("--screenshots") or tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    with open_page(width, height, scheme) as page:
        to_line(page, "churn_risk > 50%")
        page.keyboard.type("churn_rik > 50%")
        expect(page.locator("#finding button")).to_be_visible()
        page.screenshot(path=folder / f"mistake-{scheme}-{width}.png")
        page.keyboard.press("Alt+Enter")
        expect(page.locator("#notice")).to_contain_text("customers.csv at 2026-11-10 09:00")
        page.keyboard.press("End")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("Backspace")
        page.keyboard.press("Backspace")
        page.keyboard.type("70")
        winback = page.locator("details[data-key=winback]")
        expect(winback.locator(".difference")).to_have_text("−3")
        winback.locator("summary").press("Enter")
        page.screenshot(path=folder / f"page-{scheme}-{width}.png", full_page=True)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width
        assert page.evaluate(CONTRAST) == []
