"""How many requests a client sends: fewer while the service throttles them."""

from __future__ import annotations

import math
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from pulumi_cosjob._errors import AccessDeniedError, CosJobError, RequestError, UnavailableError
from pulumi_cosjob._service.rate_limiter import AimdState, RateLimiter, is_throttling
from pulumi_cosjob.testing import ManualClock

SLOW_DOWN = UnavailableError("the service throttles requests", code="SlowDown", http_status=503)


@pytest.mark.parametrize(
    ("error", "slower"),
    [
        (SLOW_DOWN, True),
        (UnavailableError("too many requests", code="RequestLimitExceeded"), True),
        (UnavailableError("no code", http_status=429), True),
        (UnavailableError("the service failed", code="InternalError", http_status=500), False),
        (AccessDeniedError("no", code="AccessDenied", http_status=403), False),
        (RequestError("no response"), False),
        (KeyboardInterrupt(), False),
    ],
)
def test_which_errors_are_throttling(error: BaseException, slower: bool) -> None:
    """Only codes of the service do; a failure is no reason to send fewer requests."""
    assert is_throttling(error) is slower


def test_there_is_no_limit_at_first() -> None:
    """Responses change nothing before the service throttles requests."""
    assert AimdState().after_response() == AimdState()
    assert math.isinf(AimdState().limit)


@pytest.mark.parametrize(
    ("limit", "under_way", "slowed"),
    [(math.inf, 16, 8.0), (math.inf, 1, 1.0), (3.0, 3, 1.5), (8.0, 2, 1.0), (1.0, 9, 1.0)],
)
def test_the_limit_is_half_of_what_was_too_much(limit: float, under_way: int, slowed: float) -> None:
    """Half as many requests, but at least one; none is sent until the pause is over."""
    state = AimdState(limit).after_throttling(100.0, sent_at=99.0, under_way=under_way, seconds=7.0)
    assert state == AimdState(slowed, not_before=107.0, slowed_at=100.0)


def test_requests_of_one_round_slow_down_once() -> None:
    """Sixteen refusals at the same time are one reason to slow down; the longest pause holds."""
    state = AimdState()
    for position in range(16):
        state = state.after_throttling(100.0 + position / 100, sent_at=99.0, under_way=16 - position, seconds=position)
    assert (state.limit, state.not_before) == (8.0, 115.15)
    assert state.after_throttling(200.0, sent_at=150.0, under_way=8, seconds=0.5).limit == 4.0


def test_the_limit_grows_by_one_for_each_round_of_responses() -> None:
    """After about as many responses as may be under way, one more may."""
    state = AimdState(1.0)
    for _ in range(30):
        state = state.after_response()
    assert 7 <= state.limit <= 9


def test_a_long_pause_is_shortened() -> None:
    """A Retry-After of a day holds up all other requests for a minute."""
    assert AimdState().after_throttling(0.0, sent_at=0.0, under_way=1, seconds=86400.0).not_before == 60.0


def refuse(limiter: RateLimiter, error: CosJobError = SLOW_DOWN) -> None:
    """Use a slot for a request that is refused."""
    with pytest.raises(type(error)), limiter.slot(1000.0, 5.0):
        raise error


def test_no_slot_is_free_before_the_pause_is_over() -> None:
    """The next slot is free after the pause, by the clock."""
    clock = ManualClock()
    limiter = RateLimiter(clock)
    refuse(limiter)
    assert clock.monotonic() == 0.0
    with limiter.slot(1000.0, 5.0):
        assert clock.monotonic() == 5.0


def test_retry_after_is_respected() -> None:
    """Where the service gives a time, the pause is that long."""
    clock = ManualClock()
    limiter = RateLimiter(clock)
    refuse(limiter, UnavailableError("slow down", code="SlowDown", retry_after=12.0))
    with limiter.slot(1000.0, 5.0):
        assert clock.monotonic() == 12.0


