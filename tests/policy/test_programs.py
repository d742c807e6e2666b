"""What stored programs that work with masked columns give: hidden, and carried nowhere, for whom the columns are masked."""

from collections.abc import Iterator

from gateway.model.footprint import Action, Category, Clause, ColumnRef, Footprint, ObjectKind, ObjectName, ProgramUse, relation
from gateway.policy.asking import Answer
from gateway.policy.programs import ProgramCheck

PEOPLE = relation("shop", "people")
EMAIL = ColumnRef(PEOPLE, "email")
NONE = Answer(None, None)


def name(word: str) -> ObjectName:
    return ObjectName(ObjectKind.FUNCTION, "shop", word)


class Columns:
    """`people.email` is masked, unless the action on it is held."""

    def __init__(self, *held: Action, concerns: bool = True, vouched: bool = False) -> None:
        self.held, self.concerns, self.vouched = held, concerns, vouched

    def masked(self, column: ColumnRef, needed: Action) -> Iterator[tuple[str, str, Answer]]:
        if column == EMAIL and needed not in self.held:
            yield "my1/shop/people", "email", NONE

    def whole(self, program: ObjectName) -> tuple[str, Answer]:
        path = f"my1/shop/{program.name}"
        return path, _Allowed(None, None) if self.vouched else NONE


class _Allowed(Answer):
    @property
    def allowed(self) -> bool:
        return True


def check(columns: Columns, *programs: ProgramUse) -> ProgramCheck:
    return ProgramCheck(columns, Footprint("SELECT", Category.QUERY, programs=programs))


def hidden(columns: Columns, *programs: ProgramUse) -> set[str]:
    return {column.object.name for column in check(columns, *programs).hiding()}


def test_what_works_with_a_masked_column_is_hidden() -> None:
    reads = ProgramUse(name("reads"), reads=frozenset({EMAIL}))
    harmless = ProgramUse(name("harmless"), reads=frozenset({ColumnRef(PEOPLE, "id")}))
    assert hidden(Columns(), reads, harmless) == {"reads"}
    assert hidden(Columns(Action.UNMASK), reads, harmless) == set()


def test_so_is_what_works_with_its_result_even_in_a_circle() -> None:
    one = ProgramUse(name("one"), reads=frozenset({ColumnRef(name("two"), "*")}))
    two = ProgramUse(name("two"), reads=frozenset({ColumnRef(name("one"), "*"), EMAIL}))
    beside = ProgramUse(name("beside"))
    assert hidden(Columns(), one, two, beside) == {"one", "two"}


def test_what_was_not_read_is_hidden_where_anything_is_masked_until_vouched_for() -> None:
    unread = ProgramUse(name("unread"), undecided="it runs a text that is made at run time")
    assert hidden(Columns(), unread) == {"unread"}
    assert hidden(Columns(concerns=False), unread) == set()
    assert hidden(Columns(vouched=True), unread) == set()
    assert hidden(Columns(Action.UNMASK), unread) == {"unread"}, "unmask on some columns says nothing of others"


def test_conditions_need_infer_and_what_outlives_the_call_unmask() -> None:
    program = ProgramUse(name("reads"), frozenset({Clause.WHERE, Clause.STORED, Clause.OUTPUT}), frozenset({EMAIL}))
    said = [refusal.reason for refusal in check(Columns(), program).refusals()]
    assert [(reason.action, reason.path) for reason in said] == [
        (Action.UNMASK, "my1/shop/people/email"),
        (Action.INFER, "my1/shop/people/email"),
    ]
    assert "keep values in the session" in said[0].text
    assert "used in WHERE" in said[1].text
    assert "gateway access request --on my1/shop/people/email --actions unmask" in said[0].hint
    assert list(check(Columns(Action.UNMASK, Action.INFER), program).refusals()) == []


def test_a_refusal_of_what_was_not_read_says_why() -> None:
    program = ProgramUse(name("unread"), frozenset({Clause.STORED}), undecided="its body is hidden")
    [refusal] = check(Columns(), program).refusals()
    assert refusal.reason.path == "my1/shop/unread"
    assert "its body is hidden" in refusal.reason.hint
