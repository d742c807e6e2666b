"""Object patterns: what matches, what is refused; the trie finds what the definition matches."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model.paths import segment
from gateway.policy.index import RuleIndex
from gateway.policy.patterns import covers, meets, parse_pattern, path_matches
from gateway.policy.rules import make_rule


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("pg1/shop/public/orders", "pg1/shop/public/orders", True),
        ("pg1/shop/public/orders", "pg1/shop/public/orders2", False),
        ("pg1/shop/public/*", "pg1/shop/public/orders", True),
        ("pg1/shop/public/*", "pg1/shop/public", False),
        ("pg1/shop/public/*", "pg1/shop/public/orders/id", False),
        ("*/*", "pg1/shop", True),
        ("pg1/shop/**", "pg1/shop", True),
        ("pg1/shop/**", "pg1/shop/public/orders", True),
        ("pg1/shop/**", "pg1/shopping", False),
        ("**", "pg1", True),
        ("**/orders", "pg1/shop/public/orders", True),
        ("**/orders", "orders", True),
        ("**/**/x", "a/x", True),
        ("a/**/b/**/c", "a/b/c", True),
        ("a/**/b/**/c", "a/1/b/2/3/c", True),
        ("a/**/b/**/c", "a/1/c", False),
        ("*/*/public/ord*_202?", "pg1/shop/public/orders_2024", False),
        ("*/*/public/ord*_202*", "pg1/shop/public/orders_2024", True),
        ("*/*/public/o*d*s", "pg1/shop/public/orders", True),
        ("*/*/public/o.ders", "pg1/shop/public/orders", False),
        ("pg1/shop/public/Orders", "pg1/shop/public/orders", False),
        ("pg1/shop/public/a%2Fb", "pg1/shop/public/a%2Fb", True),
        ("**", "gateway/users", False),
        ("*/users", "gateway/users", False),
        ("gatewa*/users", "gateway/users", False),
        ("**/users", "gateway/users", False),
        ("gateway/**", "gateway/users/alice", True),
        ("gateway/*", "gateway/users", True),
        ("pg1/*", "pg1/gateway", True),
    ],
)
def test_matching(pattern: str, path: str, matches: bool) -> None:
    assert path_matches(path, pattern) is matches
    index = RuleIndex([make_rule("r", "*", pattern, "select", "", "allow", source="x")])
    assert bool(index.matching(["r"], "shop", path, "select")) is matches


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("", "empty"),
        ("/pg1", "empty segment"),
        ("pg1//x", "empty segment"),
        ("pg1/", "empty segment"),
        ("pg1/a**", "segment of its own"),
        ("pg1/***", "segment of its own"),
        ("pg1/a b", "%20"),
        ("pg1/a,b", "%2C"),
        ("pg1/50%", "percent-encoded"),
        ("pg1/%2f", "percent-encoded"),
        ("/".join("a" * 17), "more than 16 segments"),
        ("x" * 701, "longer than 700"),
    ],
)
def test_mistakes_say_what_would_be_right(pattern: str, says: str) -> None:
    with pytest.raises(ValueError, match="pattern") as failure:
        parse_pattern(pattern)
    assert says in str(failure.value)


@pytest.mark.parametrize("name", ["order items", "tab\there", " edge ", 'quo"te', "50% a/b*", "vertical\v", "zwölf"])
def test_every_name_can_be_written(name: str) -> None:
    path = f"pg1/shop/public/{segment(name)}"
    assert path_matches(path, parse_pattern(path).text)
    assert path_matches(path, "pg1/*/public/*")


_PARTS = st.text("ab*", min_size=1, max_size=4).filter(lambda part: "**" not in part or part == "**")
_PATTERNS = st.lists(_PARTS | st.just("gateway"), min_size=1, max_size=4).map("/".join)
_PATHS = st.lists(st.text("ab", min_size=1, max_size=4) | st.just("gateway"), min_size=1, max_size=5).map("/".join)


@settings(max_examples=200, deadline=None)
@given(patterns=st.lists(_PATTERNS, min_size=1, max_size=12), path=_PATHS)
def test_the_index_finds_exactly_what_matches(patterns: list[str], path: str) -> None:
    rules = [make_rule("r", "*", text, "select", "", "allow", source=str(line)) for line, text in enumerate(patterns)]
    found = RuleIndex(rules).matching(["r"], "shop", path, "select")
    assert sorted(rule.source for rule in found) == sorted(
        rule.source for rule in rules if path_matches(path, rule.pattern.text)
    )


@pytest.mark.parametrize(
    ("pattern", "asked", "covered", "met"),
    [
        ("pg1/shop/hr/*", "pg1/shop/hr/*", True, True),
        ("pg1/shop/hr/*", "pg1/shop/hr/emp*", True, True),
        ("pg1/shop/hr/emp*", "pg1/shop/hr/*", False, True),
        ("pg1/shop/hr/salaries", "pg1/shop/hr/*", False, True),
        ("pg1/shop/hr/salaries", "pg1/shop/**", False, True),
        ("pg1/shop/*", "pg1/shop/**", False, True),
        ("*/*/**", "pg1/shop/**", True, True),
        ("pg1/shop/hr/**", "pg1/shop/**", False, True),
        ("**", "pg1/shop/**", True, True),
        ("pg1/**/salaries", "pg1/shop/**", False, True),
        ("pg1/shop/public/a*c", "pg1/shop/public/*b", False, False),
        ("pg1/shop/public/a*", "pg1/shop/public/*b", False, True),
        ("pg1/other/**", "pg1/shop/**", False, False),
        ("gateway/**", "*/**", False, False),
    ],
)
def test_a_pattern_that_is_asked_for(pattern: str, asked: str, covered: bool, met: bool) -> None:
    assert (covers(pattern, asked), meets(pattern, asked)) == (covered, met)
    assert meets(asked, pattern) == met
