"""Draw the pictures of the README anew:  python pictures.py

Simulates the campaign as the README does, opens the report in Chromium, and takes two of its parts as PNG files. It needs
what the tests need (pip install nbadsl[test]), a chromium, and the data (python get_data.py).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
MARGIN = 20  # pixels
PARTS = {"changes": "changes.png", "causes": "causes.png"}


def report(to: Path) -> None:
    """The report of the simulation, written by `nba`."""
    to.parent.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "nbadsl.cli", "simulate", "spring/policy.nba", "--against", "launched/policy.nba"]
    subprocess.run([*command, "--now", "2001-03-01 09:00", "--report", str(to)], cwd=HERE, check=True)


def take(page_file: Path) -> None:
    """A picture of the first plot of each of some parts of a report: down to where its numbers begin."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 960, "height": 900}, color_scheme="light")
        page.goto(page_file.as_uri())
        for part, name in PARTS.items():
            section = page.locator(f"section#{part}")
            whole, numbers = section.bounding_box(), section.locator("details, table").first.bounding_box()
            # Letters of another font than the plots were measured with may reach into the margin.
            size = {"x": whole["x"] - MARGIN, "width": whole["width"] + 2 * MARGIN}
            clip = {**whole, **size, "height": numbers["y"] - whole["y"]}
            page.screenshot(path=HERE / name, full_page=True, clip=clip)
        browser.close()


if __name__ == "__main__":
    report(HERE / "out" / "report.html")
    take(HERE / "out" / "report.html")
