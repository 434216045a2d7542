"""The vendor's credentials file: what is read, and what an unusable file is reported as."""

from __future__ import annotations

import builtins
import errno
from pathlib import Path
from typing import Any

import pytest
from chains import HINT, SECRET, _no_metadata_service, home, write

from pulumi_cosjob._errors import ConfigurationError
from pulumi_cosjob._service.credentials import VendorChain

__all__ = ["_no_metadata_service", "home"]


def test_the_vendors_file_is_read(home: Path) -> None:
    """A key pair in the vendor's own file is found, without a token."""
    write(home, f"[default]\nsecret_id = file-id\nsecret_key = {SECRET}\n")
    found = VendorChain(HINT)(60.0)
    assert (found.secret_id, found.secret_key, found.token) == ("file-id", SECRET, None)


def test_a_file_that_is_rewritten_is_read_again(home: Path) -> None:
    """Keys that were exchanged, and tokens that were renewed, serve the next request; a broken file serves none."""
    chain = VendorChain(HINT)
    write(home, f"[default]\nsecret_id = old\nsecret_key = {SECRET}\n")
    assert (chain(60.0).secret_id, chain(60.0).token) == ("old", None)
    for token in ("token-1", "token-2%"):
        write(home, f"[default]\nsecret_id = temporary\nsecret_key = {SECRET}\ntoken = {token}\n")
        assert (chain(60.0).secret_id, chain(60.0).token) == ("temporary", token)
    write(home, "")
    with pytest.raises(ConfigurationError):
        chain(60.0)
    write(home, f"[default]\nsecret_id = new\nsecret_key = {SECRET}\n")
    assert (chain(60.0).secret_id, chain(60.0).token) == ("new", None)


def test_where_nothing_is_found_the_places_are_listed() -> None:
    """The error carries the caller's list of places, and can be told from a request that failed."""
    with pytest.raises(ConfigurationError, match="no credentials were found") as caught:
        VendorChain(HINT)(60.0)
    assert caught.value.hint == HINT


UNUSABLE = {
    "nothing": ("", "has no section [default]"),
    "no INI file": ("no ini file", "has no section [default]"),
    "JSON": (f'{{"secretId": "a", "secretKey": "{SECRET}"}}', "has no section [default]"),
    "another section": (f"[other]\nsecret_id = a\nsecret_key = {SECRET}\n", "has no section [default]"),
    "a section in capitals": (f"[DEFAULT]\nsecret_id = a\nsecret_key = {SECRET}\n", "has no section [default]"),
    "a name without a value": (f"[default]\nsecret_id\nsecret_key = {SECRET}\n", "is no INI file that can be read"),
    "a name that stands twice": (
        f"[default]\nsecret_id = a\nsecret_id = {SECRET}\n",
        "is no INI file that can be read",
    ),
    "no secret id": (f"[default]\nsecret_key = {SECRET}\n", "has no secret_id in its section [default]"),
    "an empty secret id": (f"[default]\nsecret_id = \nsecret_key = {SECRET}\n", "has no secret_id in its section"),
    "no secret key": (f"[default]\nsecret_id = {SECRET}\n", "has no secret_key in its section [default]"),
    "an empty section": ("[default]\n", "has no secret_id and no secret_key in its section [default]"),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_file_that_is_of_no_use_is_named(home: Path, name: str) -> None:
    """The error says which file it is and what is missing in it, and does not show what stands there."""
    text, told = UNUSABLE[name]
    write(home, text)
    with pytest.raises(ConfigurationError, match="no credentials were found") as caught:
        VendorChain(HINT)(60.0)
    assert f"{home}/.tencentcloud/credentials {told}" in str(caught.value)
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
def test_keys_that_are_none_are_refused(home: Path, text: str) -> None:
    """What cannot stand in a header is no key, and is not shown."""
    write(home, text)
    with pytest.raises(ConfigurationError, match="no credentials were found") as caught:
        VendorChain(HINT)(60.0)
    assert SECRET not in f"{caught.value!s}{caught.value!r}"


def test_a_file_that_is_no_text_is_named(home: Path) -> None:
    """Bytes that are no text are an error that says so."""
    (home / ".tencentcloud" / "credentials").write_bytes(b"[default]\nsecret_id = \xff\n")
    with pytest.raises(ConfigurationError, match=r"credentials is no text in UTF-8"):
        VendorChain(HINT)(60.0)


def test_a_folder_in_place_of_the_file_is_named(home: Path) -> None:
    """A mount of something that is not there makes one."""
    (home / ".tencentcloud" / "credentials").mkdir()
    with pytest.raises(ConfigurationError, match=r"credentials is a folder"):
        VendorChain(HINT)(60.0)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_a_byte_order_mark_is_taken(home: Path, encoding: str) -> None:
    """Editors on Windows write one."""
    text = f"[default]\nsecret_id = file-id\nsecret_key = {SECRET}\n"
    mark = b"\xff\xfe" if encoding == "utf-16-le" else b""
    (home / ".tencentcloud" / "credentials").write_bytes(mark + text.encode(encoding))
    found = VendorChain(HINT)(60.0)
    assert (found.secret_id, found.secret_key, found.token) == ("file-id", SECRET, None)


def test_a_file_that_was_passed_over_is_named_where_nothing_else_is_found(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may not read the file that was meant for them is told."""
    write(home, "")
    real = open

    def refuse(path: Any, *args: Any, **kwargs: Any) -> Any:
        if str(path).startswith(str(home)):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path, *args, **kwargs)

    monkeypatch.setattr(builtins, "open", refuse)
    with pytest.raises(ConfigurationError) as caught:
        VendorChain(HINT)(60.0)
    assert f"{home}/.tencentcloud/credentials: permission denied; no role of this machine" in str(caught.value)
