from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.verdict.cache import BoundedCache


def test_what_is_used_stays_and_the_rest_goes() -> None:
    cache: BoundedCache[int, int] = BoundedCache(100)
    cache.put(0, 0, 10)
    for key in range(1, 200):
        cache.put(key, key, 10)
        assert cache.get(0) == 0
    assert cache.get(1) is None
    assert cache.get(199) == 199


def test_what_is_too_large_is_not_kept() -> None:
    cache: BoundedCache[str, str] = BoundedCache(100)
    cache.put("a", "a", 26)
    assert cache.get("a") is None
    assert (cache.hits, cache.misses) == (0, 1)


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 30), st.booleans()), max_size=200))
def test_it_never_holds_more_than_twice_its_limit_nor_a_wrong_value(steps: list[tuple[int, int, bool]]) -> None:
    cache: BoundedCache[int, int] = BoundedCache(100)
    newest: dict[int, int] = {}
    for step, (key, size, reading) in enumerate(steps):
        if reading:
            found = cache.get(key)
            assert found is None or found == newest[key]
        elif size * 4 <= 100:
            cache.put(key, step, size)
            newest[key] = step
        held = sum(entry[1] for entry in cache._young.values()) + sum(entry[1] for entry in cache._old.values())
        assert held <= 200
        assert cache._size == sum(entry[1] for entry in cache._young.values())


def test_a_value_that_grows_counts_too() -> None:
    cache: BoundedCache[int, int] = BoundedCache(100)
    for key in range(10):
        cache.put(key, key, 10)
    cache.put(0, 0, 25)
    assert cache._size <= 100
    assert cache.get(0) == 0


def test_clear() -> None:
    cache: BoundedCache[int, int] = BoundedCache(100)
    cache.put(1, 1, 10)
    cache.clear()
    assert len(cache) == 0
    assert cache.get(1) is None
