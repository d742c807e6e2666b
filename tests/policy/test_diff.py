"""What a new bundle changes."""

from gateway.policy.diff import diff_bundles
from tests.policy.worlds import NOW, bundle

BASE = "p, developer, *, */*/public/**, select, , allow\n"


def test_the_same_bundle_changes_nothing() -> None:
    found = diff_bundles(bundle(BASE), bundle("\n# moved\n" + BASE), NOW)
    assert found.empty
    assert found.complete
    assert found.samples > 0


def test_a_new_rule_is_shown_with_whom_it_lets_do_what() -> None:
    found = diff_bundles(bundle(BASE), bundle(BASE + "p, developer, *, pg1/shop/hr/*, select, , allow\n"), NOW)
    assert found.added == ("allow developer select on pg1/shop/hr/*",)
    assert found.removed == ()
    (change,) = found.changes
    assert (change.subject, change.path, change.action) == ("developer", "pg1/shop/hr/x", "select")
    assert (change.before, change.after, change.rule_after) == ("deny", "allow", "policy.csv:3")


def test_environments_that_conditions_name_are_sampled() -> None:
    limited = "p, developer, *, */*/public/**, select, \"environment in ('dev', 'test')\", allow\n"
    found = diff_bundles(bundle(BASE), bundle(limited), NOW)
    assert {(change.environment, change.after) for change in found.changes} == {("other", "deny")}


def test_a_new_link_counts_for_the_role_it_reaches() -> None:
    old = bundle(BASE + "p, guest, *, */*, connect, , allow\n")
    new = bundle(BASE + "p, guest, *, */*, connect, , allow\ng, guest, developer, *\n")
    found = diff_bundles(old, new, NOW)
    assert found.added == ("guest holds developer in *",)
    assert {(change.subject, change.after) for change in found.changes} == {("guest", "allow")}


def test_masks_and_query_rules_are_listed() -> None:
    masking = '[[columns]]\npath = "*/*/public/customers/email"\nmasker = "email"\n'
    queries = '[[rules]]\nname = "n"\nroles = ["*"]\nobjects = ["**"]\nmax_rows = 5\n'
    found = diff_bundles(bundle(BASE), bundle(BASE, masking=masking, queries=queries), NOW)
    assert len(found.added) == 2
    assert found.added[1] == "mask */*/public/customers/email: email"
    assert not found.empty
