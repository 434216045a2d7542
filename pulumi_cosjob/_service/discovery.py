"""Discovers the account of a set of credentials: main account and APPID, by one GetUserAppId of the vendor's CAM.

Each set of credentials is discovered once in a process. What was discovered is kept in memory only.
"""

from __future__ import annotations

import copy
import json
import os
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pulumi_cosjob._checks import is_loopback
from pulumi_cosjob._details import Account
from pulumi_cosjob._errors import (
    AccessDeniedError,
    CosJobError,
    InvalidResponseError,
    ServiceError,
    TimeLimitError,
    UnavailableError,
)
from pulumi_cosjob._messages import Message
from pulumi_cosjob._service.redaction import redact
from pulumi_cosjob._service.responses import CREDENTIALS_HINT, retry_after, service_time
from pulumi_cosjob._text import quoted, truncate

if TYPE_CHECKING:
    from pulumi_cosjob._service.credentials import Credentials
    from pulumi_cosjob._service.settings import Settings
    from pulumi_cosjob._service.transport import Response

__all__ = ["ACCOUNT_HEADERS", "account_endpoint", "discover", "parse_account", "signature_offset", "undiscovered"]

_HOSTS = {"cn": "https://cam.tencentcloudapi.com", "intl": "https://cam.intl.tencentcloudapi.com"}
ACCOUNT_HEADERS: Mapping[str, str] = {
    "Content-Type": "application/json",
    "X-TC-Action": "GetUserAppId",
    "X-TC-Version": "2019-01-16",
}
"""The headers that make a request a GetUserAppId."""

_WHAT = "the account of the credentials could not be discovered: {reason}"
_HINT = (
    "Set {uin:places}, and {appid:places}: the console shows both on its page Account Information (uin is the Account "
    "ID of the main account)."
)
_ALLOW = "Or allow the action cam:GetUserAppId."
# By the beginning of the code, as the service has more specific ones: the error, and what else to do, before the two
# settings and after them. Wrong credentials are the first thing to check: with both settings, jobs would refuse them.
_REFUSALS: tuple[tuple[str, type[ServiceError], str | Message, str], ...] = (
    ("AuthFailure.UnauthorizedOperation", AccessDeniedError, "", _ALLOW),
    ("UnauthorizedOperation", AccessDeniedError, "", _ALLOW),
    ("AuthFailure", AccessDeniedError, CREDENTIALS_HINT, ""),
    ("RequestLimitExceeded", UnavailableError, "", ""),
    ("InternalError", UnavailableError, "", ""),
    ("ServiceUnavailable", UnavailableError, "", ""),
)
_EXPIRED = "AuthFailure.SignatureExpire"

_lock = threading.Lock()
_accounts: dict[tuple[Any, ...], Future[Account]] = {}


def account_endpoint(settings: Settings) -> str:
    """Return where the account is discovered.

    An endpoint on loopback, such as an emulator's, has its own: its credentials never leave the machine.
    """
    own = settings.endpoint
    return own if own and is_loopback(urlsplit(own).hostname or "") else _HOSTS[settings.site]


def discover(credentials: Credentials, endpoint: str, request: Callable[[], Account], seconds: float) -> Account:
    """Return the account of credentials, from an earlier request of this process or by one that all callers share.

    Args:
        credentials: The credentials.
        endpoint: Where it is discovered.
        request: Sends the request.
        seconds: How long to wait for the request of another thread.

    Raises:
        CosJobError: The request failed. It is sent again by the next call.
    """
    # A process that was forked shares no request with its parent.
    key = (os.getpid(), endpoint, credentials.secret_id, credentials.token)
    with _lock:
        shared = _accounts.get(key)
        is_first = shared is None
        if shared is None:
            shared = _accounts[key] = Future()
    if is_first:
        try:
            account = request()
        except BaseException as error:
            with _lock:
                del _accounts[key]
            shared.set_exception(error)
            raise
        shared.set_result(account)
        _log(account)
    try:
        return shared.result(seconds)
    except FutureTimeoutError:
        raise undiscovered(TimeLimitError(f"no response came within {seconds:.3g} s", endpoint=endpoint)) from None
    except CosJobError as error:
        raise copy.copy(error) from None


def _log(account: Account) -> None:
    import logging  # noqa: PLC0415  needed only here

    logging.getLogger("pulumi_cosjob").debug("%s", account.describe(None))


def undiscovered(error: CosJobError, more: str = "") -> CosJobError:
    """Return an error as one of the discovery, with the settings that make it unnecessary."""
    hint = Message(f"{_HINT} {more}".strip())
    # What the error advises comes first: where a proxy refuses, for example, the two settings seldom help.
    return error.restated(Message(_WHAT, {"reason": error.what}), hint)


def parse_account(response: Response, secrets: Sequence[str | None], endpoint: str) -> Account:
    """Return the account in a response to GetUserAppId.

    Args:
        response: The response.
        secrets: The credentials of the request; no error shows them.
        endpoint: Where it was requested, for messages.

    Raises:
        ServiceError: The service refused.
        InvalidResponseError: The response is no such response.
    """
    try:
        result = json.loads(response.body)["Response"]
        error = result.get("Error")
        account = None if error else Account(str(result["OwnerUin"]), str(result["AppId"]))
        code, message = (str(error["Code"]), str(error.get("Message", ""))) if error else ("", "")
        request_id = str(result.get("RequestId", ""))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise _nonsense(response, endpoint) from None
    if account is None:
        raise _refusal(redact(code, secrets), redact(message, secrets), redact(request_id, secrets), response, endpoint)
    if not all(re.fullmatch("[0-9]{1,20}", each) for each in (account.uin, account.appid)):
        raise _nonsense(response, endpoint)
    return account


def _nonsense(response: Response, endpoint: str) -> CosJobError:
    status = response.status
    kind = UnavailableError if status == 429 or status >= 500 else InvalidResponseError
    return undiscovered(kind("the response is none of GetUserAppId", endpoint=endpoint, http_status=status))


def _refusal(code: str, message: str, request_id: str, response: Response, endpoint: str) -> CosJobError:
    found = next((each for each in _REFUSALS if code.startswith(each[0])), None)
    _, kind, first, more = found or ("", ServiceError, "", "")
    context: dict[str, Any] = {"endpoint": endpoint, "code": truncate(code), "request_id": truncate(request_id) or None}
    context["hint"] = first
    if kind is UnavailableError:
        context["retry_after"] = retry_after(response)
    return undiscovered(kind(f"the service reports {quoted(' '.join(message.split()), 120)}", **context), more)


def signature_offset(response: Response, now: float) -> float | None:
    """Return by how many seconds the service's clock is ahead, where a signature has expired; else None."""
    theirs = service_time(response)
    return theirs - now if theirs is not None and _EXPIRED.encode() in response.body else None
