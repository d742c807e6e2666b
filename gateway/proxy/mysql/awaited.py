"""What is awaited from the server.

What may come next (chapters "Command Phase" and "Text Resultset", "Binary Protocol"):

    state      a packet                      becomes
    RESULT     OK; with more results behind  done; RESULT
               a column count                COLUMNS
               0xFB, a file's name           FILE: the client's turn, then RESULT
    ENDING     as RESULT, of a statement that is being ended
    COLUMNS    definitions                   ROWS, behind an EOF where DEPRECATE_EOF is off; done where a cursor was opened
    ROWS       rows, then EOF or OK          done; RESULT with more results behind
    PREPARED   the statement's numbers       DEFINITIONS of parameters and columns, or done
    FIELDS     definitions, then EOF         done
    SIMPLE     OK or EOF                     done
    TEXT       a bare string                 done
    any        ERR                           done
"""

from typing import Final

from gateway.wire.mysql.constants import Status


class State:
    """What is awaited; plain numbers, compared for every packet."""

    IDLE: Final = 0
    RESULT: Final = 1
    COLUMNS: Final = 2
    COLUMNS_END: Final = 3
    ROWS: Final = 4
    PREPARED: Final = 5
    DEFINITIONS: Final = 6
    FIELDS: Final = 7
    SIMPLE: Final = 8
    TEXT: Final = 9
    ENDING: Final = 10


MORE: Final = int(Status.MORE_RESULTS_EXISTS)
CHANGED: Final = int(Status.SESSION_STATE_CHANGED)
LARGEST: Final = 1024 * 1024  # bytes of packets that are read: OK, ERR, EOF and their like
SHORT_OK: Final = 7  # bytes of an OK with one-byte numbers and no words
