"""The history in a PostgreSQL database, for services on many machines: `--history postgresql://host/database`.

Transactions that would decide by the same things wait for each other (advisory locks, taken in one order), so that
what they count is what is there when they are over. Its tables are in a schema of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from hashlib import blake2b
from typing import Any, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict

from nbadsl.history.demands import Tally
from nbadsl.history.sql import SqlStore
from nbadsl.history.sql_reading import ROWS
from nbadsl.history.store import HistoryError
from nbadsl.history.tables import TABLES, VERSION, Kept, Row
from nbadsl.history.windows import after

_BUCKETS = 1024  # locks that there are: a transaction may want as many as it has decisions
_OURS, _SORTS = 0x6E6261, 0x6E6262  # the first half of our locks' names

T = TypeVar("T")


class PostgresStore(SqlStore):
    """`address`: as libpq takes it; a password is better in the environment (PGPASSWORD) or in a password file.
    `schema`: of the tables, made where there is none. Raises HistoryError when the database cannot be reached."""

    def __init__(self, address: str, schema: str = "nbadsl") -> None:
        super().__init__()
        try:
            named = {"host": "localhost", "dbname": ""} | conninfo_to_dict(address)
            self.path = "PostgreSQL at {host}/{dbname}, {schema}".format(**named, schema=schema)
            self._address, self._schema, self._inside = address, psycopg.sql.Identifier(schema), False
            self._connect()
        except psycopg.Error as error:
            raise HistoryError(f"the history cannot be reached: {error}") from error
        with ExitStack() as on_error:
            on_error.callback(self.close)
            self._open()
            on_error.pop_all()

    def _connect(self) -> None:
        self._connection = psycopg.connect(self._address, autocommit=True)
        self._connection.execute(psycopg.sql.SQL("SET search_path TO {}").format(self._schema))

    def _open(self) -> None:
        with self._transaction():
            self._take({("tables",)})
            self._connection.execute(psycopg.sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(self._schema))
            if self._ask("SELECT to_regclass('about')") == [
                (None,)
            ]:  # making an index again would lock its table
                for table in (*TABLES, "CREATE SEQUENCE numbers"):
                    self._ask(table)
                self._do("INSERT INTO about VALUES (?)", [(VERSION,)])
            self._check_version()

    # --- the dialect ---

    def _ask(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        def rows() -> list[Row]:
            cursor = self._connection.execute(sql.replace("?", "%s"), values)
            return cursor.fetchall() if cursor.description else []

        try:
            return rows() if self._inside else self._reached(rows)
        except psycopg.Error as error:
            raise HistoryError(f"{self.path}: {error}") from error

    def _pages(self, sql: str, values: Sequence[Any]) -> Iterator[list[Row]]:
        with self._transaction(), self._connection.cursor("portions") as cursor:
            cursor.execute(sql.replace("?", "%s"), values)
            while rows := cursor.fetchmany(ROWS):
                yield rows

    def _do(self, sql: str, rows: Collection[Sequence[Any]]) -> None:
        try:
            with self._connection.cursor() as cursor:
                cursor.executemany(sql.replace("?", "%s"), rows)
        except psycopg.Error as error:
            raise HistoryError(f"{self.path}: {error}") from error

    def _reached(self, call: Callable[[], T]) -> T:
        """Outside of transactions, where nothing is lost: connect again if the connection has broken since."""
        try:
            return call()
        except psycopg.OperationalError:
            if not self._connection.broken:
                raise
            self._connect()
            return call()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        if self._inside:
            yield
            return
        try:
            with ExitStack() as stack:
                self._reached(lambda: stack.enter_context(self._connection.transaction()))
                self._inside = True
                stack.callback(setattr, self, "_inside", False)
                yield
        except psycopg.Error as error:
            self._forget_sorts()
            raise HistoryError(f"{self.path}: {error}") from error
        except BaseException:
            self._forget_sorts()
            raise

    def _hold(self, locks: Iterable[tuple[object, ...]]) -> None:
        self._take(locks)
        self._learn()

    def _take(self, locks: Iterable[tuple[object, ...]]) -> None:
        names = {(_SORTS, 0) if lock == ("sorts",) else (_OURS, _bucket(lock)) for lock in locks}
        for name in sorted(names):
            self._ask("SELECT pg_advisory_xact_lock(?, ?)", name)

    def _numbers(self, count: int) -> Iterable[int]:
        return [
            number
            for (number,) in self._ask("SELECT nextval('numbers') FROM generate_series(1, ?)", (count,))
        ]

    def _tell(self, kept: Sequence[Kept], sign: int) -> None:
        """An index is enough."""

    def _total(self, sorts: tuple[int, ...], start: int | None, now: int) -> Tally:
        sql = """SELECT count(*), count(cost), coalesce(sum(cost), 0) FROM events
            WHERE stands = 1 AND sort = ANY(?) AND at <= ? AND at > ?"""
        ((count, priced, cost),) = self._ask(sql, (list(sorts), now, after(start)))
        return Tally(count, priced, int(cost))


def _bucket(lock: tuple[object, ...]) -> int:
    """The same on every machine."""
    return (
        int.from_bytes(blake2b(repr(lock).encode("utf-8", "surrogatepass"), digest_size=8).digest())
        % _BUCKETS
    )
