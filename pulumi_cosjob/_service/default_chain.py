"""The vendor's default chain: its credentials files, the role of the machine, the role of a pod.

The order is that of the vendor's library. Three of its faults are avoided: there, a file or a home folder that cannot
be read ends the chain, a file that cannot be parsed is an error without a message, and the request for the machine's
role goes in plain HTTP through any proxy that the environment names.
"""

from __future__ import annotations

import codecs
import configparser
import http.client
import json
import os
import time
from typing import Any
from urllib.parse import quote
from urllib.request import HTTPRedirectHandler, ProxyHandler, build_opener

from tencentcloud.common import credential

from pulumi_cosjob._places import CREDENTIALS_FILES
from pulumi_cosjob._text import reason_of, truncate

__all__ = ["NoCredentialsError", "find", "unreadable_variable"]

# The first of these that exists is the only one that is read, as by the vendor's library.
_FILES = CREDENTIALS_FILES
_MOST_BYTES = 64 * 1024
# Of each of the two requests to the metadata service, which is on the local network.
_METADATA_SECONDS = 3.0
_POD = ("TKE_REGION", "TKE_PROVIDER_ID", "TKE_WEB_IDENTITY_TOKEN_FILE", "TKE_ROLE_ARN")


class NoCredentialsError(Exception):
    """No credentials were found; the message has the reason, and quotes nothing of what was read."""


def find() -> Any:
    """Return credentials of the vendor's library: those of a file, or ones that renew themselves.

    Raises:
        NoCredentialsError: There are none, or the credentials file cannot be parsed.
    """
    reasons: list[str] = []
    found = _from_file(reasons) or _from_machine(reasons) or _from_pod(reasons)
    if found is None:
        raise NoCredentialsError("; ".join(reasons))
    return found


def _from_file(reasons: list[str]) -> Any:
    for name in _FILES:
        path = os.path.expanduser(name)  # noqa: PTH111  Path raises where there is no home
        if path.startswith("~"):
            continue
        shown = truncate(path, 200)
        try:
            with open(path, "rb") as file:  # noqa: PTH123  as above
                content = file.read(_MOST_BYTES)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except IsADirectoryError:
            raise NoCredentialsError(f"{shown} is a folder") from None
        except (OSError, ValueError) as error:
            reasons.append(f"{shown}: {reason_of(error)}")
            continue
        return _parse(content, shown, reasons)
    return None


def _parse(content: bytes, path: str, reasons: list[str]) -> Any:
    is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    file = configparser.ConfigParser(interpolation=None)
    try:
        file.read_string(content.decode("utf-16" if is_utf16 else "utf-8-sig"))
    except UnicodeDecodeError:
        raise NoCredentialsError(f"{path} is not text in UTF-8") from None
    except configparser.MissingSectionHeaderError:
        pass
    except configparser.Error:  # its message quotes the file
        raise NoCredentialsError(f"{path} is not a valid INI file") from None
    if not file.has_section("default"):
        raise NoCredentialsError(f"{path} has no section [default]")
    values = {name: file.get("default", name, fallback="").strip() for name in ("secret_id", "secret_key", "token")}
    missing = [name for name in ("secret_id", "secret_key") if not values[name]]
    if missing:
        reasons.append(f"{path} has no {' and no '.join(missing)} in its section [default]")
        return None
    return credential.Credential(values["secret_id"], values["secret_key"], values["token"] or None)


def _from_machine(reasons: list[str]) -> Any:
    role = _MachineRole()
    if all(role.get_credential_info()):
        return role
    reasons.append("no role of this machine")
    return None


def _from_pod(reasons: list[str]) -> Any:
    missing = [name for name in _POD if not os.environ.get(name)]
    if not missing:
        return credential.DefaultTkeOIDCRoleArnProvider().get_credential()
    if len(missing) < len(_POD):
        *others, last = missing
        reasons.append(f"{', '.join(others)} and {last} are not set" if others else f"{last} is not set")
    return None


class _NoRedirect(HTTPRedirectHandler):
    """Follows no redirect, which would lead away from the machine's own network."""

    def redirect_request(self, *_args: object) -> None:
        """Return nothing: the redirect is an error."""


# Without a proxy, whatever the environment and the system name.
_opener = build_opener(ProxyHandler({}), _NoRedirect)


def _read(url: str) -> str:
    with _opener.open(url, timeout=_METADATA_SECONDS) as response:
        content: bytes = response.read(_MOST_BYTES)
    return content.decode().strip()


class _MachineRole(credential.CVMRoleCredential):  # type: ignore[misc]
    """The vendor's role of the machine, which itself uses proxies, and credentials that have expired."""

    role: str | None

    def get_role_name(self) -> str:
        """Return the name of the role, which is requested once."""
        if not self.role:
            self.role = _read(self._role_endpoint)
        return self.role

    def update_credential(self) -> None:
        """Renew the credentials shortly before they expire."""
        if not self._need_refresh():
            return
        try:
            response = json.loads(_read(self._role_endpoint + quote(self.get_role_name(), safe="")))
            if response["Code"] == "Success":
                values = [response[name] for name in ("TmpSecretId", "TmpSecretKey", "Token")]
                self._expired_ts = int(response["ExpiredTime"])
                self._secret_id, self._secret_key, self._token = values
        except (OSError, ValueError, LookupError, TypeError, http.client.HTTPException):
            pass
        if self._expired_ts <= time.time():
            self._secret_id = self._secret_key = self._token = None


def unreadable_variable(error: OSError) -> str:
    """Return the reason why the pod's token file cannot be read, with its variable; empty for any other error."""
    name = "TKE_WEB_IDENTITY_TOKEN_FILE"
    return f"{name}: {reason_of(error)}" if error.filename and error.filename == os.environ.get(name) else ""
