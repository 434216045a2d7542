"""`cosjob validate`, called as from a shell."""

from __future__ import annotations

from pathlib import Path

from command import cosjob, run
from places import RESPONSES


def test_validate_is_silent_about_valid_files() -> None:
    """For valid files nothing is printed, and the exit code is 0."""
    result = cosjob("validate", str(RESPONSES / "full.xml"), str(RESPONSES / "minimal.xml"))
    assert (result.exit_code, result.output) == (0, "")


def test_validate_prints_one_line_for_each_problem(tmp_path: Path) -> None:
    """Each line has file, path and rule."""
    broken = (RESPONSES / "full.xml").read_bytes().replace(b">Active<", b"><").replace(b">2147483647<", b">-1<")
    (tmp_path / "broken.xml").write_bytes(broken)
    (tmp_path / "page.xml").write_bytes(b"<html")
    result = cosjob("validate", str(tmp_path / "broken.xml"), str(RESPONSES / "full.xml"), str(tmp_path / "page.xml"))
    lines = result.stdout.splitlines()
    assert result.exit_code == 1
    assert len(lines) == 3
    assert lines[0].startswith(f"{tmp_path}/broken.xml: /DescribeJobResult/Job/Priority: ")
    assert lines[1].startswith(f"{tmp_path}/broken.xml: /DescribeJobResult/Job/Status: ")
    assert lines[2].startswith(f"{tmp_path}/page.xml: the response cannot be read as XML")


def test_validate_escapes_characters_that_the_encoding_lacks(tmp_path: Path) -> None:
    """Each problem is one line, whatever the value and the name of the file contain."""
    file = tmp_path / "\u6587\n.xml"
    file.write_bytes((RESPONSES / "full.xml").read_bytes().replace(b">Active<", ">文<".encode()))
    done = run("validate", str(file), encoding="latin-1")
    assert (done.returncode, done.stderr) == (1, b"")
    assert done.stdout.startswith(f"{tmp_path}/\\u6587\\n.xml: /DescribeJobResult/Job/Status: ".encode())
    assert done.stdout.count(b"\n") == 1
    assert done.stdout.endswith(b"but is '\\u6587'\n")


def test_validate_reads_standard_input() -> None:
    """A dash means standard input."""
    assert cosjob("validate", "-", stdin=(RESPONSES / "full.xml").read_bytes()).exit_code == 0
    result = cosjob("validate", "-", stdin=b"")
    assert (result.exit_code, result.stdout) == (1, "-: the response is empty\n")


def test_validate_ends_with_2_if_a_file_cannot_be_read(tmp_path: Path) -> None:
    """This exit code takes precedence over that of an invalid file, and all other files are checked."""
    result = cosjob("validate", str(tmp_path / "none.xml"), str(tmp_path), "-", stdin=b"<a/>")
    assert result.exit_code == 2
    assert "none.xml cannot be read: No such file or directory" in result.stderr
    assert "Is a directory" in result.stderr
    assert result.stdout.startswith("-: /a: ")


def test_validate_limits_the_size_of_a_file() -> None:
    """An endless file is reported as too large."""
    result = cosjob("validate", "/dev/zero")
    assert (result.exit_code, result.stdout) == (1, "/dev/zero: the response is larger than 1048576 bytes\n")
