from gateway.changes.plan import plan
from gateway.model.change import Task, TaskState


def task(
    position: int, text: str = "ALTER TABLE t ADD c int", *, alone: bool = False, state: TaskState = TaskState.APPROVED
) -> Task:
    return Task(position, position, text, "ALTER TABLE", not alone, state)


def shape(*tasks: Task, transactional_ddl: bool = True) -> list[tuple[list[int], bool]]:
    batches = plan(tasks, transactional_ddl=transactional_ddl)
    return [([item.position for item in batch.tasks], batch.transactional) for batch in batches]


def test_what_may_share_a_transaction_does() -> None:
    assert shape(task(1), task(2), task(3, alone=True), task(4)) == [([1, 2], True), ([3], False), ([4], True)]


def test_what_is_done_is_left_out() -> None:
    assert shape(task(1, state=TaskState.DONE), task(2), task(3, state=TaskState.FAILED)) == [([2, 3], True)]
    assert shape(task(1, state=TaskState.DONE)) == []


def test_an_enum_value_ends_its_transaction() -> None:
    assert shape(task(1), task(2, "alter type mood\n add value 'x'"), task(3)) == [([1, 2], True), ([3], True)]


def test_without_transactional_ddl_each_stands_alone() -> None:
    assert shape(task(1), task(2), transactional_ddl=False) == [([1], False), ([2], False)]
