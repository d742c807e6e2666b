"""The one road's middle: from a text in a session to a verdict. The proxy, the API and the change issues all come through here.

verdict        SessionIdentity, Ruling, Verdict
judge          Judge: analysis, catalog and policy put together, remembered in two levels
reading        a text in its session: namespace and footprints
aside          long texts are judged beside the loop
state          SessionState: what changes the meaning of texts, followed through transactions
search_path    PostgreSQL's reading of search_path
session_rules  session state that no policy can permit; obligations that nobody can carry out
cache          a mapping bounded in bytes
ports          what the judge asks of other rooms
"""

from gateway.verdict.judge import Judge
from gateway.verdict.reading import unpredictable
from gateway.verdict.state import SessionState
from gateway.verdict.verdict import Ruling, SessionIdentity, Verdict

__all__ = ["Judge", "Ruling", "SessionIdentity", "SessionState", "Verdict", "unpredictable"]
