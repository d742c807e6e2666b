"""The audit log: every event a record, every record in a hash chain, every chain provable offline.

encoding    record fragments as bytes: `session_fragment`, `statement_body`, `identified`, `end_body`, `fragment`
redact      secrets out of text, before it is written
chain       numbers and hashes; how one line is checked
log         `AuditLog`: append, group commit, durability, failure
disk        the files a writer holds: segments, head, checkpoints
recovery    where a chain stands when its writer starts
files       names and places
keys        signing and MAC keys from the master key
head        where the chain stands, under a MAC
merkle, checkpoint   signed tree heads
"""

from gateway.audit.checkpoint import Anchor
from gateway.audit.encoding import end_body, fragment, identified, json_string, session_fragment, statement_body
from gateway.audit.files import chain_name
from gateway.audit.keys import AuditKeys
from gateway.audit.log import AuditLog
from gateway.audit.redact import redact

__all__ = [
    "Anchor",
    "AuditKeys",
    "AuditLog",
    "chain_name",
    "end_body",
    "fragment",
    "identified",
    "json_string",
    "redact",
    "session_fragment",
    "statement_body",
]
