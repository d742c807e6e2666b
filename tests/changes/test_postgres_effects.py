import pytest

from gateway.changes.postgres_effects import AloneEffect, Kind, effect_of


@pytest.mark.parametrize(
    ("text", "effect"),
    [
        ("CREATE INDEX CONCURRENTLY i ON t (a)", AloneEffect(Kind.CREATE_INDEX, '"t"', "i", True)),
        (
            'CREATE UNIQUE INDEX CONCURRENTLY "I x" ON app."T""y" (a)',
            AloneEffect(Kind.CREATE_INDEX, '"app"."T""y"', "I x", True),
        ),
        ("CREATE INDEX CONCURRENTLY ON t (a)", AloneEffect(Kind.UNKNOWN, concurrent=True)),
        ("DROP INDEX CONCURRENTLY app.i", AloneEffect(Kind.DROP_INDEX, '"app"."i"', concurrent=True)),
        ("REINDEX TABLE CONCURRENTLY t", AloneEffect(Kind.REPEATABLE, concurrent=True)),
        ("VACUUM FULL t", AloneEffect(Kind.REPEATABLE)),
        ("CREATE DATABASE x", AloneEffect(Kind.UNKNOWN)),
        ("ALTER SYSTEM SET work_mem = '1MB'", AloneEffect(Kind.UNKNOWN)),
        ("CREATE INDEX i ON t (a); DROP TABLE t", AloneEffect(Kind.UNKNOWN)),
        ("no SQL at all", AloneEffect(Kind.UNKNOWN)),
    ],
)
def test_effects(text: str, effect: AloneEffect) -> None:
    assert effect_of(text) == effect