def test_other_errors_change_nothing() -> None:
    """A failure is a response too."""
    limiter = RateLimiter(ManualClock())
    refuse(limiter, AccessDeniedError("no"))
    assert limiter.state == AimdState()


def test_a_slot_that_is_free_too_late_is_an_error_at_once() -> None:
    """A request with less time than the pause fails without waiting."""
    clock = ManualClock()
    limiter = RateLimiter(clock)
    refuse(limiter)
    with pytest.raises(UnavailableError, match="could not be sent in time") as caught, limiter.slot(4.0, 5.0):
        pytest.fail("sent")
    assert (clock.monotonic(), caught.value.retry_after) == (0.0, 5.0)


def test_only_so_many_slots_are_used_at_the_same_time() -> None:
    """With a limit of two, eight threads use two slots at once and never more, and each gets one."""
    limiter = RateLimiter(ManualClock())
    limiter.state = AimdState(2.0)
    inside, most, sent = 0, 0, 0
    changed = threading.Condition()

    def send(_number: int) -> None:
        nonlocal inside, most, sent
        with limiter.slot(1000.0, 5.0), changed:
            inside += 1
            sent += 1
            most = max(most, inside)
            changed.notify_all()
            assert changed.wait_for(lambda: most >= 2, 10)
            limiter.state = AimdState(2.0)  # each response would raise it
            inside -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, range(40)))
    assert (most, sent) == (2, 40)


def test_a_closed_limiter_has_no_slots() -> None:
    """Threads that wait for a slot fail at once, and so do later ones."""
    limiter = RateLimiter(ManualClock())
    limiter.state = AimdState(1.0)

    def send() -> None:
        with limiter.slot(1000.0, 5.0):
            pytest.fail("sent")

    with ThreadPoolExecutor(1) as pool, limiter.slot(1000.0, 5.0):
        waiting = pool.submit(send)
        assert not wait([waiting], 0.1).done
        limiter.close()
        with pytest.raises(RequestError, match="cancelled"):
            waiting.result(60)
        with pytest.raises(RequestError, match="cancelled"):
            send()


class PassingClock(ManualClock):
    """A clock that advances a little each time it is read."""

    def monotonic(self) -> float:
        """Return the time, which is later each time."""
        self.advance(0.03)
        return super().monotonic()


def test_the_wait_for_a_slot_ends_with_the_deadline() -> None:
    """The time limit holds while another request hangs."""
    limiter = RateLimiter(PassingClock())
    limiter.state = AimdState(1.0)
    with (
        limiter.slot(1000.0, 5.0),
        pytest.raises(UnavailableError, match="could not be sent in time"),
        limiter.slot(0.2, 5.0),
    ):
        pytest.fail("sent")


FORKED = """
import os, sys
from pulumi_cosjob._errors import RequestError, UnavailableError
from pulumi_cosjob._service.rate_limiter import AimdState, RateLimiter
from pulumi_cosjob.testing import ManualClock

slow_down = UnavailableError("the service throttles requests", code="SlowDown", retry_after=20.0)
limiter, closed = RateLimiter(ManualClock()), RateLimiter(ManualClock())
closed.close()
try:
    with limiter.slot(1000.0, 5.0):
        raise slow_down
except UnavailableError:
    pass
with limiter.slot(1000.0, 5.0):
    child = os.fork()
    if child == 0:
        code = 1
        try:
            with limiter.slot(0.1, 5.0):  # at once, or never
                code = 0 if limiter.state == AimdState() else 2
            with closed.slot(0.1, 5.0):
                code = 3
        except RequestError:
            pass
        finally:
            os._exit(code)
assert limiter.state.limit > 1.0, "the parent goes on as it was"
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_forked_process_begins_with_a_state_of_its_own() -> None:
    """Neither the parent's pause nor its requests hold up a child; a closed limiter stays closed."""
    assert subprocess.run([sys.executable, "-c", FORKED], timeout=60, check=False).returncode == 0
