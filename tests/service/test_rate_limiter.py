"""How fast a client asks: what it makes of a service that asks to slow down."""

from __future__ import annotations

import math
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from pulumi_cosjob._errors import AccessDeniedError, CosJobError, RequestError, UnavailableError
from pulumi_cosjob._service.rate_limiter import AimdState, RateLimiter, asks_to_slow_down
from pulumi_cosjob.testing import ManualClock

SLOW_DOWN = UnavailableError("the service asks to slow down", code="SlowDown", http_status=503)


@pytest.mark.parametrize(
    ("error", "slower"),
    [
        (SLOW_DOWN, True),
        (UnavailableError("too many requests", code="RequestLimitExceeded"), True),
        (UnavailableError("no words", http_status=429), True),
        (UnavailableError("the service failed", code="InternalError", http_status=500), False),
        (AccessDeniedError("no", code="AccessDenied", http_status=403), False),
        (RequestError("no answer"), False),
        (KeyboardInterrupt(), False),
    ],
)
def test_what_asks_to_slow_down(error: BaseException, slower: bool) -> None:
    """Only the service's own word does; that it fails is no reason to ask less often."""
    assert asks_to_slow_down(error) is slower


def test_a_pace_is_free_until_it_is_slowed() -> None:
    """Answers change nothing before the service asks to slow down."""
    assert AimdState().answered() == AimdState()
    assert math.isinf(AimdState().most)


@pytest.mark.parametrize(
    ("most", "under_way", "slowed"),
    [(math.inf, 16, 8.0), (math.inf, 1, 1.0), (3.0, 3, 1.5), (8.0, 2, 1.0), (1.0, 9, 1.0)],
)
def test_a_slowed_pace_is_half_of_what_was_too_much(most: float, under_way: int, slowed: float) -> None:
    """Half as many questions, but one at the least; nobody asks for as long as the service said."""
    pace = AimdState(most).slowed(100.0, asked_at=99.0, under_way=under_way, seconds=7.0)
    assert pace == AimdState(slowed, not_before=107.0, slowed_at=100.0)


def test_questions_of_one_round_slow_down_once() -> None:
    """Sixteen refusals at the same time are one reason to slow down; the longest pause holds."""
    pace = AimdState()
    for position in range(16):
        pace = pace.slowed(100.0 + position / 100, asked_at=99.0, under_way=16 - position, seconds=position)
    assert (pace.most, pace.not_before) == (8.0, 115.15)
    assert pace.slowed(200.0, asked_at=150.0, under_way=8, seconds=0.5).most == 4.0


def test_a_pace_recovers_by_one_for_each_round_of_answers() -> None:
    """After about as many answers as may be under way, one more may."""
    pace = AimdState(1.0)
    for _ in range(30):
        pace = pace.answered()
    assert 7 <= pace.most <= 9


def test_a_pause_without_reason_ends() -> None:
    """A service that says to come back tomorrow holds up that question, and the others for a minute."""
    assert AimdState().slowed(0.0, asked_at=0.0, under_way=1, seconds=86400.0).not_before == 60.0


def refuse(turnstile: RateLimiter, error: CosJobError = SLOW_DOWN) -> None:
    """Ask a question that is refused."""
    with pytest.raises(type(error)), turnstile.turn(1000.0, 5.0):
        raise error


def test_nobody_asks_before_the_pause_is_over() -> None:
    """The next turn comes when the clock says so."""
    clock = ManualClock()
    turnstile = RateLimiter(clock)
    refuse(turnstile)
    assert clock.monotonic() == 0.0
    with turnstile.turn(1000.0, 5.0):
        assert clock.monotonic() == 5.0


def test_the_services_own_word_is_taken() -> None:
    """Where it says for how long, that long."""
    clock = ManualClock()
    turnstile = RateLimiter(clock)
    refuse(turnstile, UnavailableError("slow down", code="SlowDown", retry_after=12.0))
    with turnstile.turn(1000.0, 5.0):
        assert clock.monotonic() == 12.0


