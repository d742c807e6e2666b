"""MySQL's protocol, as MySQL 8, MariaDB and TiDB speak it.

packets    headers, splits at 16 MB, sequence ids
payload    length-encoded integers and strings
constants  capabilities, status, commands, character sets
handshake  the connection phase
auth       scrambles of the authentication plugins, RSA exchange
commands   what a client asks
results    what a server answers
"""
