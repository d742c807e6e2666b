"""What leaves in another form: maskers, and the cells of results they are applied to. Sans-I/O; knows no policy.

values           maskers over text, numbers, dates
postgres_cells   the same over PostgreSQL's text and binary formats
arrays           element by element
postgres_rows    DataRow messages
"""

from gateway.masking.postgres_cells import Cell, postgres_cell
from gateway.masking.postgres_rows import PostgresRowMasker, RowMalformed
from gateway.masking.values import ValueMasker

__all__ = ["Cell", "PostgresRowMasker", "RowMalformed", "ValueMasker", "postgres_cell"]
