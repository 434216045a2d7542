"""The errors of the service, as one table of codes."""

from __future__ import annotations

__all__ = ["STATUSES", "AccountError", "ServiceError"]

STATUSES: dict[str, int] = {
    "AccessDenied": 403,
    "ExpiredToken": 403,
    "InternalError": 500,
    "InvalidAccessKeyId": 403,
    "InvalidArgument": 400,
    "InvalidRequest": 400,
    "InvalidURI": 400,
    "MalformedXML": 400,
    "MethodNotAllowed": 405,
    "NoSuchJob": 404,
    "RequestLimitExceeded": 429,
    "RequestTimeTooSkewed": 403,
    # A code with spaces: the time of the signature is over.
    "Request has expired": 403,
    "ServiceUnavailable": 500,
    "SignatureDoesNotMatch": 403,
    "SlowDown": 503,
    "TooManyJobs": 500,
    "UnavailableForLegalReasons": 451,
}


class ServiceError(Exception):
    """The response to a request is an error document.

    Args:
        code: The error code, one of `STATUSES`.
        message: The message of the document.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = STATUSES[code]


class AccountError(Exception):
    """The response to a request of the account API is an error, with HTTP status 200.

    Args:
        code: The error code.
        message: The message.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
