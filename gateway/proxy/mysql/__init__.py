"""MySQL's two logins and the conversation between them; the same shape as `postgres/`.

channel       a socket while somebody logs in over it: packets in, packets out, TLS upgrade
face          what the gateway's greeting says, taken from the real servers
login         the client's login at the gateway
fast          caching_sha2_password's cache
address       which registered database a client means
backend       the gateway's login at the server
door          one connection from its first byte to a running session
session       what login hands to the conversation
conversation  one session after both logins; client_side, server_side, decide, progress, lifetime are its parts
awaited       what may come next from the server; server_side reads it with quick (the usual answer in one look), answers
              (packets that are read) and questions (the gateway's own)
obliged       what obligations ask of a session; watch is over one execution's results, watched takes its answer apart, ending
              ends it, diagnostics and scrub see to warnings and errors that may quote masked values
"""
