"""The compiled rules: a trie of path segments, so that a lookup walks the path, not the rules.

    segment → segment → … → (subject, project) → rules in the order they were written

Segments with `*` in them are found by their literal head or tail, so thousands of `orders_2026_*` cost as little as one.
"""

from collections.abc import Iterable

from gateway.policy.patterns import DEEP, OWN_SEGMENT, STAR, covers, meets, segment_matches
from gateway.policy.rules import ANY, Effect, Rule, action_set


class _Globs:
    """Patterns that are part of a segment, keyed by the literal text before the first `*`, or else after the last one."""

    __slots__ = ("heads", "tails")

    def __init__(self) -> None:
        self.heads: dict[int, dict[str, dict[str, _Node]]] = {}
        self.tails: dict[int, dict[str, dict[str, _Node]]] = {}

    def child(self, part: str) -> "_Node":
        head = part[: part.index(STAR)]
        tail = part[part.rindex(STAR) + 1 :]
        shelf, key = (self.heads, head) if head or not tail else (self.tails, tail)
        return shelf.setdefault(len(key), {}).setdefault(key, {}).setdefault(part, _Node())

    def matching(self, name: str, found: "list[_Node]") -> None:
        for length, keys in self.heads.items():
            found.extend(node for part, node in keys.get(name[:length], {}).items() if segment_matches(part, name))
        for length, keys in self.tails.items():
            found.extend(node for part, node in keys.get(name[-length:], {}).items() if segment_matches(part, name))


class _Node:
    __slots__ = ("children", "deep", "globs", "loops", "rules", "star")

    def __init__(self, *, loops: bool = False) -> None:
        self.children: dict[str, _Node] = {}
        self.star: _Node | None = None
        self.deep: _Node | None = None
        self.globs: _Globs | None = None
        self.loops = loops  # a `**`: stays for any number of segments
        self.rules: dict[tuple[str, str], list[tuple[frozenset[str], Rule]]] = {}

    def child(self, part: str) -> "_Node":
        if part == DEEP:
            self.deep = self.deep or _Node(loops=True)
            return self.deep
        if part == STAR:
            self.star = self.star or _Node()
            return self.star
        if STAR in part:
            self.globs = self.globs or _Globs()
            return self.globs.child(part)
        return self.children.setdefault(part, _Node())


class RuleIndex:
    """Immutable once built. Built anew for a new bundle; grants have an index of their own."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._root = _Node()
        self._held: dict[tuple[str, str], list[tuple[frozenset[str], Rule]]] = {}
        self.size = 0
        for rule in rules:
            node = self._root
            for part in rule.pattern.segments:
                node = node.child(part)
            entry = (action_set(rule.actions), rule)
            node.rules.setdefault((rule.subject, rule.domain), []).append(entry)
            self._held.setdefault((rule.subject, rule.domain), []).append(entry)
            self.size += 1

    def matching(self, subjects: Iterable[str], domain: str, path: str, action: str) -> list[Rule]:
        """Rules of these subjects in this project (and of `*`) that match path and action. Conditions are not looked at.

        A path with `*` in it stands for all that it matches: what allows must cover it, what denies need only meet it."""
        domains = (ANY,) if domain == ANY else (domain, ANY)
        holders = [(subject, project) for subject in subjects for project in domains]
        if STAR in path:
            held = (rule for holder in holders for actions, rule in self._held.get(holder, ()) if action in actions)
            return [rule for rule in held if _concerns(rule, path)]
        found: list[Rule] = []
        for node in _walk(self._root, path.split("/")):
            for holder in holders:
                found.extend(rule for actions, rule in node.rules.get(holder, ()) if action in actions)
        return found

    def anybodys(self, path: str, action: str) -> list[Rule]:
        """Rules of any subject in any project that match a path without wildcards."""
        return [
            rule
            for node in _walk(self._root, path.split("/"))
            for held in node.rules.values()
            for actions, rule in held
            if action in actions
        ]


def _concerns(rule: Rule, asked: str) -> bool:
    return meets(rule.pattern.text, asked) if rule.effect is Effect.DENY else covers(rule.pattern.text, asked)


def _walk(root: _Node, names: list[str]) -> list[_Node]:
    """The ends of all patterns that match."""
    active = _with_deep([root])
    for position, name in enumerate(names):
        own = position == 0 and name == OWN_SEGMENT
        following: list[_Node] = []
        for node in active:
            child = node.children.get(name)
            if child is not None:
                following.append(child)
            if own:
                continue
            if node.star is not None:
                following.append(node.star)
            if node.globs is not None:
                node.globs.matching(name, following)
            if node.loops:
                following.append(node)
        if not following:
            return []
        active = _with_deep(following)
    return [node for node in active if node.rules]


def _with_deep(nodes: list[_Node]) -> list[_Node]:
    """Each node once, and every `**` that may stand for no segment."""
    seen: dict[int, _Node] = {}
    for node in nodes:
        current: _Node | None = node
        while current is not None and id(current) not in seen:
            seen[id(current)] = current
            current = current.deep
    return list(seen.values())
