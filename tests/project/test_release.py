"""What `make release` decides: version, text, links of README, the bill of materials, and what is missing."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

import release
from places import ROOT
from pulumi_cosjob._plugin import publication
from releasing import missing
from releasing.archives import checksums, source_date, write_tar, write_zip
from releasing.bill import Pin, bill_of_materials, read_pins
from releasing.changelog import name_unreleased, section
from releasing.missing import missing_decisions, missing_steps
from releasing.package_metadata import PackageMetadata, absolute_links
from releasing.tools import ReleaseError
from releasing.version import REPEATED, read_version, repeated_versions, set_version

pytestmark = pytest.mark.newest

CHANGES = """# Changelog

## Unreleased

### Added
- A new field.

## 0.2.0 (2026-11-30)

- The first.

## 0.1.0

### Added
"""
REPOSITORY = "https://git.example.com/owner/repository"

# --------------------------------------------------------------------------------------------------- version and text


def test_a_section_is_the_text_below_its_heading() -> None:
    """With or without a date; headings alone are no text."""
    assert section(CHANGES, "Unreleased") == "### Added\n- A new field.\n"
    assert section(CHANGES, "0.2.0") == "- The first.\n"
    assert section(CHANGES, "0.1.0") is None
    assert section(CHANGES, "0.2") is None


def test_the_unreleased_section_gets_the_version() -> None:
    """Its text is that of the version then; a second call changes nothing."""
    named = name_unreleased(CHANGES, "0.3.0", "2026-12-01")
    assert "## 0.3.0 (2026-12-01)\n" in named
    assert section(named, "0.3.0") == section(CHANGES, "Unreleased")
    assert name_unreleased(named, "0.3.0", "2026-12-02") == named


@pytest.mark.parametrize(
    ("changes", "version", "message"),
    [
        ("# Changelog\n\n## Unreleased\n\n## 0.1.0\n- The first.\n", "0.2.0", "has no text under"),
        ("# Changelog\n", "0.2.0", "has no text under"),
        (CHANGES, "0.2.0", 'has sections "0.2.0" and "Unreleased"'),
    ],
)
def test_a_changelog_without_a_text_is_refused(changes: str, version: str, message: str) -> None:
    """As is one that has the version already."""
    with pytest.raises(ValueError, match=message):
        name_unreleased(changes, version, "2026-12-01")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a folder with the files that have the version."""
    folder = tmp_path / "repository"
    for file in ("pyproject.toml", *REPEATED):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / file, folder / file)
    (folder / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n- A new field.\n")
    return folder


def test_one_command_sets_the_version_everywhere(repository: Path) -> None:
    """Python's version, and the semantic one for Go; nothing else changes in these files."""
    before = {file: (repository / file).read_text() for file in ("pyproject.toml", *REPEATED)}
    written = set_version(repository, "7.8.9rc1", "2026-12-01")
    assert sorted(written) == sorted(["CHANGELOG.md", *before])
    assert read_version(repository) == "7.8.9rc1"
    assert (repository / "plugin" / "requirements.txt").read_text() == "pulumi-cosjob[pulumi]==7.8.9rc1\n"
    assert "/sdk/go v7.8.9-rc.1\n" in (repository / "examples" / "go" / "go.mod").read_text()
    assert repeated_versions(repository) == {}
    (repository / "CHANGELOG.md").write_text("## Unreleased\n- Another field.\n")
    set_version(repository, read_version(ROOT), "2026-12-01")
    assert {file: (repository / file).read_text() for file in before} == before


@pytest.mark.parametrize("version", ["1.2", "v1.2.3", "1.2.3-rc.1", "1.2.3.dev0", ""])
def test_a_malformed_version_is_refused(repository: Path, version: str) -> None:
    """No file is written."""
    before = {path: path.read_bytes() for path in repository.rglob("*") if path.is_file()}
    with pytest.raises(ValueError, match="is no version such as"):
        set_version(repository, version, "2026-12-01")
    assert {path: path.read_bytes() for path in before} == before


def test_a_file_with_another_version_is_reported(repository: Path) -> None:
    """By its name and both versions."""
    (repository / "plugin" / "requirements.txt").write_text("pulumi-cosjob[pulumi]==0.0.1\n")
    [sentence] = repeated_versions(repository).values()
    assert sentence == f"plugin/requirements.txt has 0.0.1, not {read_version(ROOT)}"


def test_no_other_file_repeats_the_version() -> None:
    """Neither a requirement of this package nor one of its Go module stands elsewhere."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is a source archive")
    pattern = r"pulumi-cosjob(\[[a-z,]+\])?==[0-9]|/sdk/go v[0-9]|^PACKAGE_VERSION = "
    search = ["git", "grep", "-lE", pattern, "--", ".", ":!tests/project/test_release.py"]
    found = subprocess.run(search, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    assert set(found.split()) == set(REPEATED)
    assert repeated_versions(ROOT) == {}


# ------------------------------------------------------------------------------------------------------ README's links


def addresses(page: str) -> Iterator[str]:
    """Yield the targets of all links and images of a page, those in HTML included, as a renderer finds them."""
    waiting = MarkdownIt("gfm-like", {"linkify": False}).parse(page)
    while waiting:
        token = waiting.pop()
        waiting += token.children or []
        yield from (str(token.attrs[name]) for name in ("href", "src") if name in token.attrs)
        if token.type in ("html_block", "html_inline"):
            yield from re.findall(r'\b(?:href|src|srcset)="([^"]*)"', token.content)


def test_every_link_of_the_readme_leads_to_a_file_of_the_version() -> None:
    """With a repository, none is relative; without, all lead to files of this repository."""
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    relative = [each for each in addresses(page) if not re.match(r"[a-z]+:|#", each)]
    assert len(relative) > 5
    assert [each for each in relative if not (ROOT / each.partition("#")[0]).exists()] == []
    changed = list(addresses(absolute_links(page, REPOSITORY, "1.2.3")))
    assert [each for each in changed if not re.match(r"https?://|#", each)] == []
    prefix = re.compile(rf"{REPOSITORY}/(blob|raw)/v1\.2\.3/")
    assert sorted(prefix.sub("", each) for each in changed if prefix.match(each)) == sorted(relative)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[a](docs/a.md#b)", f"[a]({REPOSITORY}/blob/v1/docs/a.md#b)"),
        ("[a](./LICENSE) [b](#b)", f"[a]({REPOSITORY}/blob/v1/LICENSE) [b](#b)"),
        ("![a](docs/a.svg)", f"![a]({REPOSITORY}/raw/v1/docs/a.svg)"),
        ("[![a](a.svg)](b.md)", f"[![a]({REPOSITORY}/raw/v1/a.svg)]({REPOSITORY}/blob/v1/b.md)"),
        ('<img alt="a" src="a.svg">', f'<img alt="a" src="{REPOSITORY}/raw/v1/a.svg">'),
        ('<a class="b" href="b.md">', f'<a class="b" href="{REPOSITORY}/blob/v1/b.md">'),
        ("[a](https://example.com/a) <a href='#a'>", "[a](https://example.com/a) <a href='#a'>"),
        ("```python\nrows[0](a)\n```\n", "```python\nrows[0](a)\n```\n"),
    ],
)
def test_relative_links_become_absolute(before: str, after: str) -> None:
    """Images lead to the file itself; places on the page, other addresses and code stay as they are."""
    assert absolute_links(before, REPOSITORY, "1") == after


def test_the_metadata_has_the_addresses_that_are_decided(tmp_path: Path) -> None:
    """A wheel that is built once they are decided has them, and a description with absolute links."""
    ignored = shutil.ignore_patterns("__pycache__", ".*", "node_modules", "dist", "site")
    for folder in ("pulumi_cosjob", "schema", "scripts"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copyfile(ROOT / file, tmp_path / file)
    decisions = tmp_path / "pulumi_cosjob" / "_plugin" / "publication.py"
    text = decisions.read_text(encoding="utf-8")
    undecided = re.compile(r'"(homepage|repository)": .*,')
    decisions.write_text(undecided.sub(rf'"\1": "{REPOSITORY}",', text), encoding="utf-8")
    build = (sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / "built")
    subprocess.run(build, cwd=tmp_path, capture_output=True, timeout=120, check=True)
    [wheel] = (tmp_path / "built").iterdir()
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith("/METADATA")]
        metadata = archive.read(name).decode()
    assert f"\nProject-URL: Source, {REPOSITORY}\n" in metadata
    assert f"\nProject-URL: Documentation, {REPOSITORY}\n" in metadata
    description = metadata.partition("\n\n")[2]
    assert [each for each in addresses(description) if not re.match(r"https?://|#", each)] == []


def test_the_metadata_without_decisions() -> None:
    """The description is README.md as it stands, and there is no address."""
    metadata: dict[str, Any] = {"version": "1.2.3"}
    PackageMetadata(str(ROOT), {}).update(metadata)
    if not publication.ADDRESSES["repository"]:
        assert metadata["readme"]["text"] == (ROOT / "README.md").read_text(encoding="utf-8")
        assert "Source" not in metadata["urls"]


# ----------------------------------------------------------------------------------------------------- what is missing


def test_every_open_decision_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the constant's name, and the proposal where there is one; the logo alone is optional."""
    names = publication.PROPOSED
    assert names <= set(publication.__all__)
    monkeypatch.setattr(publication, "ADDRESSES", dict.fromkeys(publication.ADDRESSES))
    found = list(missing_decisions())
    assert len(found) == len(names) + len(publication.ADDRESSES) - 1
    for name in names:
        assert any(f" {name} is a proposal ({getattr(publication, name)})" in each for each in found)
    assert not any("logoUrl" in each for each in found)
    monkeypatch.setattr(publication, "ADDRESSES", dict.fromkeys(publication.ADDRESSES, REPOSITORY))
    monkeypatch.setattr(publication, "PROPOSED", frozenset())
    assert list(missing_decisions()) == []


def test_the_project_has_the_name_that_is_decided() -> None:
    """pyproject.toml and the file of decisions name the same project."""
    assert f'\nname = "{publication.INDEX_PROJECT}"\n' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_steps_that_were_left_out_are_reported(repository: Path) -> None:
    """The section of the changelog, the site, a file with another version, changes without a commit."""
    version = read_version(repository)
    (repository / "examples" / "go" / "go.mod").write_text("module release\n")
    git = ("git", "-c", "init.defaultBranch=main", "init", "-q")
    subprocess.run(git, cwd=repository, timeout=60, check=True)
    found = list(missing_steps(repository, version, site=False))
    assert found == [
        f"examples/go/go.mod has no version, not {version}",
        (
            f"CHANGELOG.md has no section {version}, so that RELEASE.md has the text of Unreleased: "
            f"run make release ARGS='--set-version {version}'"
        ),
        "site/ is not built: run make docs",
        "files differ from the commit: commit them, and build the release again",
    ]


@pytest.mark.parametrize(("strict", "code"), [(False, 0), (True, 1)])
def test_what_is_missing_is_an_error_on_request_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, strict: bool, code: int
) -> None:
    """The list is the end of the output."""
    monkeypatch.setattr(release, "build", lambda folder, _version, _date: folder.mkdir())
    monkeypatch.setattr(release, "missing_decisions", lambda: iter(["a name"]))
    monkeypatch.setattr(release, "missing_steps", lambda *_arguments, **_named: iter(["a step"]))
    assert release.release(tmp_path / "dist", strict=strict, tested=False) == code
    assert capsys.readouterr().out.endswith("\nnot ready to publish:\n- a name\n- a step\n")


