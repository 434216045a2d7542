"""Each example runs as its page says: the page's own lines, on the real engine, beside the emulator that it starts."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from example_pages import ACCOUNT, EMULATED, FOLDER, SDK, page, run_at_the_emulator, run_with_an_account, sections

NAMES = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())
INDEX = page()
# Their SDKs are made first: tests/plugin/test_sdks.py runs their lines.
ON_SDKS = {"typescript", "go"}
# Its job is created by the program, at the emulator only.
WITHOUT_ACCOUNT = {"create_and_gate"}


def test_each_example_has_a_page_in_the_index() -> None:
    """Every folder has a page, and the index links to it."""
    assert set(re.findall(r"^\| \[(\w+)\]\((\w+)/README\.md\)", INDEX, re.MULTILINE)) == {
        (name, name) for name in NAMES
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_its_sections(name: str) -> None:
    """Each page starts with its name, and has lines for the emulator and for an account."""
    assert page(name).startswith(f"# {name}\n")
    found = sections(page(name))
    assert list(found) == [*([SDK] if name in ON_SDKS else []), EMULATED, ACCOUNT]
    assert bool(found[ACCOUNT]) == (name not in WITHOUT_ACCOUNT)


@pytest.mark.parametrize("name", ["README.md", *(f"{name}/README.md" for name in NAMES)])
def test_links_of_examples_lead_somewhere(name: str) -> None:
    """Each link of a page leads to a file or folder of the repository, or to another site."""
    path = FOLDER / name
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8").replace("\n", " ")):
        assert link.startswith("https://") or (path.parent / link).exists(), link


@pytest.mark.parametrize("name", NAMES)
def test_no_program_names_an_account(name: str) -> None:
    """None falls back to an APPID or a uin that is not the reader's."""
    for path in {*(FOLDER / name).iterdir()} - {FOLDER / name / "README.md"}:
        assert not re.search(r"1250000000|100000000\d{3}", path.read_text(encoding="utf-8")), path


@pytest.mark.engine
@pytest.mark.parametrize("name", [name for name in NAMES if name not in ON_SDKS])
def test_an_example_runs_at_the_emulator(name: str, tmp_path: Path) -> None:
    """Its lines need nothing else, and print what the page shows; in the end nothing is left of the stack."""
    shutil.copytree(FOLDER / name, tmp_path / name)
    run_at_the_emulator(name, tmp_path / name)


@pytest.mark.engine
@pytest.mark.parametrize("name", [name for name in NAMES if name not in ON_SDKS | WITHOUT_ACCOUNT])
def test_an_example_runs_with_an_account(name: str, tmp_path: Path) -> None:
    """Its lines and credentials are enough to read the job and to open the gate."""
    shutil.copytree(FOLDER / name, tmp_path / name)
    run_with_an_account(name, tmp_path / name)
