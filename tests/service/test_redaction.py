"""Secrets that a response echoes are found in every form that can be decoded, and quickly."""

from __future__ import annotations

import html
import json
import time
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_cosjob._service.redaction import contains_secret, redact

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
    "references of every letter": lambda secret: "".join(f"&#{ord(each)};" for each in secret),
    "references in XML": lambda secret: html.escape(references(secret)),
    "JSON": lambda secret: json.dumps(secret).replace("/", "\\/"),
    "JSON in JSON": lambda secret: json.dumps(json.dumps(secret).replace("/", "\\/")),
    "JSON as Go writes it": lambda secret: json.dumps(secret).replace("<", "\\u003c").replace("&", "\\u0026"),
    "JSON of code points": lambda secret: "".join(f"\\u{ord(each):04X}" for each in secret),
    "hexadecimal escapes": lambda secret: "".join(f"\\x{ord(each):02x}" for each in secret),
    "URL": lambda secret: quote(secret, safe=""),
    "URL in lower case": lambda secret: quote(secret, safe="").lower(),
    "URL in URL": lambda secret: quote(quote(secret, safe=""), safe=""),
    "URL of every letter": lambda secret: "".join(f"%{ord(each):02x}" for each in secret),
    "URL in XML in JSON": lambda secret: json.dumps(html.escape(references(quote(secret, safe="/")))),
    "UTF-16": lambda secret: secret.encode("utf-16").decode("latin-1"),
    "UTF-32": lambda secret: secret.encode("utf-32-be").decode("latin-1"),
    "lines": lambda secret: "\r\n ".join(secret[at : at + 5] for at in range(0, len(secret), 5)),
    "comment": lambda secret: f"{secret[:5]}<!-- <b> -->{secret[5:]}",
    "tags": lambda secret: f"<b a='c'>{secret[:5]}</b><i>{secret[5:]}</i>",
    "CDATA": lambda secret: f"<a>{secret[:5]}<![CDATA[{secret[5:]}]]></a>",
    "a zero-width space": lambda secret: f"{secret[:5]}\u200b{secret[5:]}",
}


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("form", FORMS)
def test_a_secret_in_another_form_redacts_the_whole_text(form: str, secret: str) -> None:
    """Its place in the text is not known, in upper or lower case; without secrets the text is unchanged."""
    text = f"before {FORMS[form](secret)} after"
    assert contains_secret(text, SECRETS)
    redacted = redact(text, SECRETS)
    assert "recognisable" not in redacted
    assert redacted == "[secret]" or secret.lower() in text.lower()
    assert contains_secret(text.swapcase(), SECRETS)
    assert redact(text, ()) == text
    assert not contains_secret(text, (None, "", "short", "AnotherKeyAltogether"))


@pytest.mark.parametrize("secret", SECRETS)
def test_a_plain_secret_alone_is_replaced(secret: str) -> None:
    """The words around it stay, as they may help; upper and lower case are the same."""
    for written in (secret, secret.lower(), secret.upper()):
        assert redact(f"{written} is not known, {written}!", SECRETS) == "[secret] is not known, [secret]!"


def test_a_secret_within_a_secret_leaves_no_part() -> None:
    """A token may begin with the secret id."""
    assert redact("a AKIDrecognisable-token, b", ("AKIDrecognisable", "AKIDrecognisable-token")) == "a [secret], b"


@pytest.mark.parametrize("text", ["", "AKID", "recogni", "sable=", "a%b &c \\d <e", "AKIDrec recogn", "%41%"])
def test_a_text_without_secrets_is_unchanged(text: str) -> None:
    """Whatever else it holds, up to seven characters of a secret included."""
    assert redact(text, SECRETS) == text


LONG_ID, LONG_KEY, LONG_TOKEN = (
    "AKID" + "z8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
    "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE",
    "aZ/+9=" * 200,
)


