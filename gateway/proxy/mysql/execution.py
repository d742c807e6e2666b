"""A command on its way to the server, and the prepared statements that the server keeps."""

from typing import TYPE_CHECKING, Final

from gateway.model.footprint import Category
from gateway.model.statement import Namespace
from gateway.proxy.rooms import Release
from gateway.verdict import Verdict

if TYPE_CHECKING:
    from gateway.proxy.mysql.watch import ResultState, Watch

# Kinds whose execution may answer with any number of results.
_MANY_RESULTS: Final = frozenset({"CALL", "EXECUTE", "EXECUTE IMMEDIATE", "BEGIN NOT ATOMIC", "COMPOUND"})
_ONE_RESULT: Final = frozenset(
    {Category.QUERY, Category.WRITE, Category.TRANSACTION, Category.SESSION, Category.COPY_IN, Category.DDL}
)


CURSOR: Final = 0b111  # flags of COM_STMT_EXECUTE: read only, for update, scrollable


class Prepared:
    """A statement that the server has prepared. `stamp` is the session's stamp its verdict was made under; None: judge anew.

    namespace  as it was then: the statement keeps the database it was prepared in
    cursor     counts and masks of its cursor, where its verdict has obligations
    """

    __slots__ = ("cursor", "namespace", "release", "stamp", "text", "verdict")

    def __init__(self, text: str, verdict: Verdict, namespace: Namespace, stamp: object | None) -> None:
        self.text = text
        self.verdict = verdict
        self.namespace = namespace
        self.stamp = stamp
        self.release: Release | None = None
        self.cursor: ResultState | None = None


class Execution:
    """Everything that the end records of a command need.

    number      of its first statement in the session; -1 where no record was written
    index       how many of its statements are complete
    began       monotonic seconds
    rows, size  of the statement's result so far; size in payload bytes
    prepares    the statement that COM_STMT_PREPARE is about; nothing runs yet
    binary      its rows are in the binary format; `fetches`: it is a COM_STMT_FETCH
    watch       over its results, where the decision has obligations
    cursor      COM_STMT_EXECUTE asked for one: the rows are fetched later
    """

    __slots__ = (
        "began",
        "binary",
        "cursor",
        "fetches",
        "index",
        "number",
        "prepares",
        "release",
        "rows",
        "size",
        "verdict",
        "watch",
    )

    def __init__(self, number: int, verdict: Verdict, began: float) -> None:
        self.number = number
        self.verdict = verdict
        self.began = began
        self.rows = 0
        self.size = 0
        self.index = 0
        self.release: Release | None = None
        self.prepares: Prepared | None = None
        self.binary = self.fetches = False
        self.watch: Watch | None = None
        self.cursor = False

    @property
    def one_result_each(self) -> bool:
        """Whether every statement answers with exactly one result: more would mean that the server read more statements."""
        return all(
            ruling.footprint.opaque is None
            and ruling.footprint.category in _ONE_RESULT
            and ruling.footprint.kind not in _MANY_RESULTS
            for ruling in self.verdict.rulings
        )

    @property
    def takes_local_file(self) -> bool:
        """Whether the server may ask the client for a file: only for a permitted LOAD DATA LOCAL."""
        return any(
            ruling.footprint.category is Category.COPY_IN or ruling.footprint.kind.startswith("LOAD ")
            for ruling in self.verdict.rulings
        )


def calls(kind: str) -> bool:
    """Whether a statement of this kind ends with an OK packet behind its results."""
    return kind in _MANY_RESULTS
