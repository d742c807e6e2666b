"""SQL text -> Footprint, by each engine's own grammar.

postgres/   on PostgreSQL's own parser
mysql/      MySQL, MariaDB and TiDB, on a lexer and parser of our own
conduct     how an expression behaves while it is evaluated: what outputs may do with a masked value
programs    stored programs that a statement runs, closed over those that they run
explain     a footprint as a line of `gateway explain`
"""

from gateway.analysis.mysql import analyse_mysql, normalise_mysql
from gateway.analysis.postgres import SYNTAX_ERROR, analyse_postgres, normalise_postgres, split_postgres

__all__ = ["SYNTAX_ERROR", "analyse_mysql", "analyse_postgres", "normalise_mysql", "normalise_postgres", "split_postgres"]
