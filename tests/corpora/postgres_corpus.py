"""The PostgreSQL corpus: one file a source family under postgres/, one statement up to each `;` that ends a line.

Function bodies therefore stand on one line. `--` lines before a statement belong to the file's reader. `extra_schema.sql` is
the ground the statements stand on, beside the demo's shop, and no part of the corpus itself.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parent / "postgres"
_ROOT = Path(__file__).parents[2]
_PARAMETER = re.compile(r"\$(\d+)")

SCHEMA_FILES = (_ROOT / "gateway" / "demo" / "shop_postgres.sql", _FOLDER / "extra_schema.sql")


@dataclass(frozen=True, slots=True)
class CorpusStatement:
    """`family` is the file's name without its ending, `line` where the statement begins there."""

    family: str
    line: int
    text: str

    @property
    def runnable(self) -> str:
        """The text with NULL for every parameter, so that the simple protocol runs it."""
        return self.text if "$$" in self.text else _PARAMETER.sub("NULL", self.text)

    def __str__(self) -> str:
        return f"{self.family}.sql:{self.line}"


def corpus(*families: str) -> list[CorpusStatement]:
    """Every statement of these families, or of all of them."""
    files = sorted(path for path in _FOLDER.glob("*.sql") if path not in SCHEMA_FILES)
    chosen = [path for path in files if not families or path.stem in families]
    return [statement for path in chosen for statement in _statements(path)]


def _statements(path: Path) -> Iterator[CorpusStatement]:
    lines: list[str] = []
    began = 0
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        if not lines:
            if not line.strip() or line.startswith("--"):
                continue
            began = number
        lines.append(line)
        if line.endswith(";"):
            yield CorpusStatement(path.stem, began, "\n".join(lines)[:-1])
            lines = []
    if lines:
        raise ValueError(f"{path}:{began}: a statement without its semicolon at a line's end")