def test_other_errors_change_nothing() -> None:
    """A failure is an answer too."""
    turnstile = RateLimiter(ManualClock())
    refuse(turnstile, AccessDeniedError("no"))
    assert turnstile.pace == AimdState()


def test_a_turn_that_comes_too_late_is_an_error_at_once() -> None:
    """Whoever has less time than the pause is told so, and the time is not used up."""
    clock = ManualClock()
    turnstile = RateLimiter(clock)
    refuse(turnstile)
    with pytest.raises(UnavailableError, match="no turn to ask came in time") as caught, turnstile.turn(4.0, 5.0):
        pytest.fail("asked")
    assert (clock.monotonic(), caught.value.retry_after) == (0.0, 5.0)


def test_only_so_many_ask_at_the_same_time() -> None:
    """With a pace of two, eight threads are two at once and never more, and all have their turn."""
    turnstile = RateLimiter(ManualClock())
    turnstile.pace = AimdState(2.0)
    inside, most, turns = 0, 0, 0
    changed = threading.Condition()

    def ask(_number: int) -> None:
        nonlocal inside, most, turns
        with turnstile.turn(1000.0, 5.0), changed:
            inside += 1
            turns += 1
            most = max(most, inside)
            changed.notify_all()
            assert changed.wait_for(lambda: most >= 2, 10)
            turnstile.pace = AimdState(2.0)  # each answer would quicken it
            inside -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(40)))
    assert (most, turns) == (2, 40)


def test_no_turn_comes_once_there_are_no_more() -> None:
    """Whoever waits is told at once, and so is whoever comes later."""
    turnstile = RateLimiter(ManualClock())
    turnstile.pace = AimdState(1.0)

    def ask() -> None:
        with turnstile.turn(1000.0, 5.0):
            pytest.fail("asked")

    with ThreadPoolExecutor(1) as pool, turnstile.turn(1000.0, 5.0):
        waiting = pool.submit(ask)
        assert not wait([waiting], 0.1).done
        turnstile.close()
        with pytest.raises(RequestError, match="called off"):
            waiting.result(60)
        with pytest.raises(RequestError, match="called off"):
            ask()


class PassingClock(ManualClock):
    """A clock on which a little time passes between any two looks at it."""

    def monotonic(self) -> float:
        """Return the time, which is later each time."""
        self.advance(0.03)
        return super().monotonic()


def test_a_turn_that_nobody_gives_up_is_not_waited_for_without_end() -> None:
    """While another question hangs, the time limit holds."""
    turnstile = RateLimiter(PassingClock())
    turnstile.pace = AimdState(1.0)
    with turnstile.turn(1000.0, 5.0), pytest.raises(UnavailableError, match="no turn"), turnstile.turn(0.2, 5.0):
        pytest.fail("asked")


FORKED = """
import os, sys
from pulumi_cosjob._errors import RequestError, UnavailableError
from pulumi_cosjob._service.rate_limiter import AimdState, RateLimiter
from pulumi_cosjob.testing import ManualClock

slow_down = UnavailableError("the service asks to slow down", code="SlowDown", retry_after=20.0)
turnstile, closed = RateLimiter(ManualClock()), RateLimiter(ManualClock())
closed.close()
try:
    with turnstile.turn(1000.0, 5.0):
        raise slow_down
except UnavailableError:
    pass
with turnstile.turn(1000.0, 5.0):
    child = os.fork()
    if child == 0:
        code = 1
        try:
            with turnstile.turn(0.1, 5.0):  # at once, or never
                code = 0 if turnstile.pace == AimdState() else 2
            with closed.turn(0.1, 5.0):
                code = 3
        except RequestError:
            pass
        finally:
            os._exit(code)
assert turnstile.pace.most > 1.0, "the parent goes on as it was"
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_forked_process_begins_at_a_pace_of_its_own() -> None:
    """What the parent was told, and what is under way there, holds up no child; what was closed stays so."""
    assert subprocess.run([sys.executable, "-c", FORKED], timeout=60, check=False).returncode == 0
