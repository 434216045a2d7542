"""Sends requests to COS Batch: signed, repeated where that helps, and at the rate that the service takes.

`retries` knows which errors are worth another attempt, `rate_limiter` how many requests may be under way; `Connection`
is the loop around them. What a response means, its caller decides.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from pulumi_cosjob._clock import Clock, SystemClock
from pulumi_cosjob._errors import CosJobError
from pulumi_cosjob._records import Record
from pulumi_cosjob._service.credentials import VendorChain
from pulumi_cosjob._service.discovery import (
    ACCOUNT_HEADERS,
    account_endpoint,
    discover,
    parse_account,
    signature_offset,
    undiscovered,
)
from pulumi_cosjob._service.location import Location
from pulumi_cosjob._service.rate_limiter import RateLimiter
from pulumi_cosjob._service.responses import clock_offset
from pulumi_cosjob._service.retries import FIRST_PAUSE, RetryPolicy
from pulumi_cosjob._service.settings import default_endpoint
from pulumi_cosjob._version import PACKAGE_VERSION

if TYPE_CHECKING:
    import requests

    from pulumi_cosjob._details import Account
    from pulumi_cosjob._service.credentials import Credentials
    from pulumi_cosjob._service.settings import Settings
    from pulumi_cosjob._service.transport import Response, Transport

__all__ = ["Call", "Connection", "Parse"]

_T = TypeVar("_T")

# The time limit of one attempt; a sixth of the whole request's time limit where that is longer.
_ATTEMPT_SECONDS = 10.0
_ATTEMPTS_PER_REQUEST = 6

_USER_AGENT = f"pulumi-cosjob/{PACKAGE_VERSION}"

Parse = Callable[["Response", Sequence[str | None]], _T]
"""Returns what a response means; the secrets that it may echo are the second argument."""


class Call(Record):
    """A request to COS Batch.

    Attributes:
        target: Path and query, escaped as they are sent.
        appid: APPID of the account that owns the jobs; by default that of the settings, or else the discovered one.
        job_id: The job that it is about, for messages; None if it is about several.
        method: The HTTP method.
    """

    target: str
    appid: str | None
    job_id: str | None = None
    method: str = "GET"


class Connection:
    """Requests of one account, with one pool of connections; safe for use by many threads at once.

    Args:
        settings: Endpoint, credentials and time limit.
        clock: Replaces the machine's clock in tests.

    Raises:
        ConfigurationError: The environment names a proxy or certificates that cannot be used.
    """

    def __init__(self, settings: Settings, clock: Clock | None) -> None:
        self._settings = settings
        self._ended = threading.Event()
        self._clock = clock or SystemClock(self._ended)
        self._transports: dict[str, Transport] = {}
        self._opening = threading.Lock()
        self._rate_limiter = RateLimiter(self._clock)
        self._offset = 0.0
        self._location = Location(settings.endpoint or "", settings.appid)
        if settings.endpoint:
            self._transport_to(settings.endpoint)

    @property
    def location(self) -> Location:
        """Where requests go, as far as it is known. This sends no request."""
        return self._location

    def close(self) -> None:
        """Close the connections."""
        for transport in self._transports.values():
            transport.close()

    def abort(self) -> None:
        """End all requests that are under way, in any thread, with a `RequestError`, and refuse further ones."""
        self._ended.set()
        self._rate_limiter.close()
        with self._opening:
            for transport in self._transports.values():
                transport.abort()
        if isinstance(self._settings.credentials, VendorChain):
            self._settings.credentials.abort()

    def now(self) -> float:
        """Return the service's time, as far as it is known, in seconds since the epoch."""
        return self._clock.now() + self._offset

    def send(self, call: Call, parse: Parse[_T], *, once: bool = False) -> tuple[_T, Response]:
        """Send a request, by one attempt or as many as its time limit allows.

        Args:
            call: The request. Only one that may be repeated has more than one attempt.
            parse: Returns what a response means, or raises an error of this package.
            once: Whether there is only one attempt.

        Returns:
            What `parse` returns, and the response.

        Raises:
            CosJobError: All attempts failed; job, account and endpoint are part of the error.
        """
        limit = self._attempt_seconds if once else self._settings.request_timeout
        deadline = self._clock.monotonic() + limit
        policy = RetryPolicy(self._clock, deadline, once=once)
        try:
            return policy.run(lambda: self._attempt(call, parse, deadline))
        except CosJobError as error:
            error.job_id = call.job_id
            error.audience = self._settings.audience
            self._location.complete(error, call.appid)
            raise

    def _attempt(self, call: Call, parse: Parse[_T], deadline: float) -> tuple[_T, Response]:
        """Send a request in a slot of the rate limiter, and a second one if the first shows that the clock is wrong."""
        with self._rate_limiter.slot(deadline, FIRST_PAUSE):
            self._locate(call.appid, deadline)
            used = self._offset
            response, secrets = self._send(call, deadline, used)
            offset = clock_offset(response, self._clock.now() + used)
            if offset is not None:
                # Set, not added: another thread may have measured the same offset at the same time.
                self._offset = used + offset
                response, secrets = self._send(call, deadline, used + offset)
            return parse(response, secrets), response

    def _send(self, call: Call, deadline: float, offset: float) -> tuple[Response, Sequence[str | None]]:
        """Send one request; return the response, and the secrets that it may echo."""
        from pulumi_cosjob._service.signing import sign  # noqa: PLC0415  needed only for a request

        credentials = self._settings.credentials(self._seconds_left(deadline))

        def prepare(request: requests.PreparedRequest) -> None:
            sign(request, credentials, self._clock.now() + offset)

        location = self._location
        headers = {"x-cos-appid": call.appid or location.appid or "", "User-Agent": _USER_AGENT}
        transport = self._transport_to(location.endpoint)
        response = transport.request(call.method, call.target, headers, prepare, self._seconds_left(deadline))
        return response, _secrets(credentials)

    def locate(self, appid: str | None) -> Location:
        """Return where requests go: discover the account, by one attempt, where that is not known yet.

        Args:
            appid: The APPID that the requests name, if any.

        Raises:
            CosJobError: The account could not be discovered.
        """
        self._locate(appid, self._clock.monotonic() + self._attempt_seconds)
        return self._location

    def _locate(self, appid: str | None, deadline: float) -> None:
        if self._location.is_known_for(appid):
            return
        credentials = self._settings.credentials(self._seconds_left(deadline))
        endpoint = account_endpoint(self._settings)
        seconds = self._seconds_left(deadline)
        request = functools.partial(self._request_account, credentials, endpoint, deadline)
        account = discover(credentials, endpoint, request, seconds)
        own = self._settings.endpoint or default_endpoint(account.uin, self._settings.region or "")
        self._location = Location(own, self._settings.appid or account.appid, account)

    def _request_account(self, credentials: Credentials, endpoint: str, deadline: float) -> Account:
        """Send a GetUserAppId, and a second one if the first shows that the clock is wrong."""
        from pulumi_cosjob._service.signing import sign_tc3  # noqa: PLC0415  needed only for a request

        def send(offset: float) -> Response:
            def prepare(request: requests.PreparedRequest) -> None:
                sign_tc3(request, credentials, self._clock.now() + offset, "cam")

            headers = {**ACCOUNT_HEADERS, "User-Agent": _USER_AGENT}
            return transport.request("POST", "/", headers, prepare, self._seconds_left(deadline), b"{}")

        try:
            transport = self._transport_to(endpoint)
            response = send(0.0)
            offset = signature_offset(response, self._clock.now())
            if offset is not None:
                response = send(offset)
        except CosJobError as error:
            error.endpoint = endpoint
            raise undiscovered(error) from None
        return parse_account(response, _secrets(credentials), endpoint)

    def _transport_to(self, endpoint: str) -> Transport:
        from pulumi_cosjob._service.transport import Transport  # noqa: PLC0415  loads requests, needed only here

        with self._opening:
            if endpoint not in self._transports:
                self._transports[endpoint] = Transport(endpoint)
                if self._ended.is_set():
                    self._transports[endpoint].abort()
            return self._transports[endpoint]

    @property
    def _attempt_seconds(self) -> float:
        timeout = self._settings.request_timeout
        return min(timeout, max(_ATTEMPT_SECONDS, timeout / _ATTEMPTS_PER_REQUEST))

    def _seconds_left(self, deadline: float) -> float:
        """Return the time limit of an attempt that begins now."""
        return min(self._attempt_seconds, max(0.001, deadline - self._clock.monotonic()))


def _secrets(credentials: Credentials) -> Sequence[str | None]:
    return credentials.secret_id, credentials.secret_key, credentials.token
