"""The line of `gateway explain`."""

import json

from gateway.analysis.explain import explained
from gateway.model.identity import Engine, Target
from tests.analysis.postgres.schema import one

_TARGET = Target(Engine.POSTGRES, "pg1", "shop", "", "")


def test_the_line_of_a_query() -> None:
    text = "SELECT contact, secret_of(1) FROM contacts WHERE id = 1"
    line = explained(one(text), text, _TARGET)
    assert json.loads(json.dumps(line)) == line
    assert line["statement"] == text
    assert line["kind"] == "SELECT"
    assert line["relations"] == [
        {"path": "pg1/shop/public/contacts", "action": "select", "via": "direct"},
        {"path": "pg1/shop/public/customers", "action": "select", "via": "view_body"},
    ]
    assert {"path": "pg1/shop/public/customers", "column": "email", "clause": "output"} in line["columns"]
    assert line["functions"] == [{"path": "pg1/shop/public/secret_of", "class": "user"}]
    assert line["outputs"][0] == {
        "name": "contact",
        "sources": ["pg1/shop/public/contacts.contact", "pg1/shop/public/customers.email"],
        "exact": True,
    }
    assert line["opaque"] is None
    assert line["decision"] is None


def test_other_objects_and_reasons() -> None:
    text = "CREATE EXTENSION x"
    assert explained(one(text), text, _TARGET)["objects"] == [{"kind": "database", "path": "pg1/shop", "action": "admin"}]
    assert explained(one("DO 'x'"), "DO 'x'", _TARGET)["opaque"] == "DO runs procedural code"
    broken = explained(one("SELEC"), "SELEC", _TARGET)
    assert broken["kind"] == "SYNTAX ERROR"
    assert broken["outputs"] is None


def test_names_cannot_reach_into_another_segment() -> None:
    text = 'SELECT 1 FROM "a/b"'
    assert explained(one(text), text, _TARGET)["relations"][0]["path"] == "pg1/shop/public/a%2Fb"
