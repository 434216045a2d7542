"""The account API: GetUserAppId, by which a program finds the account of its credentials."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from pulumi_cosjob._emulator.errors import AccountError
from pulumi_cosjob._emulator.faults import GET_USER_APP_ID
from pulumi_cosjob._emulator.tc3_signature import single_header, verify_tc3

if TYPE_CHECKING:
    from pulumi_cosjob._emulator.samples import JobOwner
    from pulumi_cosjob._emulator.signature import AcceptedCredentials, SignedRequest

__all__ = ["ENDLESS_START", "error", "respond"]

ENDLESS_START = b'{"Response": {"Uin": "'
"""What an endless response begins with."""

_SERVICE = "cam"
_VERSION = "2019-01-16"


def respond(
    credentials: AcceptedCredentials, owner: JobOwner, request: SignedRequest, body: bytes, now: float
) -> bytes:
    """Perform a request.

    Args:
        credentials: The only credentials that requests may be signed with.
        owner: The account that they belong to.
        request: The request.
        body: Its body.
        now: The server's time, in seconds since the epoch.

    Returns:
        The document of the response.

    Raises:
        AccountError: The request is not signed as it must be, or there is no such action.
    """
    action, version = single_header(request, "x-tc-action"), single_header(request, "x-tc-version")
    verify_tc3(credentials, request, body, service=_SERVICE, now=now)
    if version != _VERSION:
        raise AccountError("NoSuchVersion", "The service has no such version.")
    if action != GET_USER_APP_ID:
        raise AccountError("InvalidAction", "The version of the service has no such action.")
    _check_parameters(body)
    appid = int(owner.appid) if owner.appid.isascii() and owner.appid.isdigit() else owner.appid
    return _document({"Uin": owner.sub_account_uin or owner.uin, "OwnerUin": owner.uin, "AppId": appid})


def error(code: str, message: str) -> bytes:
    """Return an error document.

    Args:
        code: The code.
        message: The message.
    """
    return _document({"Error": {"Code": code, "Message": message}})


def _document(content: dict[str, Any]) -> bytes:
    return json.dumps({"Response": {**content, "RequestId": str(uuid.uuid4())}}).encode()


def _check_parameters(body: bytes) -> None:
    """Check the body: the action takes no parameters."""
    try:
        parameters = json.loads(body)
    except (ValueError, RecursionError) as broken:
        raise AccountError("InvalidParameter", "The body is not JSON.") from broken
    if not isinstance(parameters, dict):
        raise AccountError("InvalidParameter", "The body is not a JSON object.")
    if parameters:
        raise AccountError("UnknownParameter", f"The action takes no parameter {min(parameters)}.")
