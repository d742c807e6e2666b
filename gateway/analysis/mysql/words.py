"""Sets of words, as tables of keywords are written."""


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())
