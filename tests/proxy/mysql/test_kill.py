"""KILL: what it means, and whose session it reaches."""

import pytest

from gateway.proxy.cancel import CancelRegistry
from gateway.proxy.mysql.kill import Kill, Killer, parse_kill


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("KILL 5", Kill(5, False)),
        ("kill query 17;", Kill(17, True)),
        ("  KILL\tHARD CONNECTION 1 ", Kill(1, False)),
        ("KILL SOFT QUERY 1", Kill(1, True)),
        ("KILL QUERY ID 5", None),
        ("KILL USER bob", None),
        ("KILL 5; SELECT 1", None),
        ("KILL /* x */ 5", None),
        ("KILL (SELECT 5)", None),
        ("SELECT 'KILL 5'", None),
    ],
)
def test_parse(text: str, expected: Kill | None) -> None:
    assert parse_kill(text) == expected


async def test_a_user_reaches_their_own_sessions_alone() -> None:
    cancels = CancelRegistry()
    killer, done = Killer(cancels, b"secret"), list[str]()

    async def cancel() -> None:
        done.append("cancelled")

    number = killer.free_id()
    killer.enter(number, "alice", ("my1", 99), cancel=cancel, end=lambda: done.append("ended"))
    assert killer.find("alice", "my1", number) == number
    assert killer.find("alice", "my1", 99) == number
    assert killer.find("alice", "my2", 99) is None
    assert killer.find("bob", "my1", number) is None
    assert killer.server_id("my1", number) == 99
    await killer.kill("bob", number, query_only=True)
    assert not done
    await killer.kill("alice", number, query_only=True)
    await killer.kill("alice", number, query_only=False)
    assert done == ["cancelled", "ended"]
    killer.leave(number)
    assert len(cancels) == 0
    await killer.kill("alice", number, query_only=True)
    assert len(done) == 2


async def test_no_key_can_be_made_without_the_secret() -> None:
    cancels, done = CancelRegistry(), list[str]()
    killer = Killer(cancels, b"secret")

    async def cancel() -> None:
        done.append("cancelled")

    killer.enter(7, "alice", ("my1", 9), cancel=cancel, end=lambda: None)
    for secret in (b"", b"alice", b"0" * 32):
        await cancels.cancel(7, secret)
    assert not done


async def test_a_session_of_another_process_is_reached_through_the_store() -> None:
    """Two processes with one secret: what one does not know is posted as a digest, which the other looks up."""
    there, done = CancelRegistry(), list[str]()

    class Post:
        async def forward(self, digest: str) -> None:
            done.append(f"found {await there.cancel_by_digest(digest)}")

    far, near = Killer(there, b"secret"), Killer(CancelRegistry(Post()), b"secret")

    async def cancel() -> None:
        done.append("cancelled")

    number = far.free_id()
    far.enter(number, "alice", ("my1", 99), cancel=cancel, end=lambda: done.append("ended"))
    assert near.find("alice", "my1", number) is None
    assert near.elsewhere("my1", number)
    assert not near.elsewhere("my1", 99)
    assert not far.elsewhere("my1", number)
    await near.kill("bob", number, query_only=False)
    await near.kill("alice", number, query_only=True)
    await near.kill("alice", number, query_only=False)
    assert done == ["found False", "cancelled", "found True", "ended", "found True"]
