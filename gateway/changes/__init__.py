"""Change issues: what may not be done by hand is written down, looked at by another person, rolled out and recorded.

lifecycle          the legal transitions of issues and their statements, as a table
desk               `ChangeDesk`: open, show, approve, reject, comment, cancel
script             a whole script as one issue
review             what a person should look at first; review_rules, review_postgres, review_mysql: the rules
release            an approved statement passes once when its requester sends it again
rollout            `Rollouts`: statements run on the server, resumable, never twice
batches, plan      what runs together, and how it is run
lease              one process at a time
executor           a server connection as a rollout uses it; postgres_executor, postgres_effects
snapshot           the schema as text; difference: what changed, for people
authority          which question policy is asked for which step
access             `AccessDesk`: permissions for a time, requested and approved; unused: told when nobody used them
texts              the exact text of a statement
ports              what this room asks of others
"""

from gateway.changes.access import AccessDesk
from gateway.changes.authority import Authority
from gateway.changes.desk import ChangeDesk
from gateway.changes.executor import Connect, schema_reader
from gateway.changes.release import Claims, Release
from gateway.changes.review import Finding, Review
from gateway.changes.rollout import Assume, Rollouts
from gateway.changes.script import ScriptRefused

__all__ = [
    "AccessDesk",
    "Assume",
    "Authority",
    "ChangeDesk",
    "Claims",
    "Connect",
    "Finding",
    "Release",
    "Review",
    "Rollouts",
    "ScriptRefused",
    "schema_reader",
]
