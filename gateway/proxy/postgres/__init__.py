"""PostgreSQL's two logins and the conversation between them.

channel    a socket while somebody logs in over it: frames in, bytes out, TLS upgrade
login      the client's login at the gateway
options    what a client may ask for in its startup message
address    which registered database a client means
backend    the gateway's login at the server
door       one connection from its first byte to a running session
session    what login hands to the conversation
"""
