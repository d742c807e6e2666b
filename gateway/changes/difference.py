"""What changed between two schema snapshots, for people."""

import difflib
import json

_MAX_LINES = 20_000

Entry = dict[str, object]


def difference(before: str, after: str) -> str:
    """A unified-diff-like text of two snapshots in JSON lines (`snapshot`): "" where nothing changed.

    Objects that appear or vanish are lines with `+` or `-`; a changed object shows its old and new lines below its name, and
    definitions over several lines (views, functions) show only what differs in them, with their surroundings.
    """
    old, new = _entries(before), _entries(after)
    lines: list[str] = []
    for key in sorted(old.keys() | new.keys()):
        lines += _compare(key, old.get(key), new.get(key))
        if len(lines) > _MAX_LINES:
            lines[_MAX_LINES:] = ["… and more: compare the two snapshots"]
            break
    return "\n".join(lines) + "\n" if lines else ""


def _entries(snapshot: str) -> dict[tuple[str, str, str], Entry]:
    entries: dict[tuple[str, str, str], Entry] = {}
    for line in snapshot.splitlines():
        entry: Entry = json.loads(line)
        entries[str(entry["of"]), str(entry["kind"]), str(entry["name"])] = entry
    return entries


def _compare(key: tuple[str, str, str], old: Entry | None, new: Entry | None) -> list[str]:
    if old == new:
        return []
    head = f"{key[1]} {key[2]}"
    if old is None or new is None:
        sign, entry = ("+", new) if old is None else ("-", old)
        return [f"{sign} {line}" for line in _render(head, entry or {})]
    changed = [f"  {head}"]
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name), new.get(name)
        if was != now:
            changed += _attribute(name, was, now)
    return changed


def _attribute(name: str, was: object, now: object) -> list[str]:
    removed, added = _value(was), _value(now)
    if len(removed) < 2 and len(added) < 2:
        gone = [f"-   {name}: {line}" for line in removed]
        return gone + [f"+   {name}: {line}" for line in added]
    body = list(difflib.unified_diff(removed, added, lineterm="", n=2))[2:]
    return [f"    {name}:"] + [line if line.startswith("@@") else f"{line[0]}     {line[1:]}" for line in body]


def _render(head: str, entry: Entry) -> list[str]:
    """One line where everything fits on one; a definition over several lines follows indented."""
    short: list[str] = []
    long: list[str] = []
    for name, value in sorted(entry.items()):
        if name in ("of", "kind", "name"):
            continue
        lines = _value(value)
        if len(lines) > 1:
            long += [f"    {line}" for line in lines]
        elif lines:
            short.append(f"{name}: {lines[0]}")
    return [head + (f"  ({'; '.join(short)})" if short else ""), *long]


def _value(value: object) -> list[str]:
    """A value as the lines it has on paper; absent and empty are none."""
    if value is None or value in ("", []):
        return []
    if isinstance(value, str):
        return value.rstrip("\n").split("\n")
    if isinstance(value, list):
        return [", ".join(map(str, value))]
    return [json.dumps(value)]
