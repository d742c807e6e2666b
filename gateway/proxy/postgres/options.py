"""What a client may ask for in its startup message.

Everything but user, database, options, replication and `_pq_.…` is a run-time parameter of the session, as if set by SET
(chapter "Message Formats", StartupMessage). They are collected here and judged like SET before a server hears of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.proxy.entry import readable
from gateway.wire.postgres.startup import PROTOCOL_3_0, PROTOCOL_3_2, StartupMessage

_OWN = frozenset({"user", "database", "options", "replication"})
_EXTENSION_PREFIX = "_pq_."
_FALSE = frozenset({"", "0", "f", "fa", "fal", "fals", "false", "n", "no", "of", "off"})  # parse_bool of the server
_SPACE = " \t\n\v\f\r"


class BadOptions(Exception):
    """The `options` parameter asks for something that is no run-time parameter, or is malformed."""


@dataclass(frozen=True, slots=True)
class Requested:
    """A startup message, sorted out.

    settings      run-time parameters in the order the server would apply them: `options` first, then the others
    unrecognised  `_pq_.` protocol options that are not known here
    """

    replication: bool
    application_name: str
    settings: tuple[tuple[str, str], ...]
    unrecognised: tuple[str, ...]


def sort_out(startup: StartupMessage) -> Requested:
    """Raises BadOptions."""
    settings = _last_of_each(
        [
            *parse_options(startup.get("options") or ""),
            *(
                (name, value)
                for name, value in startup.parameters
                if name not in _OWN and not name.startswith(_EXTENSION_PREFIX)
            ),
        ]
    )
    for name, value in settings:
        if readable(name + value) != name + value:
            raise BadOptions(f"invalid byte sequence for encoding UTF8 in parameter {readable(name)}")
    return Requested(
        replication=(startup.get("replication") or "").lower() not in _FALSE,
        application_name=next((value for name, value in settings if name.lower() == "application_name"), ""),
        settings=tuple((name, value) for name, value in settings if name.lower() != "application_name"),
        unrecognised=tuple(name for name, _ in startup.parameters if name.startswith(_EXTENSION_PREFIX)),
    )


def negotiated_version(startup: StartupMessage) -> int:
    """The version both sides go on with. 3.1 was never given out and means 3.0."""
    return PROTOCOL_3_2 if startup.version >= PROTOCOL_3_2 else PROTOCOL_3_0


def parse_options(options: str) -> list[tuple[str, str]]:
    """`-c name=value`, `-cname=value` and `--name=value` of the `options` parameter. Raises BadOptions for any other switch."""
    words = iter(split_options(options))
    settings = []
    for word in words:
        if word == "-c":
            assignment = next(words, "")
        elif word.startswith("-c") or (word.startswith("--") and len(word) > 2):
            assignment = word[2:]
        else:
            raise BadOptions(f"invalid command-line argument for server process: {word}")
        name, equals, value = assignment.partition("=")
        if not equals or not name:
            raise BadOptions(f"-c {assignment} requires a value")
        settings.append((name.replace("-", "_"), value))  # ParseLongOption does the same
    return settings


def split_options(options: str) -> list[str]:
    """Words between white space; a backslash takes the next character as it is (pg_split_opts)."""
    words: list[str] = []
    word: list[str] | None = None
    escaped = False
    for character in options:
        if not escaped and character in _SPACE:
            if word is not None:
                words.append("".join(word))
            word = None
            continue
        word = [] if word is None else word
        if not escaped and character == "\\":
            escaped = True
            continue
        word.append(character)
        escaped = False
    if word is not None:
        words.append("".join(word))
    return words


def _last_of_each(settings: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """One value for each name, the last: names of parameters do not heed case."""
    kept: dict[str, tuple[str, str]] = {}
    for name, value in settings:
        kept.pop(name.lower(), None)
        kept[name.lower()] = name, value
    return list(kept.values())
