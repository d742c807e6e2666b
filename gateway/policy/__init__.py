"""Policy: Casbin's model, rules and role graph, compiled into an index that decides in process.

bundle          the folder: model.conf, policy.csv, query_rules.toml, masking.toml, cases/; read whole, checked, versioned
patterns        object patterns, `*` and `**`
conditions      the small expression language of rules; `variables`: what it can ask about
rules           rules and role links as `policy.csv` writes them; `grants`: those from the store
casbin_model    the model a bundle must have; the Enforcer that is the truth
index, roles    the rules as a trie, the role graph; `asking`: one action on one path
decide          the decision on a footprint; `columns` and `programs` (masks), `limits` (query rules), `refusals` (what is said)
snapshot        PolicySnapshot: decides and permits
service         PolicyService: the current snapshot, followed as the folder and the store change
explain, diff, case_runner, checks   for people: why, what changes, what a bundle must answer, what looks wrong

Paths that rules match: `instance/database/schema/table` (MySQL: `instance/database/table`), prefixes of it for schemas,
databases and instances, a function's like a table's. The gateway's own objects are `gateway/<kind>` and
`gateway/<kind>/<name>`: environments instances databases projects users groups roles tokens grants policies issues audit
sessions. `select` reads them, `admin` changes them, `export` takes the audit log away. Issues and access requests are
approved by `approve` on the database or object itself; one's own needs `approve_own` besides, which `*` never includes.
"""

from gateway.policy.bundle import Bundle, load_bundle
from gateway.policy.grants import Grant, grant_rule
from gateway.policy.service import PolicyEvent, PolicyService
from gateway.policy.snapshot import CompiledBundle, PolicySnapshot, compile_bundle, compile_policy

__all__ = [
    "Bundle",
    "CompiledBundle",
    "Grant",
    "PolicyEvent",
    "PolicyService",
    "PolicySnapshot",
    "compile_bundle",
    "compile_policy",
    "grant_rule",
    "load_bundle",
]
