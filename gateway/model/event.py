"""The audit record's vocabulary. The audit room owns its encoding, chain and files."""

from enum import StrEnum


class EventKind(StrEnum):
    SESSION_OPEN = "session.open"
    SESSION_REFUSED = "session.refused"
    SESSION_CLOSE = "session.close"
    STATEMENT = "statement"
    STATEMENT_END = "statement.end"
    ISSUE_OPENED = "issue.opened"
    ISSUE_EXTENDED = "issue.extended"
    ISSUE_COMMENTED = "issue.commented"
    ISSUE_APPROVED = "issue.approved"
    ISSUE_REJECTED = "issue.rejected"
    ISSUE_CANCELLED = "issue.cancelled"
    ISSUE_RELEASED = "issue.released"  # the requester sent the approved statement again and it passed, once
    ISSUE_ROLLOUT = "issue.rollout"
    ISSUE_TASK = "issue.task"
    ISSUE_DONE = "issue.done"
    ISSUE_FAILED = "issue.failed"
    ACCESS_REQUESTED = "access.requested"
    ACCESS_APPROVED = "access.approved"
    ACCESS_REJECTED = "access.rejected"
    ACCESS_CANCELLED = "access.cancelled"
    ACCESS_REVOKED = "access.revoked"
    ACCESS_UNUSED = "access.unused"  # it ended, by the clock or revoked, and nobody had used it
    POLICY_LOADED = "policy.loaded"
    POLICY_REJECTED = "policy.rejected"
    ADMIN_CHANGE = "admin.change"
    ADMIN_REFUSED = "admin.refused"  # policy said no to a request to the API
    ADMIN_LOGIN = "admin.login"
    ADMIN_LOGIN_REFUSED = "admin.login_refused"
