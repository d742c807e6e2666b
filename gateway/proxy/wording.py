"""A refusal in the contract's words, the same for every engine; each puts them into its own message."""

from gateway.model.decision import ReasonCode
from gateway.verdict import Ruling


def denial(ruling: Ruling) -> str:
    """Action and path, or why the statement was not understood; without the `gateway: ` in front."""
    reason = ruling.decision.reason
    if reason.code is ReasonCode.OPAQUE:
        return f"statement not understood: {ruling.footprint.opaque or reason.text}"
    if reason.action is not None and reason.path:
        return f"permission denied: {reason.action.value} on {reason.path}"
    return f"permission denied: {reason.text}"


def grounds(ruling: Ruling) -> str:
    """What the decision stands on: the clause that a masked column is used in, the rule, the policy's version."""
    reason = ruling.decision.reason
    rule = f"rule {reason.rule}" if reason.rule else "no rule permits it"
    said = (reason.circumstance, rule, f"policy version {ruling.decision.policy_version}")
    return "; ".join(part for part in said if part)
