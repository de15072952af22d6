"""The Python interface: load a policy, decide, explain.

    policy = nbadsl.load("retention.nba")
    decisions = policy.decide(table)              # anything that speaks Arrow, a dict of arrays, a path
    decision = policy.decide_one({"age": 30, …})
    print(policy.explain({"age": 30, …}))

A `Policy` is immutable and safe to use from several threads. The vector engine, and with it Numba and
PyArrow, is loaded when it is first needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbadsl.data.options import native
from nbadsl.data.records import BadRecord, read_record
from nbadsl.data.rules import BadData
from nbadsl.diagnostics import Diagnostic
from nbadsl.diagnostics.render import render
from nbadsl.history.asking import Asking, Terms, terms_of
from nbadsl.history.events import moment, outcome
from nbadsl.history.open import NeedsHistory, judge_history, open_history
from nbadsl.history.store import HistoryError
from nbadsl.pipeline import Checked
from nbadsl.pipeline import check as check_path
from nbadsl.pipeline import compile as compile_path
from nbadsl.program import chance
from nbadsl.program import decision as ir
from nbadsl.program.decision import Row
from nbadsl.program.facts import Facts, facts_of
from nbadsl.program.givens import BadInput, givens
from nbadsl.program.nodes import Program, Value
from nbadsl.realtime import decide_and_keep
from nbadsl.replay import Recorder, Replayed, id_of, replay
from nbadsl.results import Choice, Decision, Decisions
from nbadsl.zone import EPOCH, microseconds

if TYPE_CHECKING:
    from pydantic import BaseModel

    from nbadsl.engine.batch import Engine
    from nbadsl.engine.single import Single
    from nbadsl.history.store import Store
    from nbadsl.plan.plan import Plan
    from nbadsl.report import Report
    from nbadsl.run import Run, RunOptions
    from nbadsl.story import Story


class PolicyError(ValueError):
    """A policy with errors. `diagnostics`: all of them; the message shows them as a terminal would."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__("\n" + render(diagnostics))
        self.diagnostics = diagnostics


