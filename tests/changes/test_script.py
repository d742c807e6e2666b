import pytest

from gateway.changes import ScriptRefused
from gateway.model.change import ChangeNamespace
from tests.changes.support import ALICE, BOB, TARGET, Desk


async def test_a_script_is_one_issue_in_its_order(office: Desk) -> None:
    desk = office.open()
    ref = await desk.create(
        ALICE, TARGET, "CREATE TABLE a (b int);\nCREATE INDEX CONCURRENTLY i ON a (b);\n", namespace=ChangeNamespace(("app",))
    )
    issue = await desk.show(BOB, ref.number)
    assert [(task.position, task.text, task.transactional) for task in issue.tasks] == [
        (1, "CREATE TABLE a (b int)", True),
        (2, "CREATE INDEX CONCURRENTLY i ON a (b)", False),
    ]
    assert issue.title == "CREATE TABLE a (b int) (+1)"
    assert (issue.session, issue.namespace.search_path) == ("", ("app",))


@pytest.mark.parametrize(
    ("script", "position", "says"),
    [
        ("CREATE TABLE a (); SELECT 1", 2, "needs no change issue"),
        ("CREATE TABLE a (); DROP DATABASE shop", 2, "refused: no rule allows it"),
        ("BEGIN; CREATE TABLE a (); COMMIT", 1, "groups statements into transactions itself"),
        ("  ;  ", 1, "holds no statement"),
    ],
)
async def test_what_does_not_belong_in_is_named(office: Desk, script: str, position: int, says: str) -> None:
    desk = office.open()
    with pytest.raises(ScriptRefused, match=says) as refused:
        await desk.create(ALICE, TARGET, script)
    assert refused.value.position == position
    assert str(refused.value).startswith(f"statement {position} (")
    assert await desk.listing(ALICE) == ()


async def test_scripts_never_extend_one_another(office: Desk) -> None:
    desk = office.open()
    first = await desk.create(ALICE, TARGET, "CREATE TABLE a ()")
    second = await desk.create(ALICE, TARGET, "CREATE TABLE b ()")
    assert first.number != second.number
