"""The schema is a public file: another XSD 1.1 processor (Xerces-J) accepts and refuses the same documents."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from documents import job
from list_corpus import INVALID_PAGES, VALID_PAGES
from places import TESTS
from pulumi_cosjob._xml.schema import LIST_JOBS, schema_path
from pulumi_cosjob._xml.validation import find_problems
from schema_corpus import INVALID, VALID


class Verdicts(NamedTuple):
    """The result of Xerces-J for each document: "valid", or its first error."""

    valid: dict[str, str]
    invalid: dict[str, str]


ALL_VALID = {**VALID, **VALID_PAGES}
ALL_INVALID = {**INVALID, **INVALID_PAGES}


def java(folder: Path, schema: Path, documents: dict[str, bytes]) -> dict[str, str]:
    """Validate documents by Xerces-J, all in one run."""
    for tool in ("java", "mvn"):
        assert shutil.which(tool), (
            f"{tool} is not on PATH: a JDK 17 or later and Maven are needed to compare processors"
        )
    cache = Path(os.environ["XDG_CACHE_HOME"]) / "pulumi-cosjob" / "xerces"
    jars = cache / "jars"
    if not (cache / "complete").exists():
        fetch = ["mvn", "-q", "-B", "-f", TESTS / "xerces" / "pom.xml", "dependency:copy-dependencies"]
        subprocess.run([*map(str, fetch), f"-DoutputDirectory={jars}"], check=True, timeout=240)
        (cache / "complete").touch()
    folder.mkdir()
    names = {}
    for number, (name, document) in enumerate(documents.items()):
        (folder / f"{number}.xml").write_bytes(document)
        names[f"{number}.xml"] = name
    command = ["java", "-cp", f"{jars}/*", TESTS / "xerces" / "Validate.java", schema, folder]
    done = subprocess.run([*map(str, command)], capture_output=True, encoding="utf-8", check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    lines = [line.split("\t", 1) for line in done.stdout.splitlines()]
    return {names[file]: verdict for file, verdict in lines}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    """Validate both corpora once, each by its schema."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache"))
        folder = tmp_path_factory.mktemp("xerces")
        results = java(folder / "documents", schema_path(), {**VALID, **INVALID})
        results |= java(folder / "pages", schema_path(LIST_JOBS.root), {**VALID_PAGES, **INVALID_PAGES})
    return Verdicts({name: results[name] for name in ALL_VALID}, {name: results[name] for name in ALL_INVALID})


def test_the_corpus_is_large_enough() -> None:
    """There are enough documents of both kinds, and all names are distinct."""
    assert len(VALID) >= 40
    assert len(INVALID) >= 60
    assert len(VALID_PAGES) >= 40
    assert len(INVALID_PAGES) >= 40
    assert len({*VALID, *INVALID, *VALID_PAGES, *INVALID_PAGES}) == len([*ALL_VALID, *ALL_INVALID])


@pytest.mark.parametrize("name", ALL_VALID)
def test_both_processors_accept_valid_documents(name: str, verdicts: Verdicts) -> None:
    """Neither processor reports a violation."""
    assert [str(problem) for problem in find_problems(ALL_VALID[name])] == []
    assert verdicts.valid[name] == "valid"


@pytest.mark.parametrize("name", ALL_INVALID)
def test_both_processors_refuse_invalid_documents(name: str, verdicts: Verdicts) -> None:
    """Each processor reports a violation."""
    assert find_problems(ALL_INVALID[name])
    assert verdicts.invalid[name] != "valid"


def test_the_comparison_can_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another schema gives other results, and a broken one gives none."""
    monkeypatch.setenv("XDG_CACHE_HOME", os.environ["XDG_CACHE_HOME"])
    text = schema_path().read_text(encoding="utf-8")
    other, broken = tmp_path / "other.xsd", tmp_path / "broken.xsd"
    other.write_text(text.replace("[ -~]{0,62}", "[ -~]{0,5}"), encoding="utf-8")
    broken.write_text(text.replace('type="Priority"', 'type="Nothing"'), encoding="utf-8")
    documents = {"short": job("", Status="Bogus"), "long": VALID["status of 64 characters"]}
    results = java(tmp_path / "documents", other, documents)
    assert results["short"] == "valid"
    assert results["long"] != "valid"
    with pytest.raises(AssertionError, match="Nothing"):
        java(tmp_path / "again", broken, documents)
