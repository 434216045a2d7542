"""The times of a job."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from pulumi_cosjob._model.job import (
    JobDescription,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2019-12-19T18:00:30Z", datetime(2019, 12, 19, 18, 0, 30, tzinfo=timezone.utc)),
        ("2019-12-19T18:00:30", datetime(2019, 12, 19, 18, 0, 30, tzinfo=timezone.utc)),
        ("2019-12-19T18:00:30+08:00", datetime(2019, 12, 19, 10, 0, 30, tzinfo=timezone.utc)),
        ("2019-12-19T18:00:30-11:30", datetime(2019, 12, 20, 5, 30, 30, tzinfo=timezone.utc)),
        ("2019-12-19T18:00:30+14:00", datetime(2019, 12, 19, 4, 0, 30, tzinfo=timezone.utc)),
        ("2020-02-29T00:00:00-00:00", datetime(2020, 2, 29, tzinfo=timezone.utc)),
        (" 2020-02-29T00:00:00Z\n", datetime(2020, 2, 29, tzinfo=timezone.utc)),
        ("1000-01-01T00:00:00Z", datetime(1000, 1, 1, tzinfo=timezone.utc)),
        ("", None),
        (None, None),
        ("yesterday", None),
    ],
)
def test_times_by_value(text: str | None, expected: datetime | None) -> None:
    """Offsets are respected, a missing one means UTC, and an empty or absent time is None; all times are aware."""
    job = JobDescription("a", "New", creation_time=text, suspended_date=text, termination_date=text)
    for read in (job.creation_datetime, job.suspended_datetime, job.termination_datetime):
        assert read == expected
        assert read is None or read.tzinfo is not None


def test_an_offset_is_kept() -> None:
    """The time is the same instant, with the offset of the response."""
    read = JobDescription("a", "New", creation_time="2019-12-19T18:00:30+08:00").creation_datetime
    assert read is not None
    assert read.utcoffset() == timedelta(hours=8)


@pytest.mark.parametrize("digits", range(1, 10))
@pytest.mark.parametrize("offset", ["", "Z", "+05:45"])
def test_fractions_of_any_length(digits: int, offset: str) -> None:
    """One to nine digits of a fraction are read; digits beyond microseconds are dropped."""
    fraction = "123456789"[:digits]
    read = JobDescription("a", "New", creation_time=f"2019-12-19T18:00:30.{fraction}{offset}").creation_datetime
    assert read is not None
    assert read.microsecond == int(f"{fraction:0<6}"[:6])
