"""Builds the pages as a site, strictly: `python scripts/build_site.py [FOLDER]`, in the environment of `make docs`.

Pages link to each other as they stand in the repository. A copy of them is laid out as the site has them, with those
links rewritten; a link to a file that is no page leads to a page that shows the file. Sphinx then reports any link that
leads nowhere, and the build fails.
"""

from __future__ import annotations

import posixpath
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from site_map import DOCS, INDEX, ROOT, location, sections, title

__all__ = ["build", "generate", "lay_out"]

SOURCE = ROOT / "build" / "site-source"
IMAGES = DOCS / "images"
FILES = "_files"  # conf.py excludes it from the pages
# The parts of Markdown and HTML that hold a link, each with what stands before it.
_LINKS = re.compile(r'(\]\(|^\[[^\]]+\]:\s+|\b(?:src|srcset|href)=")([^)\s"]+)', re.MULTILINE)
_FENCE = re.compile(r"(?ms)^ *(`{3,}|~{3,}).*?^ *\1 *$")
_LANGUAGES = {".py": "python", ".ts": "typescript", ".go": "go", ".yaml": "yaml", ".json": "json", ".xsd": "xml"}


class _Layout:
    """The copy of the pages.

    Attributes:
        shown: The files and folders without a page of their own that pages link to.
    """

    def __init__(self) -> None:
        self.pages = {"docs/index.md", *(page for found in sections().values() for page in found)}
        self.shown: set[str] = set()

    def page(self, path: str) -> str:
        """Return the text of a page with its links rewritten."""
        text = (ROOT / path).read_text(encoding="utf-8")
        pieces, end = [], 0
        for fence in _FENCE.finditer(text):
            pieces += [self._rewritten(text[end : fence.start()], path), fence[0]]
            end = fence.end()
        return "".join([*pieces, self._rewritten(text[end:], path)])

    def _rewritten(self, text: str, path: str) -> str:
        return _LINKS.sub(lambda match: match[1] + self._link(match[2], path), text)

    def _link(self, link: str, path: str) -> str:
        file, _, anchor = link.partition("#")
        if not file or re.match(r"[a-z]+:|/", file):
            return link
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), file))
        place = self._place(target)
        if place is None:
            return link  # leads nowhere, which the build reports
        relative = posixpath.relpath(place, posixpath.dirname(location(path)) or ".")
        return f"{relative}#{anchor}" if anchor and not place.startswith("source/") else relative

    def _place(self, target: str) -> str | None:
        """Return where a file of the repository stands in the site; None if there is no such file."""
        for page in (target, f"{target}/README.md"):
            if page in self.pages:
                return location(page)
        if target.startswith(("docs/images/", "..")) or not (ROOT / target).exists():
            return location(target) if (ROOT / target).is_file() else None
        self.shown.add(target)
        return f"source/{target}.md"


def _shown(path: str) -> Iterator[str]:
    """Yield the parts of a page that shows a file, or the files of a folder."""
    yield f"---\norphan: true\n---\n\n# {path}\n"
    target = ROOT / path
    files = sorted(each for each in target.iterdir() if each.is_file()) if target.is_dir() else [target]
    for file in files:
        if target.is_dir():
            yield f"## {file.name}\n"
        yield f"````{_LANGUAGES.get(file.suffix, 'text')}\n{file.read_text(encoding='utf-8')}\n````\n"


def _navigation() -> Iterator[str]:
    for name, found in sections().items():
        entries = "\n".join(f"{title(page)} <{location(page).removesuffix('.md')}>" for page in found)
        yield f"\n```{{toctree}}\n:hidden:\n:caption: {name}\n\n{entries}\n```\n"


def lay_out(folder: Path) -> None:
    """Write the source of the site into a folder, which is emptied first."""
    shutil.rmtree(folder, ignore_errors=True)
    layout = _Layout()
    texts = {location(page): layout.page(page) for page in sorted(layout.pages)}
    texts[location(INDEX.relative_to(ROOT).as_posix())] += "".join(_navigation())
    texts.update({f"source/{path}.md": "\n".join(_shown(path)) for path in layout.shown})
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    # A page that no section of the map has is there too, so that the build reports it.
    for path in sorted(DOCS.rglob("*.md")):
        name = location(path.relative_to(ROOT).as_posix())
        if name not in texts:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, folder / name)
    (folder / FILES).mkdir()
    if IMAGES.is_dir():
        # Sphinx finds those of Markdown beside the pages; those of HTML have to be where the pages will be.
        shutil.copytree(IMAGES, folder / "images")
        shutil.copytree(IMAGES, folder / FILES / "images")


def generate(source: Path, output: Path) -> int:
    """Have Sphinx make the site of its source; return its exit code, which is not 0 if there was a warning."""
    strict = ["--fail-on-warning", "--keep-going", "--fresh-env", "--quiet"]
    command = [sys.executable, "-m", "sphinx", *strict, "--conf-dir", str(DOCS), "--doctree-dir", f"{source}.doctrees"]
    command += ["--define", f"html_extra_path={source / FILES}", str(source), str(output)]
    return subprocess.run(command, check=False).returncode


def build(output: Path, source: Path = SOURCE) -> int:
    """Build the site into a folder, which is emptied first; return the exit code of Sphinx."""
    lay_out(source)
    shutil.rmtree(output, ignore_errors=True)
    return generate(source, output)


if __name__ == "__main__":
    if sys.version_info < (3, 11):
        sys.exit("the site needs Python 3.11 or later: make docs PYTHON=python3.11")
    sys.exit(build(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "site"))