def test_nothing_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The release can be published, on request of strictness too."""
    monkeypatch.setattr(release, "build", lambda folder, _version, _date: folder.mkdir())
    monkeypatch.setattr(release, "missing_decisions", lambda: iter([]))
    monkeypatch.setattr(release, "missing_steps", lambda *_arguments, **_named: iter([]))
    assert release.release(tmp_path / "dist", strict=True, tested=False) == 0
    assert capsys.readouterr().out.endswith("\nready to publish\n")


def test_a_release_without_a_text_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is built."""
    monkeypatch.setattr(release, "ROOT", tmp_path)
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n\n### Added\n")
    with pytest.raises(ReleaseError, match=r'has text neither under "1\.2\.3" nor under "Unreleased"'):
        release.build(tmp_path / "dist", "1.2.3", 0)
    assert not (tmp_path / "dist").exists()


def test_the_list_names_the_file_of_decisions() -> None:
    """A person finds it."""
    assert (ROOT / missing.FILE).samefile(publication.__file__)


# ---------------------------------------------------------------------------------------- archives, checksums, the bill


def test_archives_depend_on_their_contents_only(tmp_path: Path) -> None:
    """Two are equal; files have the date of the release, and are executable where that is stated."""
    files = {"b": b"2", "a/a": b"1"}
    for name in ("first", "second"):
        write_tar(tmp_path / f"{name}.tar.gz", dict(reversed(files.items())), 1_700_000_000, {"b"})
        write_zip(tmp_path / f"{name}.zip", files, 1_700_000_000)
    for kind in ("tar.gz", "zip"):
        assert (tmp_path / f"first.{kind}").read_bytes() == (tmp_path / f"second.{kind}").read_bytes()
    with tarfile.open(tmp_path / "first.tar.gz") as archive:
        assert [(each.name, each.mode, each.mtime) for each in archive] == [
            ("a/a", 0o644, 1_700_000_000),
            ("b", 0o755, 1_700_000_000),
        ]
    with zipfile.ZipFile(tmp_path / "first.zip") as zipped:
        assert {each.filename: each.date_time for each in zipped.infolist()} == dict.fromkeys(
            files, (2023, 11, 14, 22, 13, 20)
        )


