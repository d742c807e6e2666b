"""Everything that holds a client's socket.

channel    a socket while somebody logs in over it
listener   accepts connections, counts them, drains them
tls        contexts for both sides, channel binding
outcome    how a login ends
throttle   failed logins slow down
cancel     cancel keys and who they belong to
ports      what the proxy needs from other rooms
postgres/  PostgreSQL: login on both sides and the conversation
"""
