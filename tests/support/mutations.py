"""Mutates responses as hostile or broken senders might: their structure, their texts and their bytes."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from xml.etree import ElementTree as ET

from pulumi_cosjob._xml.schema import schema_path

__all__ = ["mutate"]

_XS = "{http://www.w3.org/2001/XMLSchema}"
_SCHEMA = ET.parse(schema_path()).getroot()  # noqa: S314  our own file
_TAGS = sorted(
    {element.get("name", "") for element in _SCHEMA.iter(f"{_XS}element")} | {"member", "Other", "{urn:o}Status"}
)
_WORDS = (
    *sorted({value.get("value", "") for value in _SCHEMA.iter(f"{_XS}enumeration")}),
    *(
        "",
        " ",
        "\t\n",
        "\u00a0",
        "\u2003",
        "0",
        "00",
        "-0",
        "+1",
        "-1",
        "1e3",
        "1_0",
        "1.0",
        "\u0663",
        "Complete\u00a0",
    ),
    *("2147483647", "2147483648", "18446744073709551615", "18446744073709551616", "9" * 5000, "complete", "COMPLETE"),
    "a" * 9000,
    *("2019-12-19T18:00:30Z", "2019-02-29T00:00:00Z", "2019-12-19T24:00:00Z", "2019-12-19T18:00:30.5+14:00", "TRUE"),
    *("a" * 64, "a" * 65, "é" * 32, "é" * 33, "😀" * 256, "😀" * 257, "a" * 1024, "a" * 1025, "%41" * 400, "a  b"),
    *("the-requested-job", "..", "a/b", "\ufffe", "\ud7ff\ue000", "]]>", "&#0;", "<Status>Complete</Status>"),
)
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_ATTRIBUTES = (
    *((f"{_XSI}nil", "true"), (f"{_XSI}nil", "x"), (f"{_XSI}type", "xs:string"), (f"{_XSI}type", "a:b")),
    *((f"{_XSI}type", "Empty"), (f"{_XSI}schemaLocation", "urn:o file:///nowhere"), ("Status", "Complete")),
    *((f"{_XSI}noNamespaceSchemaLocation", "file:///nowhere"), ("xml:space", "preserve"), ("{urn:o}a", "")),
    *(("a" * 9000, ""), ("a" * 9000, "b" * 900), (f"{_XSI}type", "a" * 9000), (f"{_XSI}nil", "a" * 9000)),
)
_PIECES = (
    *(
        b"<!-- -->",
        b"<?a b?>",
        b"<![CDATA[Complete]]>",
        b"<![CDATA[",
        b"&#67;",
        b"&lt;",
        b"&e;",
        b"\0",
        b"\xff",
        b"\xc2",
    ),
    *(b"<!DOCTYPE a>", b"<!DOCTYPE a [<!ENTITY e 'Complete'>]>", b"<Status>Complete</Status>", b"</Job>", b"<Job>"),
    *(
        b" xmlns=''",
        b" xmlns='urn:o'",
        b"\xef\xbb\xbf",
        b"<?xml version='1.1'?>",
        b"<a>" * 101,
        b"\x85",
        b"\xe2\x80\xa8",
    ),
)
_ENCODINGS = ("utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "iso-8859-1", "ascii", "cp037", "utf-7", "utf-32")


def mutate(document: bytes, rng: random.Random, most: int = 16384) -> bytes:
    """Return a document with one to four changes; a change that makes it longer than `most` bytes is dropped."""
    for _ in range(rng.choice((1, 1, 1, 2, 3, 4))):
        change = rng.choice((_tree, _tree, _tree, _tree, _bytes, _encode))
        changed = change(document, rng)
        if len(changed) <= most:
            document = changed
    return document


def _tree(document: bytes, rng: random.Random) -> bytes:
    """Change one element, or some bytes if the document cannot be parsed."""
    if b"<!DOCTYPE" in document:  # its entities must not be expanded
        return _bytes(document, rng)
    try:
        root = ET.fromstring(document)  # noqa: S314  as above
    except (ET.ParseError, ValueError, LookupError):
        return _bytes(document, rng)
    parents = {child: parent for parent in root.iter() for child in parent}
    element = rng.choice(list(root.iter()))
    rng.choice(_TREE_CHANGES)(element, parents.get(element, root), rng)
    try:
        return ET.tostring(root, "unicode").encode("utf-8", "surrogatepass")
    except (ValueError, TypeError, RecursionError):
        return document


def _text(element: ET.Element, _parent: ET.Element, rng: random.Random) -> None:
    element.text = rng.choice(_WORDS)


def _pad(element: ET.Element, _parent: ET.Element, rng: random.Random) -> None:
    space = rng.choice((" ", "\n", "\t", "\r", "\u00a0", "\u2003", "\x85"))
    element.text = f"{space}{element.text or ''}{rng.choice(('', space))}"


def _tail(element: ET.Element, _parent: ET.Element, rng: random.Random) -> None:
    element.tail = rng.choice(_WORDS)


def _duplicate(element: ET.Element, parent: ET.Element, rng: random.Random) -> None:
    parent.insert(rng.randint(0, len(parent)), copy.deepcopy(element))


def _remove(element: ET.Element, parent: ET.Element, _rng: random.Random) -> None:
    if element in list(parent):
        parent.remove(element)


def _rename(element: ET.Element, _parent: ET.Element, rng: random.Random) -> None:
    element.tag = rng.choice(_TAGS)


def _insert(element: ET.Element, parent: ET.Element, rng: random.Random) -> None:
    ET.SubElement(rng.choice((element, parent)), rng.choice(_TAGS)).text = rng.choice(_WORDS)


def _attribute(element: ET.Element, _parent: ET.Element, rng: random.Random) -> None:
    element.set(*rng.choice(_ATTRIBUTES))


def _split(element: ET.Element, _parent: ET.Element, rng: random.Random) -> None:
    """Put a comment into the middle of a text."""
    text = element.text or ""
    at = rng.randint(0, len(text))
    comment = ET.Comment(rng.choice(("Complete", "")))
    comment.tail, element.text = text[at:], text[:at]
    element.insert(0, comment)


def _namespace(element: ET.Element, _parent: ET.Element, _rng: random.Random) -> None:
    for each in element.iter():
        if isinstance(each.tag, str) and not each.tag.startswith("{"):
            each.tag = f"{{urn:cos}}{each.tag}"


_TREE_CHANGES: tuple[Callable[[ET.Element, ET.Element, random.Random], None], ...] = (
    *(_text, _text, _pad, _tail, _duplicate, _remove, _rename, _insert, _attribute, _split, _namespace),
)


def _bytes(document: bytes, rng: random.Random) -> bytes:
    """Cut off, cut out, insert, repeat or change some bytes."""
    at = rng.randint(0, len(document))
    to = min(len(document), at + rng.choice((1, 2, 3, 20)))
    return rng.choice(
        (
            document[:at],
            document[:at] + document[to:],
            document[:at] + rng.choice(_PIECES) + document[at:],
            document[:at] + bytes([rng.randint(0, 255)]) + document[to:],
            document[:to] + document[at:],
            document + document,
        )
    )


def _encode(document: bytes, rng: random.Random) -> bytes:
    """Encode the document in another encoding, with a correct, a wrong or no declaration."""
    encoding = rng.choice(_ENCODINGS)
    declared = f"<?xml version='1.0' encoding='{rng.choice((encoding, *_ENCODINGS))}'?>" if rng.random() < 0.7 else ""
    text = document.decode("utf-8", "replace")
    if text.startswith("<?xml"):
        text = text.partition("?>")[2]
    return (declared + text).encode(encoding, "xmlcharrefreplace" if not encoding.startswith("utf") else "replace")
