"""How relations are named in a search."""

import time

import pytest

from gateway.audit.query import relation_pattern

PATH = "pg1/shop/hr/salaries"


@pytest.mark.parametrize(
    "relation",
    [
        PATH,
        "salaries",
        "hr.salaries",
        "shop.hr.salaries",
        "sal*",
        "hr.*",
        "*/*/*/*",
        "**",
        "**/salaries",
        "pg1/**",
        "pg1/**/salaries",
        "pg1/**/**/salaries",
        "pg*/sh*p/h*/*al*r*s",
        "*",
    ],
)
def test_these_mean_the_relation(relation: str) -> None:
    assert relation_pattern(relation).matches(PATH)


@pytest.mark.parametrize(
    "relation",
    [
        "alaries",
        "salarie",
        "r.salaries",
        "shop.salaries",
        "*/*/*",
        "*/*/*/*/*",
        "pg1/*/salaries",
        "**/hr",
        "SALARIES",
        "",
        "/",
        "pg1/shop/hr/salaries/**/x",
    ],
)
def test_these_do_not(relation: str) -> None:
    assert not relation_pattern(relation).matches(PATH)


def test_names_with_dots_are_found_too() -> None:
    assert relation_pattern("a.b").matches("pg1/shop/public/a.b")
    assert relation_pattern("a.b").matches("pg1/shop/a/b")


def test_hostile_patterns_are_quick() -> None:
    start = time.process_time()
    assert not relation_pattern("*a" * 300 + "*b").matches("x/" + "a" * 5_000)
    assert not relation_pattern("**/a/" * 200 + "b").matches("a/" * 1_000)
    assert time.process_time() - start < 1
