"""Archives and checksums that depend on their contents only: two builds of one commit are equal."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import subprocess
import tarfile
import time
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path

__all__ = ["CHECKSUMS", "checksums", "read_tree", "source_date", "write_tar", "write_zip"]

CHECKSUMS = "SHA256SUMS"
_WITHOUT_COMMIT = 1_580_601_600
"""The date in a source archive, which has no commits: that of hatchling."""


def source_date(root: Path) -> int:
    """Return the date of everything in a release, in seconds since 1970: SOURCE_DATE_EPOCH, or that of the commit."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        return int(given)
    if not (root / ".git").exists():
        return _WITHOUT_COMMIT
    command = ["git", "log", "-1", "--format=%ct"]
    return int(subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout)


def read_tree(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder by their paths in it."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def write_tar(path: Path, files: Mapping[str, bytes], date: int, executable: Collection[str] = ()) -> None:
    """Write a compressed tar archive.

    Args:
        path: The archive.
        files: The contents of the files by their paths in it.
        date: The date of each file, in seconds since 1970.
        executable: The paths of those that can be executed.
    """
    with (
        path.open("wb") as file,
        gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=date) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name in sorted(files):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = len(files[name]), date
            entry.mode = 0o755 if name in executable else 0o644
            archive.addfile(entry, io.BytesIO(files[name]))


def write_zip(path: Path, files: Mapping[str, bytes], date: int) -> None:
    """Write a zip archive; the arguments are those of `write_tar`."""
    moment = time.gmtime(date)[:6]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, moment)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o100644 << 16
            archive.writestr(entry, files[name])


def checksums(folder: Path) -> str:
    """Return the SHA-256 of each file of a folder, as `sha256sum --check` reads them; the list itself is left out."""
    files = read_tree(folder)
    return "".join(
        f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items() if name != CHECKSUMS
    )
