"""PostgreSQL's two logins and the conversation between them.

channel    a socket while somebody logs in over it: frames in, bytes out, TLS upgrade
login      the client's login at the gateway
options    what a client may ask for in its startup message
address    which registered database a client means
backend    the gateway's login at the server
door       one connection from its first byte to a running session
session    what login hands to the conversation

conversation   what both directions share; `converse` makes it, `lifetime` begins and ends it
client_side    the client's bytes, frame by frame; `messages` what each means, `decide` and `refuse` what becomes of it
server_side    the server's bytes, frame by frame; `answers` what each means, `progress` what follows, `questions` our own
quick          the short way of both sides for what is `known`
ledger         what the server still owes; `names` its prepared statements and portals
obliged        what masks and limits ask for; `watch` carries them out, `scrub` takes values out of errors
own            the gateway's own relations
"""
