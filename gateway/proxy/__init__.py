"""Everything that holds a client's socket.

listener      accepts connections, counts them, drains them         tls, channel  TLS contexts; a socket while somebody logs in
entry         what both ways in share: how they end early           outcome, throttle, credentials  how a login ends
lifetime      how a session begins and ends                         sessions, sweep  those of this process
outlet, valve the way to the client, held until records are durable; both directions push back
records, claims   a session's records; approved statements that ran once
obligations, duties, bounds   masks and limits: what is asked for, what was carried out, what is left
wording       a refusal in the contract's words
own           the gateway's own relations
cancel        cancel keys and who they belong to
rooms, ports  what the proxy needs from other rooms
postgres/     PostgreSQL: login on both sides and the conversation
mysql/        MySQL, MariaDB, TiDB: the same
"""
