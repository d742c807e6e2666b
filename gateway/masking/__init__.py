"""What leaves in another form: maskers, and the cells of results they are applied to. Sans-I/O; knows no policy.

values           maskers over text, numbers, dates
constants        constants read as values of other types
ascii            the commonest of them over ASCII bytes as they are
text             the cell for text, of both engines
plan             which columns of a result are masked, and with what
postgres_cells   the maskers over PostgreSQL's text and binary formats
arrays           element by element
spans            parts of many rows at once
columns          maskers over all values of a column
postgres_rows    DataRow messages
postgres_runs    many of them at once
postgres_copy    COPY's rows
mysql_types      types of values
mysql_cells      the maskers over MySQL's text and binary formats
mysql_layout     how rows say where their values end
mysql_rows       text and binary rows
mysql_runs       many of them at once
"""

from gateway.masking.mysql_cells import mysql_cell
from gateway.masking.mysql_rows import MySqlBinaryMasker, MySqlMasker, MySqlRowMalformed, MySqlTextMasker
from gateway.masking.mysql_types import BINARY, FieldFlag, FieldType, MySqlColumn
from gateway.masking.postgres_cells import postgres_cell
from gateway.masking.postgres_rows import PostgresRowMasker, RowMalformed
from gateway.masking.spans import Rows
from gateway.masking.text import Cell
from gateway.masking.values import ValueMasker

__all__ = [
    "BINARY",
    "Cell",
    "FieldFlag",
    "FieldType",
    "MySqlBinaryMasker",
    "MySqlColumn",
    "MySqlMasker",
    "MySqlRowMalformed",
    "MySqlTextMasker",
    "PostgresRowMasker",
    "RowMalformed",
    "Rows",
    "ValueMasker",
    "mysql_cell",
    "postgres_cell",
]
