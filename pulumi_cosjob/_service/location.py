"""Where requests go, and for which account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_cosjob._records import Record

if TYPE_CHECKING:
    from pulumi_cosjob._details import Account
    from pulumi_cosjob._errors import CosJobError

__all__ = ["Location"]


class Location(Record):
    """Where requests go, as far as it is known.

    Attributes:
        endpoint: Scheme, host and port; empty until it is known.
        appid: The APPID for requests that name none; None until it is known.
        account: The account of the credentials, where it was discovered.
    """

    endpoint: str = ""
    appid: str | None = None
    account: Account | None = None

    def is_known_for(self, appid: str | None) -> bool:
        """Return whether a request can be sent.

        Args:
            appid: The APPID that the request names, if any.
        """
        return bool(self.endpoint and (appid or self.appid))

    def complete(self, error: CosJobError, appid: str | None) -> None:
        """Add to an error what it lacks: APPID, account and endpoint.

        Args:
            error: The error of a request or of a wait.
            appid: The APPID that the request named, if any.
        """
        error.appid = error.appid or appid or self.appid
        error.account = error.account or self.account
        error.endpoint = error.endpoint or self.endpoint or None
