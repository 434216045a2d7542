"""How Sphinx builds the site; `scripts/build_site.py` runs it on a copy of the pages."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.util import logging

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from reference_python import MODULES, first_module  # noqa: E402  on the path from here on

project = "pulumi-cosjob"
html_title = project
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_files"]

# Pages: anchors as in the repository, and pictures in HTML.
myst_heading_anchors = 4
myst_enable_extensions = ["html_image"]

# Docstrings: Google style, and Markdown's `code`.
default_role = "code"
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 40
add_module_names = False
toc_object_entries = False

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_permalinks_icon = "#"
pygments_style = "default"
pygments_dark_style = "monokai"

LANGUAGES = ("zh-CN", "ja")
"""The folders whose pages are in another language than English, by its name."""


# Napoleon takes the words before a colon in the docstring of an attribute as its type; here types are annotations.
_COLON = "\ue000"


def _as_restructured_text(_app: Sphinx, what: str, _name: str, _value: Any, _options: Any, lines: list[str]) -> None:
    """Write the blocks of code and the tables of a docstring, which are Markdown, as Sphinx reads them."""
    text = re.sub(r"(?ms)^( *)```(\w*)\n(.*?)^ *```$", _code_block, "\n".join(lines))
    if what == "module":
        text = re.sub(r"(?m)^(\S.*\n\n)(?= {4})", r"\1.. code-block:: python\n\n", text)
        text = text.replace("PYTEST_DONT_REWRITE", "")
    if what in ("attribute", "property"):
        text = re.sub(r"(?m)^Raises:\n {4}(\w+): ", r":raises \1: ", text).replace(":", _COLON)
    lines[:] = re.sub(r"(?m)(?:^ *\|.*\|$\n?)+", _list_table, text).split("\n")


def _with_colons(_app: Sphinx, _what: str, _name: str, _value: Any, _options: Any, lines: list[str]) -> None:
    lines[:] = [line.replace(_COLON, ":") for line in lines]


def _code_block(block: re.Match[str]) -> str:
    body = re.sub(r"(?m)^(?=.)", "   ", block[3])
    return f"{block[1]}.. code-block:: {block[2] or 'text'}\n\n{body}"


def _list_table(rows: re.Match[str]) -> str:
    return "\n".join(_table_lines(rows[0].strip().split("\n"))) + "\n"


def _table_lines(rows: list[str]) -> Iterator[str]:
    yield from (".. list-table::", "   :header-rows: 1", "")
    for row in rows:
        if not re.fullmatch(r"\s*\|[-| ]*\|", row):
            first, *others = (cell.strip() for cell in row.strip().strip("|").split("|"))
            yield f"   * - {first}"
            yield from (f"     - {cell}".rstrip() for cell in others)


def _every_public_name_has_a_page(_app: Sphinx, env: BuildEnvironment) -> None:
    documented = env.domains.python_domain.objects
    for module in MODULES:
        for name in importlib.import_module(module).__all__:
            if f"{first_module(module, name)}.{name}" not in documented:
                logging.getLogger(__name__).warning("%s.%s is on no page", module, name)


def _language(_app: Sphinx, pagename: str, _template: str, context: dict[str, Any], _doctree: object) -> None:
    """Declare the language of a page, by which browsers choose fonts."""
    context["language"] = next((name for name in LANGUAGES if pagename.startswith(f"{name}/")), "en")


def setup(app: Sphinx) -> None:
    """Connect what this site does beyond Sphinx."""
    app.connect("autodoc-process-docstring", _as_restructured_text, priority=400)  # before napoleon
    app.connect("autodoc-process-docstring", _with_colons, priority=600)  # after it
    app.connect("env-check-consistency", _every_public_name_has_a_page)
    app.connect("html-page-context", _language)
