"""Walking over one statement's tokens."""

from collections.abc import Sequence
from typing import Final

from gateway.analysis.mysql.lexer import BITS, NAME, NUMBER, OPERATOR, STRING, WORD, Token
from gateway.analysis.mysql.mistakes import Misread, near
from gateway.analysis.mysql.words import words

_END: Final = Token("end", "", 0, 0)
_CONSTANTS: Final = frozenset({STRING, NUMBER, BITS})

# Words that the server's grammar reserves (sql_yacc.yy; manual "Keywords and Reserved Words"): never a name without quotes.
RESERVED: Final = words(
    """ACCESSIBLE ADD ALL ALTER ANALYZE AND AS ASC ASENSITIVE BEFORE BETWEEN BIGINT BINARY BLOB BOTH BY CALL CASCADE CASE
    CHANGE CHAR CHARACTER CHECK COLLATE COLUMN CONDITION CONSTRAINT CONTINUE CONVERT CREATE CROSS CURRENT_DATE
    CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER CURSOR DATABASES DAY_HOUR DAY_MICROSECOND DAY_MINUTE DAY_SECOND DEC
    DECIMAL DECLARE DEFAULT DELAYED DELETE DESC DESCRIBE DETERMINISTIC DISTINCT DISTINCTROW DIV DOUBLE DROP EACH ELSE
    ELSEIF ENCLOSED ESCAPED EXCEPT EXISTS EXIT EXPLAIN FALSE FETCH FLOAT FOR FORCE FOREIGN FROM FULLTEXT GRANT GROUP
    HAVING HIGH_PRIORITY HOUR_MICROSECOND HOUR_MINUTE HOUR_SECOND IF IGNORE IN INDEX INFILE INNER INOUT INSENSITIVE INSERT
    INT INTEGER INTERSECT INTERVAL INTO IS ITERATE JOIN KEY KEYS KILL LEADING LEAVE LEFT LIKE LIMIT LINEAR LINES LOAD
    LOCALTIME LOCALTIMESTAMP LOCK LONG LONGBLOB LONGTEXT LOOP LOW_PRIORITY MATCH MEDIUMBLOB MEDIUMINT MEDIUMTEXT
    MINUTE_MICROSECOND MINUTE_SECOND MOD MODIFIES NATURAL NOT NO_WRITE_TO_BINLOG NULL NUMERIC ON OPTIMIZE OPTION
    OPTIONALLY OR ORDER OUT OUTER OUTFILE PARTITION PRECISION PRIMARY PROCEDURE PURGE RANGE READ READS REAL RECURSIVE
    REFERENCES REGEXP RELEASE RENAME REPEAT REPLACE REQUIRE RESIGNAL RESTRICT RETURN RETURNING REVOKE RIGHT RLIKE SCHEMA
    SCHEMAS SECOND_MICROSECOND SELECT SENSITIVE SEPARATOR SET SHOW SIGNAL SMALLINT SPATIAL SPECIFIC SQL SQLEXCEPTION
    SQLSTATE SQLWARNING SQL_BIG_RESULT SQL_CALC_FOUND_ROWS SQL_SMALL_RESULT SSL STARTING STRAIGHT_JOIN TABLE TERMINATED
    THEN TINYBLOB TINYINT TINYTEXT TO TRAILING TRIGGER TRUE UNDO UNION UNIQUE UNLOCK UNSIGNED UPDATE USAGE USE USING
    UTC_DATE UTC_TIME UTC_TIMESTAMP VALUES VARBINARY VARCHAR VARCHARACTER VARYING WHEN WHERE WHILE WITH WRITE XOR
    YEAR_MONTH ZEROFILL"""
)


class NotParsed(Misread):
    """The tokens are no statement this parser knows; the message says where it stopped."""


class Cursor:
    """The tokens of one statement and a position in them. `text` is what they were read from."""

    def __init__(self, tokens: Sequence[Token], text: str = "") -> None:
        self.tokens = tokens
        self.text = text
        self.index = 0
        self.current: Token = tokens[0] if tokens else _END

    # --- looking

    def peek(self, ahead: int = 1) -> Token:
        index = self.index + ahead
        return self.tokens[index] if index < len(self.tokens) else _END

    @property
    def upper(self) -> str:
        """The current word in upper case, or operator; "" for names, literals and the end."""
        return self.current.upper

    @property
    def ended(self) -> bool:
        return self.current is _END

    def sees(self, *words: str) -> bool:
        """Whether these words stand here."""
        if self.current.upper != words[0]:
            return False
        return all(self.peek(ahead).upper == word for ahead, word in enumerate(words[1:], 1))

    def is_name(self) -> bool:
        token = self.current
        return token.kind is NAME or (token.kind is WORD and token.upper not in RESERVED)

    # --- moving

    def advance(self, count: int = 1) -> Token:
        token = self.current
        self.index += count
        self.current = self.tokens[self.index] if self.index < len(self.tokens) else _END
        return token

    def to(self, index: int) -> None:
        self.index = index
        self.current = self.tokens[index] if index < len(self.tokens) else _END

    def accept(self, *words: str) -> bool:
        """Steps over these words if they stand here."""
        if not self.sees(*words):
            return False
        self.advance(len(words))
        return True

    def accept_any(self, words: frozenset[str]) -> str:
        """Steps over one of these words, and gives it."""
        found = self.current.upper
        if found and found in words:
            self.advance()
            return found
        return ""

    def expect(self, *words: str) -> None:
        if not self.accept(*words):
            raise self.stopped()

    def stopped(self) -> NotParsed:
        """That the current token cannot stand here."""
        if self.ended:
            return NotParsed(near(""), self.tokens[-1].end if self.tokens else 0)
        token = self.current
        return NotParsed("near a constant" if token.kind in _CONSTANTS else near(token.text), token.start)

    # --- names

    def name(self) -> str:
        """One identifier."""
        if not self.is_name():
            raise self.stopped()
        return self.advance().text

    def any_name(self) -> str:
        """One identifier where a keyword may stand as well: behind a dot."""
        if self.current.kind not in (NAME, WORD):
            raise self.stopped()
        return self.advance().text

    def qualified(self) -> tuple[str, str]:
        """(database, name); the database is "" where none is written. `.name` is a name of the current database."""
        if self.accept("."):
            return "", self.any_name()
        first = self.name()
        if not self.accept("."):
            return "", first
        return first, self.any_name()

    def string(self) -> str:
        """One or several adjacent string literals, as one text."""
        if self.current.kind is not STRING:
            raise self.stopped()
        text = self.advance().text
        while self.current.kind is STRING:
            text += self.advance().text
        return text

    def skip_parentheses(self) -> None:
        """Over `(` … `)`."""
        if self.upper != "(":
            raise self.stopped()
        depth = 0
        while not self.ended:
            token = self.advance()
            if token.kind is OPERATOR:
                depth += (token.text == "(") - (token.text == ")")
            if depth == 0:
                return
        raise self.stopped()

    def rest(self) -> Sequence[Token]:
        return self.tokens[self.index :]
