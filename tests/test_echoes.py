"""Keys that an answer echoes are found in every form that can be read back, and quickly."""

from __future__ import annotations

import html
import json
import time
from collections.abc import Callable
from urllib.parse import quote

import pytest

from pulumi_cosjob._echoes import hide, holds

ID = "AKIDrecognisable"
KEY = "Key/+recognisable="
TOKEN = "tok/+\"<&'\\recognisable%41=="
SECRETS = (ID, KEY, TOKEN)


def references(text: str) -> str:
    """Write everything but letters and digits as XML may, in decimal and in hexadecimal."""
    written = [f"&#{ord(each)};" if number % 2 else f"&#x{ord(each):X};" for number, each in enumerate(text)]
    return "".join(each if each.isalnum() else other for each, other in zip(text, written, strict=True))


FORMS: dict[str, Callable[[str], str]] = {
    "entities": html.escape,
    "references": references,
    "references of every letter": lambda key: "".join(f"&#{ord(each)};" for each in key),
    "references in XML": lambda key: html.escape(references(key)),
    "JSON": lambda key: json.dumps(key).replace("/", "\\/"),
    "JSON in JSON": lambda key: json.dumps(json.dumps(key).replace("/", "\\/")),
    "JSON as Go writes it": lambda key: json.dumps(key).replace("<", "\\u003c").replace("&", "\\u0026"),
    "JSON of code points": lambda key: "".join(f"\\u{ord(each):04X}" for each in key),
    "hexadecimal escapes": lambda key: "".join(f"\\x{ord(each):02x}" for each in key),
    "URL": lambda key: quote(key, safe=""),
    "URL in small letters": lambda key: quote(key, safe="").lower(),
    "URL in URL": lambda key: quote(quote(key, safe=""), safe=""),
    "URL of every letter": lambda key: "".join(f"%{ord(each):02x}" for each in key),
    "URL in XML in JSON": lambda key: json.dumps(html.escape(references(quote(key, safe="/")))),
    "UTF-16": lambda key: key.encode("utf-16").decode("latin-1"),
    "UTF-32": lambda key: key.encode("utf-32-be").decode("latin-1"),
    "lines": lambda key: "\r\n ".join(key[at : at + 5] for at in range(0, len(key), 5)),
    "comment": lambda key: f"{key[:5]}<!-- <b> -->{key[5:]}",
    "tags": lambda key: f"<b a='c'>{key[:5]}</b><i>{key[5:]}</i>",
    "CDATA": lambda key: f"<a>{key[:5]}<![CDATA[{key[5:]}]]></a>",
    "a zero-width space": lambda key: f"{key[:5]}\u200b{key[5:]}",
}


@pytest.mark.parametrize("key", SECRETS)
@pytest.mark.parametrize("form", FORMS)
def test_a_key_in_another_form_takes_the_whole_text_with_it(form: str, key: str) -> None:
    """Nobody knows where in a text it begins and ends, in capitals or not; without secrets nothing is looked for."""
    text = f"before {FORMS[form](key)} after"
    assert holds(text, SECRETS)
    shown = hide(text, SECRETS)
    assert "recognisable" not in shown
    assert shown == "[secret]" or key.lower() in text.lower()
    assert holds(text.swapcase(), SECRETS)
    assert hide(text, ()) == text
    assert not holds(text, (None, "", "short", "AnotherKeyAltogether"))


@pytest.mark.parametrize("key", SECRETS)
def test_a_plain_key_alone_is_replaced(key: str) -> None:
    """The words around it may help, however it is capitalised."""
    for written in (key, key.lower(), key.upper()):
        assert hide(f"{written} is not known, {written}!", SECRETS) == "[secret] is not known, [secret]!"


def test_a_key_within_a_key_leaves_no_part() -> None:
    """A token may begin with the secret id."""
    assert hide("a AKIDrecognisable-token, b", ("AKIDrecognisable", "AKIDrecognisable-token")) == "a [secret], b"


@pytest.mark.parametrize("text", ["", "AKID", "recognisable", "a%b &c \\d <e", "AKIDrecognisabl", "%41%"])
def test_a_text_without_keys_is_left_alone(text: str) -> None:
    """Whatever else it holds, parts of keys included."""
    assert hide(text, SECRETS) == text


def test_what_is_too_short_is_no_key() -> None:
    """It may be part of any word."""
    assert hide("the word secret1", ("secret1", None, "")) == "the word secret1"
    assert hide("the word secret12", ("secret12",)) == "the word [secret]"


@pytest.mark.parametrize("piece", ["%", "%25", "&a", "&amp;", f"&{'q' * 32}", "<", "<!--", "\\", "\\u0041", "<a>", "x"])
def test_a_large_text_takes_no_time(piece: str) -> None:
    """A megabyte of what has to be undone, in less than the seconds of a time limit."""
    began = time.process_time()
    assert not holds(piece * (1024 * 1024 // len(piece)), SECRETS)
    assert time.process_time() - began < 2
