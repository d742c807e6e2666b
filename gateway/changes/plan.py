"""How an issue's remaining statements are grouped: what may share a transaction does, in order."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.model.change import Task, TaskState

# PostgreSQL: a value added to an enum "cannot be used until after the transaction has been committed" (ALTER TYPE, notes).
_ADDS_ENUM_VALUE = re.compile(r"\A\s*ALTER\s+TYPE\b.*\bADD\s+VALUE\b", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Batch:
    """Statements that run together: in one transaction, or one alone outside of any."""

    tasks: tuple[Task, ...]
    transactional: bool


def plan(tasks: Sequence[Task], *, transactional_ddl: bool = True) -> tuple[Batch, ...]:
    """The batches of what is not done yet. Without `transactional_ddl` (MySQL) each statement stands alone."""
    batches: list[Batch] = []
    together: list[Task] = []

    def close() -> None:
        if together:
            batches.append(Batch(tuple(together), True))
            together.clear()

    for task in tasks:
        if task.state is TaskState.DONE:
            continue
        if not (task.transactional and transactional_ddl):
            close()
            batches.append(Batch((task,), False))
            continue
        together.append(task)
        if _ADDS_ENUM_VALUE.match(task.text):
            close()
    close()
    return tuple(batches)
