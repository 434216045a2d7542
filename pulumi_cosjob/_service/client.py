"""The request layer: asks COS Batch about jobs, again where that is worth it, and no faster than the service wants.

What an answer means is in `_answers`, how fast to ask in `_pacing`; `CosBatchClient` is the loop around them.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from pulumi_cosjob._checks import check_choice, check_identifier, check_number
from pulumi_cosjob._clock import Clock, SystemClock
from pulumi_cosjob._errors import (
    ConnectionFailedError,
    CosJobError,
    InvalidArgumentError,
    JobsNotReadError,
    NoSuchJobError,
    TimeLimitError,
    UnavailableError,
    is_refusal,
    no_thread,
)
from pulumi_cosjob._service.credentials import VendorChain
from pulumi_cosjob._service.rate_limiter import RateLimiter
from pulumi_cosjob._service.responses import answered_at, clock_offset, judge
from pulumi_cosjob._service.settings import MISSING, SETTINGS, Missing, Settings, resolve
from pulumi_cosjob._text import format_value, kind_of

if TYPE_CHECKING:
    from types import TracebackType

    import requests
    from typing_extensions import Self

    from pulumi_cosjob._model.job import JobDescription
    from pulumi_cosjob._service.transport import Answer
    from pulumi_cosjob._xml.schema import Validation

__all__ = ["DEFAULT_CONCURRENCY", "Clients", "CosBatchClient", "describe_job", "pause"]

# Questions that one call asks at the same time, where it is not told otherwise.
DEFAULT_CONCURRENCY = 16

_CLOCK = ("now", "monotonic", "sleep")

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 10.0
# Tries end after so long where none of them has found the name of the endpoint.
_UNRESOLVED_SECONDS = 5.0
_LONGEST_UNRESOLVED_PAUSE = 1.0
# One try may take so long, and more only where a whole question is given more than a minute.
_LONGEST_TRY = 10.0
_TRIES = 6


# -------------------------------------------------------------------------------------------------------- asking again


def is_worth_a_retry(error: BaseException) -> bool:
    """Tell whether the same question may be answered a little later."""
    if isinstance(error, ConnectionFailedError):
        return not is_refusal(error.http_status)  # a proxy's
    return isinstance(error, (TimeLimitError, UnavailableError))


def pause(attempts: int, asked_for: float | None, jitter: float) -> float:
    """Return how many seconds to pause before the next attempt.

    Args:
        attempts: How many there were, 1 or more.
        asked_for: What the service asked for (Retry-After), if it did: never less than that.
        jitter: From 0 to 1, at random, so that many do not come back at once.
    """
    longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(attempts - 1, 30))
    drawn = longest * (0.5 + jitter / 2)
    return drawn if asked_for is None else asked_for + drawn * 0.2


class CosBatchClient:
    """Asks COS Batch; holds one pool of connections and may be used by many threads at once.

    Args:
        uin: Id of the main account, such as `100000000001`.
        region: Such as `ap-chengdu`.
        endpoint: In place of the one that uin and region make up.
        secret_id: Id of the key to sign with.
        secret_key: The key.
        token: The token that belongs to a temporary key.
        validation: `lenient` (default) leaves out what violates the schema, with a warning; `strict` fails.
        request_timeout: Seconds for one request with all its attempts, 60 by default. A single attempt has 10 s, or a
            sixth of it where that is more.
        clock: Another clock than the machine's, for tests; it has `now`, `monotonic` and `sleep`.

    What is not given comes from the environment, then from the vendor's credentials files and machine roles.

    Raises:
        ConfigurationError: A setting is missing, or the environment names a proxy or certificates that cannot be used.
        InvalidArgumentError: A setting cannot be used.
    """

    def __init__(
        self,
        *,
        uin: str | None = None,
        region: str | None = None,
        endpoint: str | None = None,
        secret_id: str | None = None,
        secret_key: str | None = None,
        token: str | None = None,
        validation: Validation | None = None,
        request_timeout: float | None = None,
        clock: Clock | None = None,
    ) -> None:
        arguments = {name: value for name, value in locals().items() if name not in ("self", "clock")}
        self._start(resolve(arguments), clock)

    @classmethod
    def from_settings(cls, settings: Settings, clock: Clock | None = None) -> CosBatchClient:
        """Make a client from settings that were resolved already.

        Args:
            settings: All that it needs to know.
            clock: As for the class.

        Raises:
            ConfigurationError: The environment names a proxy or certificates that cannot be used.
            InvalidArgumentError: The clock is none.
        """
        client = cls.__new__(cls)
        client._start(settings, clock)  # noqa: SLF001  its own
        return client

    def _start(self, settings: Settings, clock: Clock | None) -> None:
        from pulumi_cosjob._service.transport import Transport  # noqa: PLC0415  loads requests, needed only to ask

        if clock is not None and not all(callable(getattr(clock, name, None)) for name in _CLOCK):
            raise InvalidArgumentError("clock", f"cannot be {format_value(clock)}", hint=f"It has {', '.join(_CLOCK)}.")
        self._settings = settings
        self._ended = threading.Event()
        self._clock = clock or SystemClock(self._ended)
        self._transport = Transport(settings.endpoint)
        self._rate_limiter = RateLimiter(self._clock)
        self._offset = 0.0
        self._warned: set[str] = set()

    @property
    def endpoint(self) -> str:
        """Where this client asks."""
        return self._settings.endpoint

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    def abort(self) -> None:
        """Cut off all questions that are under way, in whatever thread, and ask no more."""
        self._ended.set()
        self._rate_limiter.close()
        self._transport.abort()
        if isinstance(self._settings.credentials, VendorChain):
            self._settings.credentials.abort()

    def describe_job(self, job_id: str, appid: str) -> JobDescription:
        """Return the state of a job, as it is now.

        Args:
            job_id: Id of the job.
            appid: APPID of the account that owns it, such as `1250000000`.

        Raises:
            InvalidArgumentError: job_id or appid is malformed; nothing was sent.
            ConfigurationError: No keys were found; they are looked for at each question.
            RequestError: No answer came before `request_timeout` was over.
            ServiceError: The service refused; `NoSuchJobError` among them.
            InvalidResponseError: The answer cannot be trusted.
        """
        return self._describe(job_id, appid)[0]

    def look(self, job_id: str, appid: str) -> tuple[JobDescription, float | None]:
        """Do as `describe_job` by a single try: whoever asks again anyway knows better when.

        Returns:
            The job, and the service's own time of that answer, in seconds since the epoch.
        """
        description, answer = self._describe(job_id, appid, once=True)
        return description, answered_at(answer)

    @property
    def _longest_try(self) -> float:
        timeout = self._settings.request_timeout
        return min(timeout, max(_LONGEST_TRY, timeout / _TRIES))

    def _describe(self, job_id: str, appid: str, *, once: bool = False) -> tuple[JobDescription, Answer]:
        import tenacity  # noqa: PLC0415  needed only to ask

        check_identifier("job_id", job_id)
        check_identifier("appid", appid)
        begun, resolved = self._clock.monotonic(), False
        deadline = begun + (self._longest_try if once else self._settings.request_timeout)

        def is_over(state: tenacity.RetryCallState) -> bool:
            nonlocal resolved
            error = state.outcome.exception() if state.outcome else None
            resolved = resolved or not getattr(error, "name_not_found", False)
            ends = deadline if resolved else min(deadline, begun + _UNRESOLVED_SECONDS)
            return once or self._clock.monotonic() + state.upcoming_sleep >= ends

        def asked_for(state: tenacity.RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            wanted = getattr(error, "retry_after", None)
            drawn = pause(state.attempt_number, wanted, random.random())  # noqa: S311  jitter, no secret
            return min(drawn, _LONGEST_UNRESOLVED_PAUSE) if getattr(error, "name_not_found", False) else drawn

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(is_worth_a_retry),
            wait=asked_for,
            stop=is_over,
            sleep=self._clock.sleep,
            reraise=True,
        )
        try:
            seen: tuple[JobDescription, Answer] = retrying(self._try, job_id, appid, deadline)
        except CosJobError as error:
            error.job_id, error.appid, error.endpoint = job_id, appid, self.endpoint
            error.attempts = retrying.statistics.get("attempt_number", 1)
            raise
        return seen

    def describe_jobs(
        self,
        job_ids: Iterable[str],
        appid: str,
        *,
        missing: Missing = "error",
        max_concurrency: int = DEFAULT_CONCURRENCY,
    ) -> Mapping[str, JobDescription]:
        """Return the states of many jobs by their ids, asked about at the same time.

        Args:
            job_ids: Ids of the jobs; each is asked about once.
            appid: APPID of the account that owns them.
            missing: What to do about a job that the service does not know: `error` (default), or `skip` it.
            max_concurrency: How many questions may be under way, 1 to 64; fewer while the service asks to slow down.

        Raises:
            InvalidArgumentError: An argument is malformed; nothing was sent.
            ConfigurationError: No keys were found, as for `describe_job`.
            CosJobError: One job could not be read: its own error.
            JobsNotReadError: Several could not. Where jobs are missing, all that are; else those that were under way
                when the first of them failed, and no more are asked about.
            KeyboardInterrupt: Ctrl-C ends at once what is being asked, and this client asks no more.
        """
        if isinstance(job_ids, (str, bytes)) or not isinstance(job_ids, Iterable):
            raise InvalidArgumentError("job_ids", f"must be a list of ids, not {kind_of(job_ids)}")
        wanted = list(dict.fromkeys(check_identifier("job_id", job_id) for job_id in job_ids))
        check_identifier("appid", appid)
        check_choice("missing", missing, MISSING)
        workers = check_number("max_concurrency", max_concurrency, 1, 64)
        pool = ThreadPoolExecutor(min(workers, max(1, len(wanted))), "cosjob-read")
        try:
            try:
                asked = {job_id: pool.submit(self.describe_job, job_id, appid) for job_id in wanted}
            except RuntimeError as refused:
                raise no_thread(refused) from None
            # In the order in which they are asked: to be woken by each as it is answered costs more than it gains.
            for answered in asked.values():
                error = answered.exception()
                if error is not None and not isinstance(error, NoSuchJobError):
                    break
            pool.shutdown(cancel_futures=True)
        except BaseException as ended:
            if not isinstance(ended, Exception):
                self.abort()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        answers = {job_id: answered for job_id, answered in asked.items() if not answered.cancelled()}
        errors = [error for answered in answers.values() if (error := answered.exception()) is not None]
        if missing == "skip":
            errors = [error for error in errors if not isinstance(error, NoSuchJobError)]
        _raise(errors, len(wanted))
        return {job_id: answered.result() for job_id, answered in answers.items() if answered.exception() is None}

    def _try(self, job_id: str, appid: str, deadline: float) -> tuple[JobDescription, Answer]:
        with self._rate_limiter.turn(deadline, _FIRST_PAUSE):
            used = self._offset
            answer, secrets = self._ask(job_id, appid, deadline, used)
            offset = clock_offset(answer, self._clock.now() + used)
            if offset is not None:
                # Not added to what is there: another thread may have found out at the same time.
                self._offset = used + offset
                answer, secrets = self._ask(job_id, appid, deadline, used + offset)
            described = judge(
                answer,
                job_id=job_id,
                endpoint=self.endpoint,
                validation=self._settings.validation,
                secrets=secrets,
                warned=self._warned,
            )
            return described, answer

    def _ask(self, job_id: str, appid: str, deadline: float, offset: float) -> tuple[Answer, tuple[str | None, ...]]:
        """Ask once; return the answer, and the keys that it may echo."""
        from pulumi_cosjob._service.signing import sign  # noqa: PLC0415  loads the vendor's SDK, needed only to ask

        path = f"/jobs/{job_id}"
        credentials = self._settings.credentials(self._seconds(deadline))

        def prepare(request: requests.PreparedRequest) -> None:
            sign(request, path, credentials, self._clock.now() + offset)

        headers = {"x-cos-appid": appid, "User-Agent": _user_agent()}
        answer = self._transport.get(path, headers, prepare, self._seconds(deadline))
        return answer, (credentials.secret_id, credentials.secret_key, credentials.token)

    def _seconds(self, deadline: float) -> float:
        """Return what one try may take."""
        return min(self._longest_try, max(0.001, deadline - self._clock.monotonic()))


class Clients:
    """One client, with its pool of connections, for each account that is asked about.

    Args:
        config: Returns the configuration's value of a full key, such as `cosjob:uin`, or None.
        clock: Another clock than the machine's, for tests.
    """

    def __init__(self, config: Callable[[str], Any], clock: Clock | None = None) -> None:
        self._config = config
        self._clock = clock
        self._clients: dict[tuple[Any, ...], CosBatchClient] = {}
        self._lock = threading.Lock()

    def get(self, inputs: Mapping[str, Any]) -> CosBatchClient:
        """Return the client for the account that inputs name by uin, region and endpoint, or the configuration does.

        Raises:
            ConfigurationError: A setting is missing.
            InvalidArgumentError: A setting cannot be used.
        """
        arguments = {name: inputs.get(name) for name in SETTINGS}
        key = tuple(arguments.values())
        with self._lock:
            if key not in self._clients:
                self._clients[key] = CosBatchClient.from_settings(resolve(arguments, config=self._config), self._clock)
            return self._clients[key]


def _raise(errors: Sequence[BaseException], jobs: int) -> None:
    """Raise what went wrong, if anything did: an error of another kind than ours as it is."""
    ours = [error for error in errors if isinstance(error, CosJobError)]
    if len(ours) > 1 and len(ours) == len(errors):
        raise JobsNotReadError(ours, jobs)
    for error in errors:
        raise error


def _user_agent() -> str:
    from pulumi_cosjob import __version__  # noqa: PLC0415  read from the package's metadata at first use

    return f"pulumi-cosjob/{__version__}"


def describe_job(job_id: str, appid: str, **settings: Any) -> JobDescription:
    """Ask about one job, for plain scripts: `CosBatchClient(**settings).describe_job(job_id, appid)`.

    Args:
        job_id: Id of the job.
        appid: APPID of the account that owns it.
        **settings: As `CosBatchClient` takes them.

    Raises:
        CosJobError: As `CosBatchClient` and its `describe_job` do.
    """
    with CosBatchClient(**settings) as client:
        return client.describe_job(job_id, appid)
