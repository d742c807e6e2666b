"""The audit log: every event a record, every record in a hash chain, every chain provable offline.

encoding    record fragments as bytes: `session_fragment`, `statement_body`, `identified`, `end_body`, `fragment`
redact      secrets out of text, before it is written
chain       numbers and hashes; how one line is checked
log         `AuditLog`: append, group commit, durability, failure
opening     taking a chain over
disk        the files a writer holds: segments, head, checkpoints; `filler` makes room ahead
recovery    where a chain stands when its writer starts
files       names and places
keys        signing and MAC keys from the master key
head        where the chain stands, under a MAC
merkle, checkpoint   signed tree heads
proof    one record proved offline, with the public key alone
verify      proof of the whole log
query       what to look for
index       which blocks of a segment hold which terms; `indexer` keeps it fresh in a process of its own
search      records of all chains in time's order, in pages
"""

from gateway.audit.checkpoint import Anchor
from gateway.audit.encoding import end_body, fragment, identified, json_string, session_fragment, statement_body
from gateway.audit.files import chain_name
from gateway.audit.keys import AuditKeys
from gateway.audit.log import AuditLog
from gateway.audit.query import Query
from gateway.audit.redact import MASK, redact, withheld
from gateway.audit.search import Page
from gateway.audit.verify import Report

__all__ = [
    "MASK",
    "Anchor",
    "AuditKeys",
    "AuditLog",
    "Page",
    "Query",
    "Report",
    "chain_name",
    "end_body",
    "fragment",
    "identified",
    "json_string",
    "redact",
    "session_fragment",
    "statement_body",
    "withheld",
]
