"""A statement without its constants: the key of the second-level verdict cache, and the fingerprint for the audit log."""

import re
from typing import Final

from postgast import PgQueryError, fingerprint, normalize

from gateway.analysis.postgres.parser import MAX_NESTING, nesting

# Only these kinds of statements have footprints that may not depend on their constants; and a slice of a longer text has
# an offset of its own, which does.
_STARTS: Final = re.compile(r"\s*(?:select|insert|update|delete|with|values|table|merge|\()", re.IGNORECASE)
_MAX_CHARACTERS: Final = 65536
_MAX_FINGERPRINTED: Final = 262144
_MEASURED_FROM: Final = 4096


def normalise_postgres(text: str) -> str | None:
    """The text with `$n` for its constants; None where that would not help or is not certain.

    Two texts with the same form have the same footprint if that footprint says `not literals_matter`: whoever looks at a
    constant's value says so, and says the same where a parameter stands in its place. Positions in ORDER BY, GROUP BY and
    DISTINCT ON are kept as they are by libpg_query's normalize.
    """
    if len(text) > _MAX_CHARACTERS or "\0" in text or _STARTS.match(text) is None:
        return None
    if len(text) > _MEASURED_FROM and nesting(text) > MAX_NESTING:
        return None
    try:
        form: str = normalize(text)
    except (PgQueryError, UnicodeError):
        return None
    return None if ";" in form.rstrip().removesuffix(";") else form


def fingerprint_postgres(text: str) -> str:
    """libpg_query's fingerprint in hexadecimal: equal for statements that differ in constants alone; "" where it has none,
    or where the text is so long that it would cost more than all the rest."""
    if len(text) > _MAX_FINGERPRINTED:
        return ""
    try:
        return str(fingerprint(text).hex)
    except (PgQueryError, UnicodeError):
        return ""
