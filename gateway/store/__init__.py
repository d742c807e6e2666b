"""The metadata store: SQLite by default, PostgreSQL or MySQL (MariaDB, TiDB) when there are several gateways.

schema      the tables; migrations/ builds exactly these
backend     URL to driver, transactions, failures in the gateway's own words
store       `Store`: opened once, asked often, changed in transactions
control     two counters that workers poll to follow changes
directory   users, groups, the roles they hold, and the principals made of them
tokens      256 random bits that stand for a user
servers     environments, projects, instances, registered databases
grants      permissions beside the bundle, often with an end
issues      change issues and their tasks
workspace   the declarative file of `gateway apply`; workspace_apply brings the store to it
cancels     cancel requests between processes
anchors     where each audit chain stood
usage       rows read per person, relation and day
secrets     the master key and what is encrypted with it
passwords   SCRAM verifiers
names       what a name may look like
"""

from gateway.store.anchors import Anchor
from gateway.store.cancels import CancelRequest
from gateway.store.directory import StoredBinding, StoredUser
from gateway.store.grants import StoredGrant
from gateway.store.secrets import SecretKey, SecretUnreadable
from gateway.store.servers import ServerAccess, ServerTls, StoredInstance
from gateway.store.store import Store
from gateway.store.tokens import StoredToken
from gateway.store.usage import RowUsage

__all__ = [
    "Anchor",
    "CancelRequest",
    "RowUsage",
    "SecretKey",
    "SecretUnreadable",
    "ServerAccess",
    "ServerTls",
    "Store",
    "StoredBinding",
    "StoredGrant",
    "StoredInstance",
    "StoredToken",
    "StoredUser",
]
