"""Small rooms for obligations and for the gateway's own schema, in memory."""

from typing import Any

from gateway.masking.plan import MaskPlan
from gateway.model.decision import MaskColumns
from gateway.model.own import OwnFault, OwnRefused, OwnRequest, Row
from gateway.model.statement import Namespace, Statement
from gateway.verdict import SessionIdentity
from tests.support.usage import MemoryUsage


class Duties:
    """`proxy.obligations.Obligations` without masks."""

    key = b"key"

    def __init__(self) -> None:
        self.usage = MemoryUsage()

    def plan(self, masks: MaskColumns) -> MaskPlan:
        raise AssertionError("nothing is masked here")

    def column(self, *_: object) -> None:
        return None

    def type_of(self, *_: object) -> int:
        return 0

    def copy_format(self, text: str) -> None:
        return None

    def masked(self, *_: object) -> bool:
        return False

    def masks(self, *_: object) -> MaskColumns:
        return MaskColumns(())


class Answers:
    """`proxy.own.OwnAnswers`: `gateway.masks` has two rows; `gateway.$` takes a number; anything else of it is refused."""

    request = OwnRequest("masks", (("relation", "text"), ("shown as", "text")))
    rows: tuple[Row, ...] = (("customers", "email"), ("payments", None))

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def recognise(self, who: SessionIdentity, statement: Statement) -> OwnRequest | None:
        if "gateway.masks" in statement.text:
            return self.request
        if "gateway.$" in statement.text:
            return OwnRequest("limits", (("max_rows", "int8"), ("where", "bool")), parameters=("int8",))
        if "gateway.no" in statement.text:
            raise OwnRefused(OwnFault.NO_RELATION, 'relation "gateway.no" does not exist', "There are: masks.")
        return None

    async def answer(self, who: SessionIdentity, request: OwnRequest, namespace: Namespace) -> list[Row]:
        self.asked.append((request.name, namespace.search_path))
        if request.name == "limits":
            return [(7, True), (None, False)]
        return list(self.rows)
