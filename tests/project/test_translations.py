"""The quick starts in Chinese and Japanese show what the README shows, and all of it in their language."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from places import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = {name: (ROOT / "docs" / name / "index.md").read_text(encoding="utf-8") for name in ("zh-CN", "ja")}

EACH_PAGE = pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)

_FENCED = re.compile(r"^(`{3,})(?!`).*?^\1$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]+`")
# What is written in Latin letters outside of code: names, and the words of the English pages that one line explains.
_NAMES = re.compile(
    r"(?<![A-Za-z])(?:"
    r"Tencent Cloud|Cloud Object Storage|COS|Batch|CAM|API|APPID|ID|SecretId|SecretKey|uin|"
    r"pulumi-cosjob|pulumi up|Pulumi|CLI|provider|schema|import|"
    r"Python|TypeScript|Go|YAML|CI|Linux|macOS|Windows|Ctrl-C|"
    r"job|task|manifest|credentials|gate"
    r")(?![A-Za-z])"
)
_FULL_WIDTH = "[\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef]"


def _blocks(page: str) -> list[str]:
    """Return the fenced blocks of a page, with their fences."""
    return [match[0] for match in _FENCED.finditer(page)]


def _prose(page: str) -> str:
    """Return a page without blocks of code; its lines keep their order."""
    return _FENCED.sub("", page)


def _headings(page: str) -> list[str]:
    """Return the levels of the headings, as they are written."""
    return re.findall(r"^(#+) ", _prose(page), re.MULTILINE)


def _tables(page: str) -> list[list[list[Counter[str]]]]:
    """Return the code in each cell of each row of each table."""
    tables = re.findall(r"(?:^\|.*\|\n)+", _prose(page) + "\n", re.MULTILINE)
    rows = [[row.strip("|").split("|") for row in table.splitlines()] for table in tables]
    return [[[Counter(_CODE.findall(cell)) for cell in row] for row in table] for table in rows]


def _english(page: str) -> list[str]:
    """Return the words of a page in Latin letters, besides code, addresses of links and names."""
    words = re.sub(r"\]\([^)\s]*\)", "]", _CODE.sub("`", _prose(page)))
    words = re.sub(r"^\[English\]", "", words, flags=re.MULTILINE)  # the link to the README
    return re.findall(r"[A-Za-z][A-Za-z-]*", _NAMES.sub("", words))


@EACH_PAGE
def test_the_code_is_that_of_the_readme(page: str) -> None:
    """Each block of the ways without and with an account, and the policy, byte for byte and in order; no other."""
    start, end = README.index("\n## Without an account"), README.index("\n## Which way in")
    blocks = _blocks(README[start:end])
    assert [block.partition("\n")[0] for block in blocks] == [
        *("```console", "```console", "```python", "```console"),
        *("```sh", "```json"),
    ]
    assert _blocks(page) == blocks, "copy the README's blocks into both pages"


@EACH_PAGE
def test_tables_have_the_rows_of_the_readme(page: str) -> None:
    """Settings, commands and names stand in the same cells of the same rows; none is only in one language."""
    assert _tables(page) == _tables(README), "the README's tables have changed: change those of both pages"


def test_both_pages_have_the_same_structure() -> None:
    """What one page has a section, a paragraph or a list entry on, the other has, too."""
    chinese, japanese = PAGES.values()
    assert _headings(chinese) == _headings(japanese)
    assert len(_headings(chinese)) >= 8
    kinds = [
        [line[:2] if line.startswith(("#", "-", "|", "!")) else bool(line) for line in page.splitlines()]
        for page in (chinese, japanese)
    ]
    assert kinds[0] == kinds[1]


def test_both_pages_link_to_the_same_pages() -> None:
    """A reader of either language is led to the same pages; one that is in English says so."""
    chinese, japanese = ([*re.findall(r"\]\(([^)]+)\)", page)] for page in PAGES.values())
    assert chinese[2:] == japanese[2:]  # the first two are the other languages
    assert len(chinese) > 20


@EACH_PAGE
def test_versions_are_those_of_the_readme(page: str) -> None:
    """The lowest versions of Python and of the Pulumi CLI are named."""
    [versions] = re.findall(
        r"^Python (\S+) or later; for programs the Pulumi CLI, (\S+) or later", README, re.MULTILINE
    )
    assert [version for version in versions if version not in _prose(page)] == []


@EACH_PAGE
def test_no_sentence_is_left_in_english(page: str) -> None:
    """Besides code and names, everything is in the language of the page."""
    assert _english(page) == []


@pytest.mark.parametrize(
    "left",
    ["Tested on Linux; macOS should work.", "| job id | the program |", "[Read more](x.md)", "COS and CAM", "See"],
)
def test_english_is_found(left: str) -> None:
    """A sentence, a cell, the text of a link and a single word are found; code, addresses and names are none."""
    page = "`cosjob wait for it` [COS](in/the.md)\n\n```sh\nthe code\n```\nCloud Object Storage\n"
    assert _english(page) == []
    assert _english(page + left)


@pytest.mark.parametrize("name", PAGES)
def test_links_of_a_translation_lead_somewhere(name: str) -> None:
    """Each link and the picture lead to a file; README and pages lead to each other."""
    folder = ROOT / "docs" / name
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", PAGES[name]) if ":" not in link]
    assert [link for link in links if not (folder / link).exists()] == []
    assert "../images/gate.svg" in links
    targets = {(folder / link).resolve() for link in links}
    others = {ROOT / "docs" / other / "index.md" for other in PAGES if other != name}
    assert {ROOT / "README.md", *others} <= targets
    assert f"](docs/{name}/index.md)" in "\n".join(README.splitlines()[:3])


@EACH_PAGE
def test_no_line_breaks_within_a_sentence(page: str) -> None:
    """A line break between two full-width characters would become a gap in the text that a browser shows."""
    assert re.findall(rf"{_FULL_WIDTH}\n{_FULL_WIDTH}.*", _prose(page)) == []
