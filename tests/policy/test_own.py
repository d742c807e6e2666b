"""What somebody is told of the policy that holds for them."""

from gateway.model.identity import ClientInfo, Engine, Target
from gateway.policy.own import masked_columns, query_limits, rules_of
from gateway.policy.snapshot import compile_policy
from tests.policy.worlds import ALICE, NOW, SHOP, StoredGrant, bundle

POLICY = """p, developer, *, */*/public/**, select, , allow
p, developer, bank, */*/public/**, delete, , allow
p, analyst, *, **, select, , allow
p, developer, *, pg2/**, select, , allow
p, developer, *, */*/hr/salaries, *, , deny
p, developer, *, */*/*, insert, , allow
"""
LIMITS = """
[[rules]]
name = "daily"
roles = ["developer"]
objects = ["*/shop/public/orders"]
max_rows_per_day = 10

[[rules]]
name = "elsewhere"
roles = ["developer"]
objects = ["pg2/**"]
max_rows = 1

[[rules]]
name = "a schema is no relation"
roles = ["developer"]
objects = ["*/shop/orders"]
max_rows = 1

[[rules]]
name = "others"
roles = ["analyst"]
objects = ["**"]
max_rows = 1
"""
CLIENT = ClientInfo("")


def test_rules_of_the_person_the_project_and_the_place() -> None:
    grants = [
        StoredGrant(),
        StoredGrant(id=8, expires_at=NOW - 1),
        StoredGrant(id=9, subject="user:bob"),
        StoredGrant(id=10, object="pg1/crm/**"),
    ]
    found = rules_of(compile_policy(bundle(POLICY), grants), ALICE, SHOP, NOW)
    assert [(rule.pattern.text, rule.actions, rule.source) for rule in found] == [
        ("*/*", "connect", "policy.csv:1"),
        ("*/*/public/**", "select", "policy.csv:2"),
        ("*/*/hr/salaries", "*", "policy.csv:6"),
        ("*/*/*", "insert", "policy.csv:7"),
        ("pg1/shop/hr/**", "select", "grant #7"),
    ]


def test_on_mysql_paths_have_no_schema() -> None:
    mysql = Target(Engine.MYSQL, "my1", "shop", "prod", "shop")
    found = rules_of(compile_policy(bundle(POLICY), []), ALICE, mysql, NOW)
    assert [rule.pattern.text for rule in found] == ["*/*", "*/*/public/**", "*/*/*"]


def test_the_first_entry_that_matches_a_column_counts() -> None:
    entries = [("email", "email"), ("*_number", "digits"), ("e*", "hash")]
    columns = ["id", "email", "extra", "card_number", "a/b"]
    assert masked_columns(entries, columns) == [("email", "email"), ("extra", "hash"), ("card_number", "digits")]
    assert masked_columns([("a%2Fb", "null")], columns) == [("a/b", "null")]
    assert masked_columns([("*", "null")], ["id"]) == [("id", "null")]


def test_limits_with_what_was_read_today() -> None:
    today = {"pg1/shop/public/orders": 4, "pg1/shop/public/items": 5, "pg1/crm/public/orders": 6}
    (found,) = query_limits(compile_policy(bundle(POLICY, queries=LIMITS), []), ALICE, SHOP, CLIENT, NOW, today)
    rule, read = found
    assert (rule.name, rule.max_rows_per_day, read) == ("daily", 10, [("pg1/shop/public/orders", 4)])


def test_the_same_rules_on_mysql() -> None:
    mysql = Target(Engine.MYSQL, "my1", "shop", "prod", "shop")
    found = query_limits(compile_policy(bundle(POLICY, queries=LIMITS), []), ALICE, mysql, CLIENT, NOW, {})
    assert [rule.name for rule, _ in found] == ["a schema is no relation"]
