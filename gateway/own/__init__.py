"""Statements that the gateway answers itself: what they ask, and SQL over its own relations.

OwnRequest   (model) what is asked: a query, a call, or rows that hang on nobody
query        a query of either engine -> the same in SQLite's words, with the names and types of its columns
scopes       which columns a name means, and their types
settle, kinds  what constants and parameters become, and the types of expressions
tables, run  the person's rows in an SQLite made for one statement, and the bounds it runs in
postgres, mysql  which texts are the gateway's; `postgres_catalog` and `mysql_schema` tell what the schema holds

Recognising is pure and quick; running is for a thread. Nothing here reaches a server.
"""
