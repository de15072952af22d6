"""`python -m nbadsl.cli` is `nba`."""

from nbadsl.cli import main

main(prog_name="nba")
