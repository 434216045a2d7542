"""The vendor's default chain: its credentials files, the role of the machine, the role of a pod.

It goes as the vendor's library does, but for what that gets wrong: a file or a home that cannot be looked at ends the
chain there, a file that it does not understand is an error without words, and the machine's role is asked for in plain
HTTP through any proxy that the environment names.
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

__all__ = ["NoCredentialsError", "find"]

# Where the vendor's library looks, the first that is there alone.
_FILES = CREDENTIALS_FILES
_MOST_BYTES = 64 * 1024
# For each of the two requests to the metadata service, which is a step away.
_METADATA_SECONDS = 3.0
_POD = ("TKE_REGION", "TKE_PROVIDER_ID", "TKE_WEB_IDENTITY_TOKEN_FILE", "TKE_ROLE_ARN")


class NoCredentialsError(Exception):
    """There are none; the words say why, and hold nothing of what was read."""


def find() -> Any:
    """Return credentials of the vendor's library, those of a file or such as renew themselves.

    Raises:
        NoCredentialsError: There are none, or a file that is there cannot be understood.
    """
    passed: list[str] = []
    found = _of_file(passed) or _of_machine(passed) or _of_pod(passed)
    if found is None:
        raise NoCredentialsError("; ".join(passed))
    return found


def _of_file(passed: list[str]) -> Any:
    for name in _FILES:
        path = os.path.expanduser(name)  # noqa: PTH111  Path raises where there is no home
        if path.startswith("~"):
            continue
        told = truncate(path, 200)
        try:
            with open(path, "rb") as file:  # noqa: PTH123  as above
                content = file.read(_MOST_BYTES)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except IsADirectoryError:
            raise NoCredentialsError(f"{told} is a folder") from None
        except (OSError, ValueError) as error:
            passed.append(f"{told}: {reason_of(error)}")
            continue
        return _of_content(content, told, passed)
    return None


def _of_content(content: bytes, path: str, passed: list[str]) -> Any:
    marked = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    file = configparser.ConfigParser(interpolation=None)
    try:
        file.read_string(content.decode("utf-16" if marked else "utf-8-sig"))
    except UnicodeDecodeError:
        raise NoCredentialsError(f"{path} is no text in UTF-8") from None
    except configparser.MissingSectionHeaderError:
        pass
    except configparser.Error:  # which quotes the file
        raise NoCredentialsError(f"{path} is no INI file that can be read") from None
    if not file.has_section("default"):
        raise NoCredentialsError(f"{path} has no section [default]")
    keys = {name: file.get("default", name, fallback="").strip() for name in ("secret_id", "secret_key", "token")}
    missing = [name for name in ("secret_id", "secret_key") if not keys[name]]
    if missing:
        passed.append(f"{path} has no {' and no '.join(missing)} in its section [default]")
        return None
    return credential.Credential(keys["secret_id"], keys["secret_key"], keys["token"] or None)


def _of_machine(passed: list[str]) -> Any:
    role = _MachineRole()
    if all(role.get_credential_info()):
        return role
    passed.append("no role of this machine")
    return None


def _of_pod(passed: list[str]) -> Any:
    missing = [name for name in _POD if not os.environ.get(name)]
    if not missing:
        return credential.DefaultTkeOIDCRoleArnProvider().get_credential()
    if len(missing) < len(_POD):
        *others, last = missing
        passed.append(f"{', '.join(others)} and {last} are not set" if others else f"{last} is not set")
    return None


class _NoRedirect(HTTPRedirectHandler):
    """Follows no redirect: it would lead away from the machine's own network."""

    def redirect_request(self, *_args: object) -> None:
        """Refuse."""


# Whatever the environment and the system say of proxies.
_opener = build_opener(ProxyHandler({}), _NoRedirect)


def _read(url: str) -> str:
    with _opener.open(url, timeout=_METADATA_SECONDS) as response:
        content: bytes = response.read(_MOST_BYTES)
    return content.decode().strip()


class _MachineRole(credential.CVMRoleCredential):  # type: ignore[misc]
    """The vendor's, which itself asks through a proxy, and goes on with keys that have expired."""

    role: str | None

    def get_role_name(self) -> str:
        """Return the name of the role, which is asked for once."""
        if not self.role:
            self.role = _read(self._role_endpoint)
        return self.role

    def update_credential(self) -> None:
        """Renew the keys shortly before they expire."""
        if not self._need_refresh():
            return
        try:
            answer = json.loads(_read(self._role_endpoint + quote(self.get_role_name(), safe="")))
            if answer["Code"] == "Success":
                keys = [answer[name] for name in ("TmpSecretId", "TmpSecretKey", "Token")]
                self._expired_ts = int(answer["ExpiredTime"])
                self._secret_id, self._secret_key, self._token = keys
        except (OSError, ValueError, LookupError, TypeError, http.client.HTTPException):
            pass
        if self._expired_ts <= time.time():
            self._secret_id = self._secret_key = self._token = None


def unreadable_variable(error: OSError) -> str:
    """Return what an error of the pod's token file says, by the variable that names it; empty for any other error."""
    name = "TKE_WEB_IDENTITY_TOKEN_FILE"
    return f"{name}: {reason_of(error)}" if error.filename and error.filename == os.environ.get(name) else ""