@pytest.mark.parametrize("form", ["plain", *FORMS])
@pytest.mark.parametrize(
    "part",
    [LONG_ID[:31], LONG_ID[1:], LONG_KEY[:31], LONG_KEY[:8], LONG_KEY[-8:], LONG_KEY[11:19], LONG_TOKEN[:64]],
)
def test_a_part_of_a_secret_redacts_the_whole_text(form: str, part: str) -> None:
    """An echo that was truncated, or masked but for eight characters, is found in each form."""
    written = FORMS[form](part) if form != "plain" else part
    for text in (f"before {written}", f"{written}...", f"before {written.swapcase()}*** after"):
        assert contains_secret(text, (LONG_ID, LONG_KEY, LONG_TOKEN))
        assert redact(text, (LONG_ID, LONG_KEY, LONG_TOKEN)) == "[secret]"


def test_eight_characters_are_found_at_any_position() -> None:
    """Every run of every secret, after any number of other characters; no run of seven."""
    for begin in range(len(LONG_KEY) - 7):
        for before in range(9):
            assert contains_secret("#" * before + LONG_KEY[begin : begin + 8], (LONG_KEY,))
            assert not contains_secret("#" * before + LONG_KEY[begin : begin + 7], (LONG_KEY,))


LONG_REFERENCES = {
    "decimal": "&#" + "9" * 5000 + ";",
    "without an end": "&#" + "9" * 1_000_000,
    "hexadecimal": "&#x" + "f" * 1_000_000 + ";",
    "zeros": "&#" + "0" * 1_000_000 + ";",
    "after other escapes": "%26%23" + "9" * 5000,
    "many": ("&#" + "9" * 5000) * 100,
}


@pytest.mark.parametrize("name", LONG_REFERENCES)
def test_a_reference_of_any_length_is_no_error(name: str) -> None:
    """Python parses no decimal number of more than 4,300 digits."""
    text = LONG_REFERENCES[name]
    assert redact(text, SECRETS) == text
    assert redact(text + KEY + text, SECRETS) == text + "[secret]" + text


@pytest.mark.parametrize("zeros", [1, 5, 5000])
@pytest.mark.parametrize("form", ["&#{}{:d};", "&#{}{:d}", "&#x{}{:x};", "&#X{}{:X};"])
def test_a_reference_may_begin_with_zeros(form: str, zeros: int) -> None:
    """XML has no limit for them."""
    assert contains_secret("".join(form.format("0" * zeros, ord(each)) for each in ID), SECRETS)


PIECES = [
    "&#",
    "&#x",
    "9",
    "0",
    ";",
    "%",
    "%25",
    "\\",
    "\\u00",
    "<",
    ">",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "\ud800",
    "İ",
    "\0",
]


@given(st.lists(st.sampled_from([*PIECES, ID, KEY[:7], KEY[:8], TOKEN]) | st.text()).map("".join))
def test_no_text_makes_it_raise(text: str) -> None:
    """Any text is returned without secrets, and a second call changes nothing."""
    redacted = redact(text, SECRETS)
    assert not any(secret in redacted for secret in SECRETS)
    assert redact(redacted, SECRETS) == redacted


def test_a_short_text_is_no_secret() -> None:
    """It may be part of any word."""
    assert redact("the word secret1", ("secret1", None, "")) == "the word secret1"
    assert redact("the word secret12", ("secret12",)) == "the word [secret]"


@pytest.mark.parametrize(
    "piece",
    [
        *("%", "%25", "&a", "&amp;", f"&{'q' * 32}", "<", "<!--", "\\", "\\u0041", "<a>", "x", "&#0", "&#x0", "&#9"),
        *("AKIDrec", "AKID", TOKEN[:7]),
    ],
)
def test_a_large_text_takes_no_time(piece: str) -> None:
    """A megabyte of escapes, or of parts of a secret, takes less than a time limit."""
    began = time.process_time()
    assert not contains_secret(piece * (1024 * 1024 // len(piece)), SECRETS)
    assert time.process_time() - began < 2
