"""The `gateway` command: one file per command group, loaded when it is called.

main     the root group, what errors become (exit codes: 0 done, 1 the answer is no, 2 wrong usage, 3 could not do it)
client   the HTTP API as the person who calls
output   tables for people, JSON for programs
"""

from gateway.cli.main import main, root, run

__all__ = ["main", "root", "run"]
