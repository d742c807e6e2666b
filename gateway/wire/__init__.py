"""Sans-I/O codecs: bytes in, frames and messages out, and back. Nothing here awaits or opens anything.

errors     what a peer can do wrong on any wire
postgres/  PostgreSQL's protocol 3.0 and 3.2
"""
