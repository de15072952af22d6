"""Options of the test run, for those who want to look longer than the default does."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--all-prefixes", action="store_true", help="try every prefix of every policy, not a sample of them"
    )
    parser.addoption(
        "--mutations", type=int, default=1000, metavar="N", help="how many damaged policies to try (1000)"
    )
    parser.addoption(
        "--differential-examples",
        type=int,
        default=2000,
        metavar="N",
        help="how many random programs to run through both engines (2000)",
    )
    parser.addoption(
        "--update-documents", action="store_true", help="write what commands print into the documents"
    )
