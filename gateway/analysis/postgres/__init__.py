"""SQL text of PostgreSQL -> Footprint.

entry         the way in: one footprint per statement
parser        PostgreSQL's own parser, with limits around it
namespace     what the statements of one text do to the names behind them
resolve       names under a catalog and a search path
scopes        range table entries, columns, WITH queries; what a name means at one place
records       what a walk writes down; accesses are made of it
query         SELECT, VALUES, set operations, WITH          from_items  FROM
modify        INSERT, UPDATE, DELETE, MERGE                 relations, views, rules  what a relation stands on
bodies        what users' functions do                   triggers  what they put into RETURNING
totality      what outputs may do with a masked value
expressions   where values come from                        calls, types, functions  which functions run
utility, session, ddl, admin   every other statement (ddl_parts, ddl_definitions, ddl_objects belong to ddl)
copying       the format of a COPY                          own  statements to the gateway itself
fingerprint   statements without their constants
"""

from gateway.analysis.postgres.entry import SYNTAX_ERROR, analyse_postgres
from gateway.analysis.postgres.fingerprint import normalise_postgres
from gateway.analysis.postgres.parser import split_postgres

__all__ = ["SYNTAX_ERROR", "analyse_postgres", "normalise_postgres", "split_postgres"]
