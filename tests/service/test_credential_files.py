"""The vendor's credentials file: what is read from it, and how an unusable file is reported."""

from __future__ import annotations

import builtins
import errno
from pathlib import Path
from typing import Any

import pytest
from chains import HINT, SECRET, _no_metadata_service, home, write_file

from pulumi_cosjob._errors import ConfigurationError
from pulumi_cosjob._service.credentials import VendorChain

__all__ = ["_no_metadata_service", "home"]


def test_the_vendors_file_is_read(home: Path) -> None:
    """Secret id and secret key in the vendor's file are found, without a token."""
    write_file(home, f"[default]\nsecret_id = file-id\nsecret_key = {SECRET}\n")
    found = VendorChain(HINT)(60.0)
    assert (found.secret_id, found.secret_key, found.token) == ("file-id", SECRET, None)


def test_a_file_that_is_rewritten_is_read_again(home: Path) -> None:
    """Rotated credentials and renewed tokens are used by the next request; a broken file is an error."""
    chain = VendorChain(HINT)
    write_file(home, f"[default]\nsecret_id = old\nsecret_key = {SECRET}\n")
    assert (chain(60.0).secret_id, chain(60.0).token) == ("old", None)
    for token in ("token-1", "token-2%"):
        write_file(home, f"[default]\nsecret_id = temporary\nsecret_key = {SECRET}\ntoken = {token}\n")
        assert (chain(60.0).secret_id, chain(60.0).token) == ("temporary", token)
    write_file(home, "")
    with pytest.raises(ConfigurationError):
        chain(60.0)
    write_file(home, f"[default]\nsecret_id = new\nsecret_key = {SECRET}\n")
    assert (chain(60.0).secret_id, chain(60.0).token) == ("new", None)


def test_where_nothing_is_found_the_hint_is_the_callers() -> None:
    """The error has the caller's list of places, and its class differs from that of a failed request."""
    with pytest.raises(ConfigurationError, match="no credentials were found") as caught:
        VendorChain(HINT)(60.0)
    assert caught.value.hint == HINT


UNUSABLE = {
    "nothing": ("", "has no section [default]"),
    "no INI file": ("not an ini file", "has no section [default]"),
    "JSON": (f'{{"secretId": "a", "secretKey": "{SECRET}"}}', "has no section [default]"),
    "another section": (f"[other]\nsecret_id = a\nsecret_key = {SECRET}\n", "has no section [default]"),
    "a section in upper case": (f"[DEFAULT]\nsecret_id = a\nsecret_key = {SECRET}\n", "has no section [default]"),
    "a name without a value": (f"[default]\nsecret_id\nsecret_key = {SECRET}\n", "is not a valid INI file"),
    "a name that is there twice": (
        f"[default]\nsecret_id = a\nsecret_id = {SECRET}\n",
        "is not a valid INI file",
    ),
    "no secret id": (f"[default]\nsecret_key = {SECRET}\n", "has no secret_id in its section [default]"),
    "an empty secret id": (f"[default]\nsecret_id = \nsecret_key = {SECRET}\n", "has no secret_id in its section"),
    "no secret key": (f"[default]\nsecret_id = {SECRET}\n", "has no secret_key in its section [default]"),
    "an empty section": ("[default]\n", "has no secret_id and no secret_key in its section [default]"),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_an_unusable_file_is_named(home: Path, name: str) -> None:
    """The error names the file and what is missing in it, and does not quote its content."""
    text, reason = UNUSABLE[name]
    write_file(home, text)
    with pytest.raises(ConfigurationError, match="no credentials were found") as caught:
        VendorChain(HINT)(60.0)
    assert f"{home}/.tencentcloud/credentials {reason}" in str(caught.value)
    assert SECRET not in f"{caught.value!s}{caught.value!r}"
    assert caught.value.__cause__ is None
    assert caught.value.hint == HINT


@pytest.mark.parametrize(
    "text",
    [
        f"[default]\nsecret_id = ключ\nsecret_key = {SECRET}\n",
        f"[default]\nsecret_id = a\nsecret_key = {SECRET} {SECRET}\n",
        f"[default]\nsecret_id = a\nsecret_key = {SECRET}\n  folded\n",
    ],
)
def test_malformed_credentials_are_refused(home: Path, text: str) -> None:
    """Credentials that cannot be in a header are refused, and not shown."""
    write_file(home, text)
    with pytest.raises(ConfigurationError, match="no credentials were found") as caught:
        VendorChain(HINT)(60.0)
    assert SECRET not in f"{caught.value!s}{caught.value!r}"


def test_a_file_that_is_not_text_is_named(home: Path) -> None:
    """The message is that the file is not UTF-8."""
    (home / ".tencentcloud" / "credentials").write_bytes(b"[default]\nsecret_id = \xff\n")
    with pytest.raises(ConfigurationError, match=r"credentials is not text in UTF-8"):
        VendorChain(HINT)(60.0)


def test_a_folder_in_place_of_the_file_is_named(home: Path) -> None:
    """A mount of a file that does not exist makes a folder."""
    (home / ".tencentcloud" / "credentials").mkdir()
    with pytest.raises(ConfigurationError, match=r"credentials is a folder"):
        VendorChain(HINT)(60.0)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_a_byte_order_mark_is_accepted(home: Path, encoding: str) -> None:
    """Editors on Windows write one."""
    text = f"[default]\nsecret_id = file-id\nsecret_key = {SECRET}\n"
    mark = b"\xff\xfe" if encoding == "utf-16-le" else b""
    (home / ".tencentcloud" / "credentials").write_bytes(mark + text.encode(encoding))
    found = VendorChain(HINT)(60.0)
    assert (found.secret_id, found.secret_key, found.token) == ("file-id", SECRET, None)


def test_an_unreadable_file_is_named_where_nothing_else_is_found(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the file and the reason, such as missing permission."""
    write_file(home, "")
    real = open

    def refuse(path: Any, *args: Any, **kwargs: Any) -> Any:
        if str(path).startswith(str(home)):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path, *args, **kwargs)

    monkeypatch.setattr(builtins, "open", refuse)
    with pytest.raises(ConfigurationError) as caught:
        VendorChain(HINT)(60.0)
    assert f"{home}/.tencentcloud/credentials: permission denied; no role of this machine" in str(caught.value)
