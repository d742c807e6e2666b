"""The demo: an embedded PostgreSQL with a believable shop, the gateway over it, and three people to be.

postgres_server  a server in a folder (also used by the tests)
shop_postgres.sql  the shop
"""
