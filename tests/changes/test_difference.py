import json

from gateway.changes.difference import difference


def lines(*entries: dict[str, object]) -> str:
    return "\n".join(json.dumps(entry) for entry in entries) + "\n"


def test_nothing_changed_is_nothing() -> None:
    one = lines({"of": "a", "kind": "table", "name": "a", "owner": "x"})
    assert difference(one, one) == ""


def test_added_removed_changed() -> None:
    before = lines(
        {"of": "a", "kind": "column", "name": "a.b", "type": "int"},
        {"of": "a", "kind": "column", "name": "a.c", "type": "text"},
    )
    after = lines(
        {"of": "a", "kind": "column", "name": "a.b", "type": "bigint", "not_null": True},
        {"of": "a", "kind": "column", "name": "a.d", "type": "text"},
    )
    assert difference(before, after).splitlines() == [
        "  column a.b",
        "+   not_null: true",
        "-   type: int",
        "+   type: bigint",
        "- column a.c  (type: text)",
        "+ column a.d  (type: text)",
    ]


def test_long_definitions_show_only_what_differs() -> None:
    body = [f"line {number}" for number in range(20)]
    changed = [*body[:10], "another", *body[11:]]
    before = lines({"of": "s", "kind": "function", "name": "f()", "definition": "\n".join(body)})
    after = lines({"of": "s", "kind": "function", "name": "f()", "definition": "\n".join(changed)})
    text = difference(before, after).splitlines()
    assert text[:2] == ["  function f()", "    definition:"]
    assert "-     line 10" in text
    assert "+     another" in text
    assert "      line 0" not in text


def test_a_new_definition_is_shown_whole() -> None:
    after = lines({"of": "s", "kind": "view", "name": "v", "definition": " SELECT 1\n UNION\n SELECT 2;"})
    assert difference("", after).splitlines() == ["+ view v", "+      SELECT 1", "+      UNION", "+      SELECT 2;"]
