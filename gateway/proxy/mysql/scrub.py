"""Errors that may quote masked values: number and SQLSTATE stay, the words become general.

The server quotes values in messages (`Duplicate entry '…' for key`, `XPATH syntax error: '…'`, `Truncated incorrect …: '…'`).
What is said about a statement's form, names and permissions before any row is read, or about the session, quotes none; those
errors are named here one by one, because MySQL's SQLSTATEs do not tell them apart (errmsg-utf8.txt).
"""

from dataclasses import replace
from typing import Final

from gateway.wire.mysql.results import Err

_FORMAL: Final = frozenset(
    {
        1040, 1044, 1045, 1046, 1047, 1049, 1050, 1051, 1052, 1053, 1054, 1055, 1056, 1060, 1061, 1063, 1064, 1065, 1066, 1079,
        1091, 1094, 1104, 1109, 1115, 1140, 1142, 1143, 1146, 1149, 1153, 1158, 1159, 1160, 1161, 1176, 1205, 1206, 1213, 1222,
        1235, 1241, 1242, 1243, 1248, 1290, 1305, 1317, 1318, 1327, 1336, 1356, 1449, 1461, 1615, 1792, 1836, 1927, 1969, 3024,
    }
)  # fmt: skip
WITHHELD: Final = b"gateway: the server's message may quote masked values and is not shown"


def is_formal(code: int) -> bool:
    return code in _FORMAL


def scrubbed(error: Err) -> Err:
    return replace(error, message=WITHHELD)
