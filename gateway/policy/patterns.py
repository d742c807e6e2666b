"""Object patterns of policy rules: `*` is one segment or part of one, `**` any number of segments, none included.

The first segment `gateway` is the gateway's own (`gateway/audit`, `gateway/users`): only a literal `gateway` matches it, so
that a rule over all data (`**`) never becomes administration of the gateway by accident.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from gateway.model.paths import ESCAPES

OWN_SEGMENT = "gateway"
DEEP = "**"
STAR = "*"
_MAX_PATTERN = 700  # the store's column for a grant's object
_MAX_SEGMENTS = 16
# `gateway.model.paths.segment` writes these as %XX, so they never stand in a path as themselves.
_FORBIDDEN = re.compile(r'[ \t\n\v\f\r,"]')
_ESCAPE = re.compile(f"%(?!{'|'.join(escape[1:] for escape in ESCAPES.values())})")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A checked pattern: its text and its segments."""

    text: str
    segments: tuple[str, ...]

    @property
    def literal(self) -> bool:
        return STAR not in self.text

    def matches(self, path: str) -> bool:
        return path_matches(path, self.text)


@lru_cache(maxsize=65_536)
def parse_pattern(text: str) -> Pattern:
    """Raises ValueError that says what would be right."""
    if not text:
        raise ValueError("the object pattern is empty; write `**` for every object")
    if len(text) > _MAX_PATTERN:
        raise ValueError(f"the object pattern is longer than {_MAX_PATTERN} characters")
    segments = tuple(text.split("/"))
    if "" in segments:
        raise ValueError(
            f"pattern {text!r} has an empty segment; write `instance/database/schema/table` without a slash at the ends"
        )
    if len(segments) > _MAX_SEGMENTS:
        raise ValueError(f"pattern {text!r} has more than {_MAX_SEGMENTS} segments")
    for part in segments:
        _check_segment(text, part)
    return Pattern(text, segments)


def _check_segment(pattern: str, part: str) -> None:
    if DEEP in part and part != DEEP:
        raise ValueError(f"pattern {pattern!r}: `**` must be a segment of its own; inside a segment write `*`")
    bad = _FORBIDDEN.search(part)
    if bad:
        raise ValueError(f"pattern {pattern!r}: {bad.group()!r} cannot stand in a path; write it as %{ord(bad.group()):02X}")
    if _ESCAPE.search(part):
        raise ValueError(f"pattern {pattern!r}: `%` must be one of {' '.join(ESCAPES.values())} (names are percent-encoded)")


@lru_cache(maxsize=65_536)
def segment_regex(part: str) -> re.Pattern[str]:
    """A segment with `*` as a regular expression for `fullmatch`."""
    return re.compile("[^/]*".join(map(re.escape, part.split(STAR))), re.DOTALL)


def segment_matches(part: str, name: str) -> bool:
    """Does one pattern segment (not `**`) match one path segment?"""
    if STAR not in part:
        return part == name
    return part == STAR or segment_regex(part).fullmatch(name) is not None


def path_matches(path: str, pattern: str) -> bool:
    """Does the path match? This is the matcher's `path_match`: the definition that the compiled index must agree with."""
    parts = parse_pattern(pattern).segments
    places = _skip_deep({0}, parts)
    for position, name in enumerate(path.split("/")):
        own = position == 0 and name == OWN_SEGMENT
        following: set[int] = set()
        for place in places:
            if place == len(parts):
                continue
            part = parts[place]
            if own and STAR in part:
                continue
            if part == DEEP:
                following.add(place)
            elif segment_matches(part, name):
                following.add(place + 1)
        places = _skip_deep(following, parts)
    return len(parts) in places


def _skip_deep(places: set[int], parts: tuple[str, ...]) -> set[int]:
    """`**` may stand for no segment at all."""
    closed = set(places)
    for place in places:
        following = place
        while following < len(parts) and parts[following] == DEEP:
            following += 1
            closed.add(following)
    return closed


# --- patterns held against patterns: what is asked for may be one


def covers(pattern: str, asked: str) -> bool:
    """Does the pattern match all that `asked`, a path or another pattern, matches?"""
    parts = asked.split("/")
    if DEEP not in parts:  # `*` in a segment stands for itself: what takes it takes whatever it may be
        return path_matches(asked, pattern)
    wide = parse_pattern(pattern).segments
    where = parts.index(DEEP)
    beneath = wide.index(DEEP) if DEEP in wide else len(wide)
    return beneath <= where and set(wide[beneath:]) == {DEEP} and path_matches("/".join(parts[:where]), pattern)


def meets(pattern: str, other: str) -> bool:
    """Is there a path that both match?"""
    left, right = parse_pattern(pattern).segments, parse_pattern(other).segments
    for one, two in ((left[0], right[0]), (right[0], left[0])):
        if one == OWN_SEGMENT and STAR in two:
            return False
    return _meet(left, right, DEEP, lambda one, two: one == two or _meet(one, two, STAR, str.__eq__))


def _meet(left: Sequence[str], right: Sequence[str], wild: str, alike: Callable[[str, str], bool]) -> bool:
    """Whether some sequence is matched by both; `wild` stands for any run of items."""
    waiting, seen = [(0, 0)], set[tuple[int, int]]()
    while waiting:
        place = waiting.pop()
        if place == (len(left), len(right)):
            return True
        if place in seen:
            continue
        seen.add(place)
        i, j = place
        one, two = left[i : i + 1], right[j : j + 1]
        many, more = bool(one) and one[0] == wild, bool(two) and two[0] == wild
        if many:
            waiting.append((i + 1, j))
        if more:
            waiting.append((i, j + 1))
        if one and two and not (many and more):
            if many:
                waiting.append((i, j + 1))
            elif more:
                waiting.append((i + 1, j))
            elif alike(one[0], two[0]):
                waiting.append((i + 1, j + 1))
    return False
