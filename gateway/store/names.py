"""What a name in the store may look like: it appears in policies, logs and prompts, and is compared byte for byte."""

import unicodedata

from gateway.model.errors import ConfigurationError

NAME_LENGTH = 190


def check_name(kind: str, name: str) -> str:
    """`name`, if it may name a `kind`. Raises ConfigurationError that says what is wrong.

    MySQL ignores trailing spaces when it compares, Casbin's CSV ignores them when it reads, and a control character lies in a
    terminal: none of them may stand in a name.
    """
    if not name or len(name) > NAME_LENGTH:
        raise ConfigurationError(f"{kind}: a name has 1 to {NAME_LENGTH} characters")
    if name != name.strip():
        raise ConfigurationError(f"{kind} {name!r}: a name neither begins nor ends with a space")
    if any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in name):
        raise ConfigurationError(f"{kind} {name!r}: a name holds no control characters")
    if any(character in name for character in ',"*') or ("/" in name and kind != "database"):
        raise ConfigurationError(f'{kind} {name!r}: a name holds none of: , " * /')
    return name


def check_plain_name(kind: str, name: str) -> str:
    """The same for names that are one part of an address: an instance in `instance/database`, a role in `role@project`."""
    check_name(kind, name)
    if "@" in name:
        raise ConfigurationError(f"{kind} {name!r}: a name holds no @")
    return name
