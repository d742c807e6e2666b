from gateway.proxy.throttle import LoginThrottle


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_waits_double_up_to_the_longest_and_then_answers_are_refused() -> None:
    clock = Clock()
    throttle = LoginThrottle(2, longest=4.0, clock=clock)
    waits = []
    for _ in range(8):
        throttle.failed("alice", "10.0.0.1")
        wait = throttle.answer_wait("alice", "10.0.0.1")
        waits.append(wait)
        clock.now += wait or 0.0
    assert waits == [0.0, 0.0, 0.5, 1.0, 2.0, 4.0, 4.0, 4.0]


def test_answers_asked_for_at_once_queue_up() -> None:
    throttle = LoginThrottle(1, longest=4.0, clock=Clock())
    for _ in range(2):
        throttle.failed("alice", "10.0.0.1")
    assert [throttle.answer_wait("alice", str(address)) for address in range(9)] == [
        0.5,
        1.0,
        1.5,
        2.0,
        2.5,
        3.0,
        3.5,
        4.0,
        None,
    ]


def test_a_right_answer_clears_the_user_but_not_the_address() -> None:
    throttle = LoginThrottle(1, clock=Clock())
    for user in ("a", "b", "c", "d", "e"):
        throttle.failed(user, "10.0.0.1")
    throttle.failed("a", "10.0.0.2")
    assert throttle.answer_wait("a", "10.0.0.9") == 0.5
    throttle.succeeded("a")
    assert throttle.answer_wait("a", "10.0.0.9") == 0.0
    assert throttle.answer_wait("somebody", "10.0.0.1") == 0.5


def test_others_are_not_slowed_down() -> None:
    throttle = LoginThrottle(1, clock=Clock())
    for _ in range(3):
        throttle.failed("alice", "10.0.0.1")
    assert throttle.answer_wait("bob", "10.0.0.2") == 0.0


def test_time_forgets() -> None:
    clock = Clock()
    throttle = LoginThrottle(1, memory=60.0, clock=clock)
    for _ in range(9):
        throttle.failed("alice", "10.0.0.1")
    assert throttle.answer_wait("alice", "10.0.0.1")
    clock.now += 61.0
    assert throttle.answer_wait("alice", "10.0.0.1") == 0.0


def test_memory_is_bounded() -> None:
    throttle = LoginThrottle(1, capacity=100, clock=Clock())
    for number in range(1_000):
        throttle.failed(f"user{number}", "10.0.0.1")
    assert len(throttle._records) <= 100
    assert throttle.answer_wait("x", "10.0.0.1") != 0.0  # the busiest key is never the one forgotten
