"""The site: generated pages are up to date, links lead somewhere, every public name is there, nothing is loaded."""

from __future__ import annotations

import importlib
import re
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

import build_site
import reference
import reference_python
import site_map
from places import ROOT

pytestmark = pytest.mark.newest

BUILT = pytest.mark.extra
PYTHON = ROOT / ".venv-docs" / "bin" / "python"
# Attributes by which a browser loads something at once; an <a href> is a link, which a person follows.
LOADS = {
    ("script", "src"),
    ("img", "src"),
    ("img", "srcset"),
    ("source", "srcset"),
    ("link", "href"),
    ("iframe", "src"),
}
# The <link> elements that are no more than information.
INFORMATION = {"canonical", "index", "search", "next", "prev", "author", "copyright", "license"}


# ----------------------------------------------------------------------------------------------------------- the pages


@pytest.mark.parametrize("name", reference.PAGES)
def test_a_generated_page_is_what_the_code_says(name: str) -> None:
    """`make docs` was run after the code had changed."""
    page = (reference.FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert page.splitlines() == reference.PAGES[name]().splitlines(), f"run `make docs`: {name}.md is out of date"


def test_no_generated_page_is_left_over() -> None:
    """Each page below docs/reference is written by the script."""
    assert {path.stem for path in reference.FOLDER.iterdir()} == set(reference.PAGES)


def test_the_home_page_lists_all_pages() -> None:
    """`make docs` was run after a page had been added; no page is in no section."""
    home = site_map.INDEX.read_text(encoding="utf-8")
    assert home == site_map.with_lists(home), "run `make docs`: docs/index.md is out of date"
    listed = {page for found in site_map.sections().values() for page in found}
    pages = {path.relative_to(ROOT).as_posix() for path in site_map.DOCS.rglob("*.md")}
    assert pages - listed == {"docs/index.md"}, "add the page to SECTIONS in scripts/site_map.py"


def test_links_are_rewritten_to_where_pages_stand_in_the_site(tmp_path: Path) -> None:
    """Links out of docs/ and back, to headings, to files and to folders, keep their targets."""
    build_site.lay_out(tmp_path)
    errors = (tmp_path / "errors.md").read_text(encoding="utf-8")
    assert "](readme.md#wait-for-a-jobs-completion)" in errors
    assert "](errors.md" in (tmp_path / "readme.md").read_text(encoding="utf-8")
    examples = (tmp_path / "examples" / "index.md").read_text(encoding="utf-8")
    assert "](../testing.md" in examples
    assert "](../source/plugin.md)" in examples
    assert "PulumiPlugin.yaml" in (tmp_path / "source" / "plugin.md").read_text(encoding="utf-8")


# ------------------------------------------------------------------------------------------------------------ the site


class _Page(HTMLParser):
    """What a page has: anchors, links and what it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what the element has."""
        values = {name: value or "" for name, value in attrs}
        self.anchors.update(filter(None, (values.get("id"), values.get("name"))))
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag == "link" and set(values.get("rel", "").split()) <= INFORMATION:
            return
        self.loads += [value for name, value in values.items() if (tag, name) in LOADS]


def _generate(source: Path, output: Path) -> subprocess.CompletedProcess[str]:
    program = "import sys, build_site; sys.exit(build_site.generate(*map(build_site.Path, sys.argv[1:])))"
    command = [str(each) for each in (PYTHON, "-c", program, source, output)]
    return subprocess.run(command, cwd=ROOT / "scripts", capture_output=True, text=True, timeout=600, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the site, built strictly in its own environment."""
    subprocess.run(["make", "--silent", ".venv-docs/ready"], cwd=ROOT, timeout=900, check=True)
    folder = tmp_path_factory.mktemp("site")
    build_site.lay_out(folder / "source")
    built = _generate(folder / "source", folder / "site")
    assert built.returncode == 0, built.stderr
    return folder / "site"


def _pages(site: Path) -> Iterator[tuple[Path, _Page]]:
    for path in sorted(site.rglob("*.html")):
        yield path, _Page(path.read_text(encoding="utf-8"))


@BUILT
def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    """A reader's browser makes no request to others, and the site works without a network."""
    for path, page in _pages(site):
        assert not [each for each in page.loads if re.match(r"[a-z]+:|//", each) and not each.startswith("data:")], path
    for path in [*site.rglob("*.css"), *site.rglob("*.js")]:
        text = path.read_text(encoding="utf-8")
        assert not re.findall(r"@import[^;]*//|url\(\s*[\"']?(?:https?:)?//|\bfetch\(\s*[\"']https?:", text), path


@BUILT
def test_all_internal_links_lead_somewhere(site: Path) -> None:
    """Each link within the site leads to a page of it, and to an anchor of that page where it names one."""
    pages = dict(_pages(site))
    followed = 0
    for path, page in pages.items():
        for link in page.links:
            file, _, anchor = unquote(link).partition("#")
            if re.match(r"[a-z]+:", link) or path.name in ("genindex.html", "search.html"):
                continue
            target = (path.parent / file).resolve() if file else path
            assert target.exists(), f"{path}: {link}"
            assert not anchor or anchor in pages[target].anchors, f"{path}: {link}"
            followed += 1
    assert followed > 500


@BUILT
@pytest.mark.parametrize("module", reference_python.MODULES)
def test_each_public_name_is_on_a_page(site: Path, module: str) -> None:
    """Each name of `__all__` has a description of its own, on the page of the first module that has it."""
    names = importlib.import_module(module).__all__
    for name in names:
        first = reference_python.first_module(module, name)
        page = _Page((site / "reference" / f"{reference_python.MODULES[first]}.html").read_text(encoding="utf-8"))
        assert f"{first}.{name}" in page.anchors


@BUILT
def test_a_mistake_fails_the_build(site: Path, tmp_path: Path) -> None:
    """A link to no page, one to no heading, a page in no section, and a public name on no page are errors."""
    assert site.exists()
    source = tmp_path / "source"
    build_site.lay_out(source)
    with (source / "waiting.md").open("a", encoding="utf-8") as page:
        page.write("\n[one](nowhere.md) and [another](errors.md#nowhere-either)\n")
    (source / "alone.md").write_text("# In no section\n", encoding="utf-8")
    python = source / "reference" / "python.md"
    python.write_text(python.read_text(encoding="utf-8").replace(".. autodata:: pulumi_cosjob.STATES", ""), "utf-8")
    built = _generate(source, tmp_path / "site")
    assert built.returncode == 1
    for words in ("nowhere.md", "nowhere-either", "alone.md", "pulumi_cosjob.STATES is on no page"):
        assert words in built.stderr
