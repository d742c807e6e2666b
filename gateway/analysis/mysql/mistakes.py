"""What is wrong with a text, in the words that a client and the audit get. Constants are not quoted: they may be secrets."""

from typing import Final

# So the reason begins where the text itself is at fault, as this grammar has it: the conversation answers 1064 with the rest.
_SYNTAX_ERROR: Final = "syntax error: "
_QUOTED: Final = 40  # characters


class Misread(Exception):
    """A text that cannot be read. `place` is the character where the text is at fault; None where it is not the text."""

    def __init__(self, reason: str, place: int | None = None) -> None:
        super().__init__(reason)
        self.place = place

    def said_of(self, text: str) -> str:
        """The reason, with the line it means; lines count from one."""
        if self.place is None:
            return str(self)
        return f"{_SYNTAX_ERROR}{self} at line {text.count(chr(10), 0, self.place) + 1}"


def near(word: str) -> str:
    """`near 'FROM'`; of the end of a text `near ''`, as the server says it."""
    return f"near '{word[:_QUOTED]}'"
