"""What all our pages share: numbers as people read them, whole HTML, everything escaped, nothing from elsewhere."""

from __future__ import annotations

import subprocess
import sys

import pytest
from html_pages import problems

from nbadsl.cli import report
from nbadsl.page import render
from nbadsl.page.words import change, count, number, percent, share
from nbadsl.testing.coverage import Part
from nbadsl.testing.reached import as_html


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0"),
        (1234567, "1,234,567"),
        (12345.678, "12,346"),
        (123.456, "123.5"),
        (-3.25, "−3.25"),
        (0.00123456, "0.001235"),
        (2.0, "2"),
        (9.99999, "10"),
        (-1e308, "−1e+308"),
        (1.5e-9, "1.5e−09"),
        (None, "–"),
        (float("nan"), "–"),
        (float("-inf"), "−∞"),
    ],
)
def test_numbers_have_the_digits_that_say_something(value: float | None, said: str):
    assert number(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0.0%"), (1, "100.0%"), (0.1234, "12.3%"), (0.0001, "<0.1%"), (0.99999, ">99.9%"), (-0.5, "−50.0%")],
)
def test_percentages_never_hide_the_few(value: float, said: str):
    assert percent(value) == said


def test_a_page_and_a_terminal_round_a_share_alike():
    for part, whole in ((17, 2000), (1259, 2000), (1, 3), (0, 7), (5, 0)):
        assert report.percent(part, whole) == share(part, whole)


def test_parts_changes_and_counts():
    assert (share(1, 8), share(0, 0)) == ("12.5%", "–")
    assert [change(v) for v in (12, 0, -3.5, None)] == ["+12", "±0", "−3.5", "–"]
    assert [count(n, "person", "people") for n in (1, 1200)] == ["1 person", "1,200 people"]
    assert count(2, "rule") == "2 rules"


def test_a_page_is_whole_escaped_and_asks_for_nothing():
    text = '# <script>alert("1")</script> & </style>\n'
    page = as_html([Part("rule", "<b>.nba", (1, 1), "x", 0, 0)], {"<b>.nba": text})
    assert problems(page) == []
    assert "&lt;script&gt;" in page and "<script" not in page and "&lt;b&gt;.nba: 0 of 1" in page
    assert "://" not in page and "default-src 'none'" in page


def test_a_template_with_a_value_that_is_not_there_is_an_error():
    from jinja2 import UndefinedError

    with pytest.raises(UndefinedError):
        render("testing/coverage.html", reached=1, all=1)


def test_the_library_of_templates_is_loaded_by_the_first_page():
    code = "import sys, nbadsl.page; print('jinja2' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "False\n"
