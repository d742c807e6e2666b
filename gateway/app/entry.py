"""Whether somebody may enter a database at all: the same for both engines' doors."""

from gateway.model.decision import Decision
from gateway.model.identity import ClientInfo, Principal, Target
from gateway.verdict import Judge, SessionIdentity


class Entry:
    """`proxy.ports.ConnectPolicy`: the judge's own answer, the same that live sessions are held to."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    def may_connect(self, principal: Principal, target: Target, client: ClientInfo) -> Decision:
        return self._judge.connect(SessionIdentity(principal, target, client, ""))
