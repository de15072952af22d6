"""Our pages in Chromium: they fit a phone and a screen, can be read in light and dark and on paper, and ask for nothing.

`pytest tests/test_page_browser.py --screenshots FOLDER` keeps what they look like.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import simulations
from commands import nba
from html_pages import CONTRAST, OUTSIDE

from nbadsl.simulate.page import as_html

Open = Callable[..., AbstractContextManager[Any]]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A file for each simulation, and those of other commands."""
    folder = tmp_path_factory.mktemp("pages")
    for name, make in simulations.MADE.items():
        (folder / f"{name}.html").write_text(as_html(make()), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert nba("new", "shop").code == 0
        patch.chdir(folder / "shop")
        assert nba("test", "--coverage-html", "../coverage.html").code == 0
        assert nba("explain", "C003", "--now", "2026-11-10 09:00", "--html", "../customer.html").code == 0
    return {page.stem: page for page in folder.glob("*.html")}


@pytest.fixture
def open_page(browser: Any, pages: dict[str, Path]) -> Open:
    """Opens a page. There must be nothing in the console, and no request but that for the page."""

    @contextmanager
    def opened(name: str, width: int = 1280, scheme: str = "light") -> Iterator[Any]:
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        said: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(pages[name].as_uri())
        yield page
        assert said == []
        assert [url for url in asked if not url.startswith("data:")] == [pages[name].as_uri()]
        page.close()

    return opened


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", [*simulations.MADE, "coverage", "customer"])
def test_a_page_fits_and_can_be_read(
    open_page: Open, request: pytest.FixtureRequest, tmp_path: Path, name: str, width: int, scheme: str
):
    folder = request.config.getoption("--screenshots") or tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    with open_page(name, width, scheme) as page:
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(OUTSIDE) == []
        assert page.evaluate(CONTRAST) == []
        page.evaluate("document.querySelectorAll('details').forEach((each, n) => { each.open = n === 0 })")
        page.screenshot(path=folder / f"{name}-{scheme}-{width}.png", full_page=True)


def test_plots_are_pictures_with_words_and_one_of_each_is_shown(open_page: Open):
    with open_page("against") as wide, open_page("against", 390) as narrow:
        for page, shown, hidden in ((wide, "wide", "narrow"), (narrow, "narrow", "wide")):
            plots = page.locator(f"svg.{shown}")
            assert plots.count() == page.locator("figure").count() > 8
            assert all(plot.is_visible() for plot in plots.all())
            assert not any(plot.is_visible() for plot in page.locator(f"svg.{hidden}").all())
        title = wide.get_by_role("img", name="Who changes from what to what")
        assert "discount_dairy to basket_coupon 1,400 people" in title.get_attribute("aria-label")


def test_it_can_be_used_by_the_keyboard(open_page: Open):
    with open_page("alone", 390) as page:
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "What people get"
        funnel = page.locator("#rules details").first
        funnel.locator("summary").focus()
        page.keyboard.press("Enter")
        assert funnel.get_by_text("silence after a complaint").is_visible()
        assert page.locator(".scroll:not([tabindex='0'])").count() == 0
        table = page.locator("#limits .scroll").first
        table.focus()
        page.keyboard.press("ArrowRight")
        for _ in range(100):  # it moves smoothly, and the page's policy forbids to wait for it in a script
            if moved := page.evaluate("document.activeElement.scrollLeft"):
                break
            page.wait_for_timeout(50)
        assert moved


def test_paper_shows_everything_on_white(open_page: Open):
    with open_page("alone", scheme="dark") as page:
        page.emulate_media(media="print")
        assert page.locator("#rules details").first.get_by_text("silence after a complaint").is_visible()
        assert page.locator("nav").is_hidden()
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.evaluate(CONTRAST) == []
        assert page.pdf(format="A4").startswith(b"%PDF")


def test_names_do_not_become_elements(open_page: Open):
    with open_page("weird") as page:
        assert page.locator("script").count() == 0
        assert page.locator("h1").inner_text().startswith('<script>alert("x")</script> & ${7*7} {{ 7 }}')
