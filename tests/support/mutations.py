"""Changes answers the way that hostile or broken senders might: in their structure, their words and their bytes."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from xml.etree import ElementTree as ET

from pulumi_cosjob._xml.schema import schema_path

__all__ = ["mutated"]

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
    *("the-job-that-was-asked-for", "..", "a/b", "\ufffe", "\ud7ff\ue000", "]]>", "&#0;", "<Status>Complete</Status>"),
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


def mutated(document: bytes, chance: random.Random, most: int = 16384) -> bytes:
    """Return a document with one to four changes, of at most so many bytes where that is possible."""
    for _ in range(chance.choice((1, 1, 1, 2, 3, 4))):
        change = chance.choice((_tree, _tree, _tree, _tree, _bytes, _encoded))
        changed = change(document, chance)
        if len(changed) <= most:
            document = changed
    return document


def _tree(document: bytes, chance: random.Random) -> bytes:
    """Change one element, where there are any."""
    if b"<!DOCTYPE" in document:  # what it declares is not for us to expand
        return _bytes(document, chance)
    try:
        root = ET.fromstring(document)  # noqa: S314  as above
    except (ET.ParseError, ValueError, LookupError):
        return _bytes(document, chance)
    parents = {child: parent for parent in root.iter() for child in parent}
    element = chance.choice(list(root.iter()))
    chance.choice(_TREE_CHANGES)(element, parents.get(element, root), chance)
    try:
        return ET.tostring(root, "unicode").encode("utf-8", "surrogatepass")
    except (ValueError, TypeError, RecursionError):
        return document


def _text(element: ET.Element, _parent: ET.Element, chance: random.Random) -> None:
    element.text = chance.choice(_WORDS)


def _padded(element: ET.Element, _parent: ET.Element, chance: random.Random) -> None:
    space = chance.choice((" ", "\n", "\t", "\r", "\u00a0", "\u2003", "\x85"))
    element.text = f"{space}{element.text or ''}{chance.choice(('', space))}"


def _tail(element: ET.Element, _parent: ET.Element, chance: random.Random) -> None:
    element.tail = chance.choice(_WORDS)


def _twice(element: ET.Element, parent: ET.Element, chance: random.Random) -> None:
    parent.insert(chance.randint(0, len(parent)), copy.deepcopy(element))


def _gone(element: ET.Element, parent: ET.Element, _chance: random.Random) -> None:
    if element in list(parent):
        parent.remove(element)


def _renamed(element: ET.Element, _parent: ET.Element, chance: random.Random) -> None:
    element.tag = chance.choice(_TAGS)


def _within(element: ET.Element, parent: ET.Element, chance: random.Random) -> None:
    ET.SubElement(chance.choice((element, parent)), chance.choice(_TAGS)).text = chance.choice(_WORDS)


def _attribute(element: ET.Element, _parent: ET.Element, chance: random.Random) -> None:
    element.set(*chance.choice(_ATTRIBUTES))


def _split(element: ET.Element, _parent: ET.Element, chance: random.Random) -> None:
    """Put a comment into the middle of a text."""
    text = element.text or ""
    at = chance.randint(0, len(text))
    comment = ET.Comment(chance.choice(("Complete", "")))
    comment.tail, element.text = text[at:], text[:at]
    element.insert(0, comment)


def _namespace(element: ET.Element, _parent: ET.Element, _chance: random.Random) -> None:
    for each in element.iter():
        if isinstance(each.tag, str) and not each.tag.startswith("{"):
            each.tag = f"{{urn:cos}}{each.tag}"


_TREE_CHANGES: tuple[Callable[[ET.Element, ET.Element, random.Random], None], ...] = (
    *(_text, _text, _padded, _tail, _twice, _gone, _renamed, _within, _attribute, _split, _namespace),
)


def _bytes(document: bytes, chance: random.Random) -> bytes:
    """Cut off, cut out, insert, repeat or change some bytes."""
    at = chance.randint(0, len(document))
    to = min(len(document), at + chance.choice((1, 2, 3, 20)))
    return chance.choice(
        (
            document[:at],
            document[:at] + document[to:],
            document[:at] + chance.choice(_PIECES) + document[at:],
            document[:at] + bytes([chance.randint(0, 255)]) + document[to:],
            document[:to] + document[at:],
            document + document,
        )
    )


def _encoded(document: bytes, chance: random.Random) -> bytes:
    """Write it in another encoding, which it may or may not declare."""
    encoding = chance.choice(_ENCODINGS)
    declared = (
        f"<?xml version='1.0' encoding='{chance.choice((encoding, *_ENCODINGS))}'?>" if chance.random() < 0.7 else ""
    )
    text = document.decode("utf-8", "replace")
    if text.startswith("<?xml"):
        text = text.partition("?>")[2]
    return (declared + text).encode(encoding, "xmlcharrefreplace" if not encoding.startswith("utf") else "replace")
