"""What is said of tables is so: on small policies, of which all customers can be tried, exactly what holds is found."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from test_prove_soundness import Writer, everybody

from nbadsl.prove.answers import PROVED
from nbadsl.prove.questions import TABLE, Options, Prover, Question
from nbadsl.prove.subject import Subject, load
from nbadsl.prove.tables import GAP, OVERLAP, UNREACHABLE, Tables, tables_of
from nbadsl.syntax import nodes

Found = set[tuple[str, int]]


class TableWriter(Writer):
    """Writes small policies that ask a table of numbers that depend on each other."""

    def policy(self) -> str:
        rows = "".join(f"  {self.cell()} | {self.cell()} | {n}\n" for n in range(self.chance.randint(1, 4)))
        hit = self.one("", "", "unique", "collect sum", "collect max")
        head = f"table t(x: integer, y: integer): number {hit} {{\n  x | y | result\n{rows}}}\n"
        return f"{super().policy()}{head}"

    def cell(self) -> str:
        return self.one("any", "< 2", "> 1", ">= 3 - age", "0..2", "1, 2", "age", "< age", "1 + 1", "unknown")

    def number(self, depth: int = 1) -> str:
        x, y = (self.one("age", "3 - age", "1", "if vip then 1 else age") for _ in "xy")
        return f"t({x}, {y})" if self.chance.random() < 0.4 else super().number(depth)

    def condition(self, depth: int = 2, sure: bool = False) -> str:
        asked = f"(({self.number(0)}) or else 0) > 1"
        return asked if self.chance.random() < 0.3 else super().condition(depth, sure)


def holding(subject: Subject, table: nodes.Table, tables: Tables) -> Found:
    """What is wrong with a table, by trying everybody."""
    uses, found, seen = [u for u in subject.uses if u.table is table], Found(), set[int]()
    for customer in everybody(subject.program):
        for _, rows in tables._fitting(uses, customer):
            found |= {(GAP, 0)} if not rows and table.hit != "collect" else set()
            found |= {(OVERLAP, 0)} if len(rows) > 1 and table.hit == "unique" else set()
            seen.update(rows if table.hit == "collect" else rows[:1])
    if table.name.span in subject.told:
        found -= {(GAP, 0)}
    unseen = [
        span
        for n, row in enumerate(table.rows[1:])
        if n not in seen and (span := row.span) not in subject.told
    ]
    return found | {(UNREACHABLE, span.line) for span in unseen if seen}


def test_on_small_policies_exactly_what_holds_is_said_of_a_table(tmp_path: Path, proofs: int):
    counts = Counter[str]()
    for seed in range(max(50, proofs // 3)):
        path = tmp_path / f"{seed}.nba"
        path.write_text(TableWriter(seed).policy())
        subject = load(path)
        if subject is None:
            continue
        prover, [table] = Prover((subject,), Options()), tables_of(subject.model)
        answers = list(prover.answers(Question(TABLE)))
        assert all(answer.status == PROVED for answer in answers), (path.read_text(), answers)
        assert not any(answer.example and answer.example.fails for answer in answers)
        found = {(a.kind, a.line if a.kind == UNREACHABLE else 0) for a in answers}
        expected = holding(subject, table, prover.tables)
        assert found == expected, (path.read_text(), answers)
        counts.update(kind for kind, _ in found)
    assert min(counts[kind] for kind in (GAP, OVERLAP, UNREACHABLE)) > 0, counts