def test_the_date_is_that_of_the_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or what SOURCE_DATE_EPOCH states; in a source archive, a date that never changes."""
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    assert source_date(tmp_path) == 1_580_601_600
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert source_date(ROOT) == 1_700_000_000


def test_checksums_are_those_of_all_files(tmp_path: Path) -> None:
    """In folders too; the list itself is left out."""
    (tmp_path / "sdk").mkdir()
    for name in ("sdk/a", "SHA256SUMS"):
        (tmp_path / name).write_bytes(b"1")
    assert checksums(tmp_path) == f"{hashlib.sha256(b'1').hexdigest()}  sdk/a\n"


PINS = ROOT / "scripts" / "requirements" / "dev.txt"


def test_the_pins_are_read_completely() -> None:
    """Every version and every hash of the file."""
    text, pins = PINS.read_text(encoding="utf-8"), read_pins(PINS)
    assert len(pins) == len(re.findall(r"^[\w.-]+==", text, re.MULTILINE)) > 50
    assert sum(len(pin.hashes) for pin in pins) == text.count("--hash=sha256:")


def test_the_bill_has_what_an_installation_has() -> None:
    """What pyproject.toml requires and what that requires, in pinned versions; no tool of the tests."""
    pins = read_pins(PINS)
    bill = bill_of_materials(pins, "1.2.3", 1_700_000_000)
    scopes = {each["name"]: each["scope"] for each in bill["components"]}
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    [core] = re.findall(r"^dependencies = \[\n(.*?)^\]", project, re.MULTILINE | re.DOTALL)
    for name in re.findall(r'"([\w-]+)>=', core):
        assert scopes[name] == "required"
    for name in ("pulumi", "grpcio", "aiohttp", "async-timeout"):
        assert scopes[name] == "optional"
    assert {"certifi", "elementpath", "mdurl"} <= scopes.keys(), "what requirements require"
    assert not {"pytest", "ruff", "hypothesis", "cos-python-sdk-v5", "colorama"} & scopes.keys()
    pinned = {pin.purl: set(pin.hashes) for pin in pins}
    for each in bill["components"]:
        assert {digest["content"] for digest in each["hashes"]} == pinned[each["purl"]]
    references = {each["bom-ref"] for each in bill["components"]} | {bill["metadata"]["component"]["bom-ref"]}
    assert {each["ref"] for each in bill["dependencies"]} == references
    reached = {below for each in bill["dependencies"] for below in each["dependsOn"]}
    assert reached == references - {bill["metadata"]["component"]["bom-ref"]}


def test_the_bill_names_where_a_component_is_installed() -> None:
    """The marker of the pin; two versions for different Pythons are two components."""
    pins = [Pin("certifi", version, marker, ("0" * 64,)) for version, marker in (("1", "x"), ("2", ""))]
    bill = bill_of_materials(pins, "1.2.3", 1_700_000_000)
    [first, second] = bill["components"]
    assert first["properties"] == [{"name": "pulumi-cosjob:marker", "value": "x"}]
    assert "properties" not in second
    assert bill["metadata"]["timestamp"] == "2023-11-14T22:13:20Z"