class Policy:
    """A compiled policy. Made by `load`."""

    def __init__(self, plan: Plan | None, program: Program | Callable[[], Program]) -> None:
        self._plan, self._program = plan, program

    # --- what it is ---

    @cached_property
    def program(self) -> Program:
        """The typed program, the meaning of the policy."""
        return self._program if isinstance(self._program, Program) else self._program()

    @cached_property
    def facts(self) -> Facts:
        """Its names: inputs, candidates, tiers, experiments."""
        return self._plan.facts if self._plan is not None else facts_of(self.program)

    @cached_property
    def plan(self) -> Plan:
        """The plan that the vector engine runs."""
        from nbadsl.plan.lower import lower

        return self._plan or lower(self.program)

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the policy's meaning, see `plan.meaning`: the same on every machine, and as source and compiled."""
        from nbadsl.plan.meaning import policy_hash

        return policy_hash(self.program)

    @cached_property
    def Profile(self) -> type[BaseModel]:
        """A pydantic model of the `profile` block."""
        from nbadsl.data.model import profile_model

        return profile_model(self.facts)

    @cached_property
    def Context(self) -> type[BaseModel]:
        """A pydantic model of the `context` block."""
        from nbadsl.data.model import context_model

        return context_model(self.facts)

    def save(self, path: str | Path) -> None:
        """Write the compiled policy (`.nbac`): plain data, verified when it is loaded."""
        from nbadsl.plan.artefact import save

        save(Path(path), self.plan, self.program)

    # --- deciding ---

    def decide(
        self,
        profiles: Any,
        *,
        now: datetime | None = None,
        seed: int = 0,
        context: Mapping[str, object] | None = None,
        parameters: Mapping[str, object] | None = None,
        threads: int = 1,
        history: Store | None = None,
        record: Recorder | None = None,
    ) -> Decisions:
        """Decide everybody.

        `profiles`: a path (Parquet, CSV, Arrow), anything with the Arrow PyCapsule interface, a dict of
        columns, or a list of dicts. `now`: the moment of the decision, the current one if not given; without
        a time zone it is in the policy's. `parameters`: values for this run. The result does not depend on
        `threads`. With a `history`, limits are read from it and what is decided is kept in it. Raises
        BadData for profiles that do not fit, BadInput for a wrong parameter or context, NeedsHistory for
        a policy with limits without a history. A history that is only read keeps nothing. `record`: where its share of
        the decisions is written down, to be replayed.
        """
        import pyarrow as pa

        from nbadsl.run import RunOptions

        share = None if record is None else record.share
        options = RunOptions(now, seed, context, parameters, threads, history, share=share)
        _ = self._engine  # which may have to be compiled first: that is no part of the run
        started = datetime.now(UTC)
        run = self.run(profiles, options)
        steps = list(run)
        for line in (line for step in steps for line in step.recorded):
            assert record is not None
            record.write(line)
        seconds = (datetime.now(UTC) - started).total_seconds()
        table = pa.Table.from_batches([s.decisions for s in steps], run.schema)
        rejects = pa.Table.from_batches([s.rejects for s in steps], run.reject_schema)
        return Decisions(table, rejects, self.report(run, seconds))

    def report(self, run: Run, seconds: float) -> Report:
        """What a finished run of this policy counted."""
        from nbadsl.report import make_report

        return make_report(
            self.facts,
            run.totals,
            run.limited.before if run.limited is not None else (),
            self.plan.undefined,
            run.problems,
            run.keys.duplicates(),
            hash=self.hash,
            now=self.moment_text(run.given),
            seed=run.seed,
            seconds=seconds,
        )

    def run(self, profiles: Any, options: RunOptions) -> Run:
        """A run over profiles, as `decide` takes them. Raises what `decide` raises, and `limited.parts.Unfinished`."""
        from nbadsl.data.batches import first_rows
        from nbadsl.data.profiles import open_profiles
        from nbadsl.limited.batches import Limited
        from nbadsl.limited.parts import Parts, what
        from nbadsl.replay.batch import Recorded
        from nbadsl.run import Run

        history, seed, threads = options.history, options.seed, options.threads
        judge_history(history, self.facts.limits)
        given = self.given(options.now, options.context, options.parameters)
        opened = open_profiles(profiles, self.facts.inputs, key=self.facts.key, used=self.used)
        opened = opened if options.most is None else first_rows(opened, options.most)
        parts = limited = recorded = None
        with ExitStack() as on_error:
            if history is not None:
                keeps = options.keeps and history.keeps
                if keeps and options.out is not None and opened.paths:
                    same = what(self.hash, self.facts.name, given, seed, opened.paths, options.share)
                    parts = Parts(options.out, same, given["now"], history, options.now is not None)
                    on_error.callback(parts.close)
                    moment = EPOCH + timedelta(microseconds=parts.now)
                    given = self.given(moment, options.context, options.parameters)
                limited = Limited(self._engine, self.program, given, history, seed, keeps, threads)
            on_error.pop_all()
        if options.share is not None:
            recorded = Recorded(self.facts, self.hash, given, seed, options.share, self.used)
        return Run(
            self._engine,
            opened,
            given,
            self.hash,
            seed,
            threads,
            limited=limited,
            parts=parts,
            strict=options.strict,
            recorded=recorded,
        )

    def decide_one(
        self,
        profile: Mapping[str, Any] | BaseModel,
        *,
        now: datetime | None = None,
        seed: int = 0,
        context: Mapping[str, object] | None = None,
        parameters: Mapping[str, object] | None = None,
        history: Store | None = None,
        id: str | None = None,
        hold: timedelta | None = None,
        record: Recorder | None = None,
    ) -> Decision:
        """Decide one person, given as a dict by field or column name, or as a `Policy.Profile`. Other keys are ignored;
        `Policy.Profile` refuses them.

        With a `history`, limits are read from it and what is decided is kept in it, before this returns: for good, or
        for as long as `hold` says unless `history.confirm(decision.id, …)` comes in time. `id`: of the decision, made of
        key, moment and policy if it is not given; who asks again with it gets what was decided, but *nothing*, which is
        not kept, is decided anew. `record`: where the decision is written down, to be replayed. Raises BadRecord for a
        value that does not fit, HistoryError when the history cannot be reached, and what `decide` raises.
        """
        row = read_record(self.facts.inputs, profile)
        given = self.given(now, context, parameters)
        judge_history(history, self.facts.limits)
        if history is None:
            alone = self._single.decide(row, given, seed)
            if record is not None:
                record.add(self.facts, self.hash, row, given, seed, alone, id)
            return self._named(alone, given, id)
        moment = given["now"]
        assert isinstance(moment, float)
        until = None if hold is None else int(moment) + hold // timedelta(microseconds=1)

        asked = row

        def decide(row: Row) -> ir.Decision:
            nonlocal asked
            asked = row
            return self._single.decide(row, given, seed)

        asking = Asking(self.program, given, self._terms)
        id = id or asking.id(chance.text_of(row[self.facts.key]))
        found = decide_and_keep(asking, decide, row, history, id, until)
        if record is not None:
            record.add(self.facts, self.hash, asked, given, seed, found, id)
        return self._named(found, given, id)

    def explain(
        self,
        profile: Mapping[str, Any] | BaseModel,
        *,
        now: datetime | None = None,
        seed: int = 0,
        context: Mapping[str, object] | None = None,
        parameters: Mapping[str, object] | None = None,
        history: Store | None = None,
        why_not: str | None = None,
        change: Sequence[str] | None = None,
        factors: bool = False,
    ) -> Story:
        """Why one person is decided as they are: every candidate, its fate, the rule, the values, and the limits. The
        result prints as text; `.as_dict()` is for JSON. Nothing is kept in the history, and what it has of this very
        decision does not count; without one nobody was contacted before.

        `why_not`: an action, or `action via channel`: what stops it, and the smallest change of profile and context with
        which it wins. `change`: the only fields that may be different. `factors`: who would win without each factor of
        the scores. Raises BadInput for an action or a field that is not there.
        """
        from nbadsl.story.person import explain

        judge_history(history)
        row, given = read_record(self.facts.inputs, profile), self.given(now, context, parameters)
        return explain(self.program, row, given, seed, history, why_not, change, factors)

    def replay(
        self, lines: Iterable[str], *, changed: bool = False, interpreter: bool = False
    ) -> Iterator[Replayed]:
        """Make recorded decisions again, and say what differs. `changed`: also those of another policy. `interpreter`:
        by the plain interpreter instead of the engine; they may differ in the last digit of `log` and `^`. Raises
        `replay.again.OtherPolicy`."""
        from nbadsl.interpreter import decide

        program = self.program if interpreter else None
        made = self._single.decide if program is None else partial(decide, program)
        return replay(lines, self.facts, self.hash, self.used, made, changed)

    # --- parts ---

    @cached_property
    def used(self) -> frozenset[str]:
        """The fields that a decision can depend on."""
        return self.plan.used

    @cached_property
    def _engine(self) -> Engine:
        from nbadsl.engine.batch import Engine

        return Engine(self.plan)

    @cached_property
    def _single(self) -> Single:
        from nbadsl.engine.single import Single

        return Single(self._engine)

    def given(
        self,
        now: datetime | None = None,
        context: Mapping[str, object] | None = None,
        parameters: Mapping[str, object] | None = None,
    ) -> dict[str, Value]:
        """The inputs of a run, checked. Dates and times may be Python's; one without a time zone is in the policy's."""
        if now is not None and not isinstance(now, datetime):
            raise TypeError(f"`now` is a datetime, not {type(now).__name__}")
        moment = float(microseconds(now or datetime.now(UTC), self.facts.timezone))
        declared = tuple(p.input for p in self.facts.parameters)
        return givens(
            self.facts, moment, native(declared, parameters or {}), native(self.facts.context, context or {})
        )

    def moment_text(self, given: Mapping[str, Value]) -> str:
        """`now` as reports write it, in the policy's time zone."""
        from zoneinfo import ZoneInfo

        now = given["now"]
        assert isinstance(now, float)
        moment = (EPOCH + timedelta(microseconds=now)).astimezone(ZoneInfo(self.facts.timezone))
        return f"{moment:%Y-%m-%d %H:%M} {self.facts.timezone}"

    @cached_property
    def _terms(self) -> Terms:
        return terms_of(self.program)

    def _named(self, found: ir.Decision, given: Mapping[str, Value], id: str | None) -> Decision:
        return Decision.of(self.facts, found, self.hash, id or id_of(self.facts, found, given))

    def __repr__(self) -> str:
        return f"<Policy {self.facts.name}: {len(self.facts.candidates)} candidates>"


def check(path: str | Path) -> Checked:
    """What can be said about a policy without running it. Raises OSError when it cannot be read."""
    return check_path(Path(path))


def load(path: str | Path) -> Policy:
    """A policy from its source (`.nba`) or compiled (`.nbac`).

    Raises PolicyError for a policy with errors, `plan.artefact.BadArtefact` for a compiled one that is
    damaged, OSError when the file cannot be read.
    """
    path = Path(path)
    if path.suffix == ".nbac":
        from nbadsl.plan.artefact import load as load_artefact

        artefact = load_artefact(path)
        return Policy(artefact.plan, artefact.program)
    checked, program = compile_path(path)
    if program is None:
        raise PolicyError(checked.diagnostics)
    return Policy(None, program)


__all__ = [
    "BadData",
    "BadInput",
    "BadRecord",
    "Choice",
    "Decision",
    "Decisions",
    "HistoryError",
    "NeedsHistory",
    "Policy",
    "PolicyError",
    "Recorder",
    "check",
    "load",
    "moment",
    "open_history",
    "outcome",
]
