"""SQL text -> Footprint.

postgres      the entry: one footprint per statement
parser        PostgreSQL's own parser, with limits around it
namespace     what the statements of one text do to the names behind them
resolve       names under a catalog and a search path
scopes        range table entries, columns, WITH queries; what a name means at one place
records       what a walk writes down; accesses are made of it
query         SELECT, VALUES, set operations, WITH          from_items  FROM
modify        INSERT, UPDATE, DELETE, MERGE                 relations, views, rules  what a relation stands on
expressions   where values come from                        calls, types, functions  which functions run
utility, session, ddl, admin   every other statement (ddl_parts, ddl_definitions, ddl_objects belong to ddl)
fingerprint   statements without their constants
mysql/        the same for MySQL, MariaDB and TiDB, on a lexer and parser of our own
explain       a footprint as a line of `gateway explain`
"""

from gateway.analysis.fingerprint import normalise_postgres
from gateway.analysis.mysql import analyse_mysql, normalise_mysql
from gateway.analysis.parser import split_postgres
from gateway.analysis.postgres import SYNTAX_ERROR, analyse_postgres

__all__ = ["SYNTAX_ERROR", "analyse_mysql", "analyse_postgres", "normalise_mysql", "normalise_postgres", "split_postgres"]
