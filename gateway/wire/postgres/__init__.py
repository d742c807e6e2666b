"""PostgreSQL's protocol 3.0 and 3.2.

frames          bytes <-> frames; hopping over headers
payload         the fields inside a body
startup         the first packet: StartupMessage, SSLRequest, GSSENCRequest, CancelRequest
message         the two directions
frontend        what a client sends
backend         what a server sends
authentication  a server's requests for proof
report          errors and notices, and their fields
messages        both directions under one name
scram           SCRAM-SHA-256 and -PLUS, both sides
passwords       md5 answers, SASLprep
"""
