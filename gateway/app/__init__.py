"""The composition root: the only place where rooms are wired together.

rooms        every room opened in the order of need
worker       one process: serve, drain, close
postgres     PostgreSQL's port
mysql        MySQL's port
entry        whether somebody may enter a database
http         the API inside the worker's loop
people       live principals, the directory that logins ask
road         the one road for what comes in without a session
recorders    the audit log in the shapes that other rooms ask for
connections  the gateway's own connections to servers
peers        what the workers of one gateway tell each other
followers    background work: following the store
"""

from gateway.app.worker import run_worker

__all__ = ["run_worker"]
