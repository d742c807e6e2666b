"""SQL text of MySQL, MariaDB and TiDB -> Footprint.

modes        what session and server bring to the reading: SQL mode, flavour, version, character set
lexer        the server's tokens: executable comments, quotes, semicolons, stored programs' bodies
mistakes     what is wrong with a text  cursor  walking over tokens
syntax       the tree of a query
calls, expressions, tables, parser   queries, from tokens to a tree, each standing on the one before
names        names under a catalog and a current database
context      what a walk shares; scopes without regard to case
query, from_items, values, functions, views, relations   from a tree to columns and where they come from
types, totality   what outputs may do with a masked value
modify, loading, handler, ddl, plans, prepared, session, transactions, show, maintenance, utility   every other statement
programs, bodies   stored programs: their text, and what they do
following    what the statements of one text do to the session behind them
fingerprint  statements without their constants
entry        the way in: one footprint per statement
"""

from gateway.analysis.mysql.entry import analyse_mysql
from gateway.analysis.mysql.fingerprint import normalise_mysql

__all__ = ["analyse_mysql", "normalise_mysql"]
