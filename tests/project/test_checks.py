"""Checks of arguments: the values that are accepted, and the messages about the others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pulumi_cosjob._checks import check_count, check_flag, check_identifier, check_number, check_timeout, is_loopback
from pulumi_cosjob._errors import InvalidArgumentError

UIN = "100000000001"

BAD_IDENTIFIERS: dict[str, list[Any]] = {
    "job_id": [
        "..",
        ".",
        "a/b",
        "a%2eb",
        "%2e%2e",
        "a b",
        "a\r\n",
        "a\n",
        "a\0",
        "",
        "a" * 65,
        "ä",
        "a?b",
        "a#b",
        7,
        None,
    ],
    "appid": [
        "",
        "abc",
        "\uff11\uff12\uff15",
        "٣",
        "1" * 65,
        "12 5",
        "125\n",
        "-1",
        "+1",
        "1_0",
        "1.0",
        "²",
        1250000000,
        b"1250000000",
    ],
    "uin": ["", "abc", "\uff11", "1" * 64, "1.evil.example", "1/", "1@h", "1\r\n", "1\n", 100000000001, True, None],
    "region": [
        "",
        "ap chengdu",
        "AP-CHENGDU",
        "ap-chengdu.evil.example",
        "-ap",
        "ap-",
        "a" * 64,
        "ap/",
        "ap\n",
        "\uff41p",
        1,
    ],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in BAD_IDENTIFIERS.items() for value in values]
)
def test_malformed_identifiers_are_refused(name: str, value: object) -> None:
    """What cannot be part of a path, a header or a host name is refused; the message has the valid format."""
    with pytest.raises(InvalidArgumentError) as caught:
        check_identifier(name, value, " (from the test)")
    assert caught.value.argument == name
    message = str(caught.value)
    assert message.startswith(f"{name} ")
    assert "(from the test)" in message
    assert message.isprintable()
    assert len(message) < 200
    assert caught.value.hint


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("job_id", "53dc6228-c50b-46f7-8ad7-65e7159f1aae"),
        ("job_id", "a"),
        ("job_id", "a" * 64),
        ("job_id", "..."),
        ("job_id", "..a~_-"),
        ("appid", "1250000000"),
        ("appid", "1" * 64),
        ("uin", UIN),
        ("region", "ap-chengdu"),
        ("region", "na-siliconvalley"),
        ("region", "a"),
    ],
)
def test_valid_identifiers_are_accepted(name: str, value: str) -> None:
    """They are returned unchanged."""
    assert check_identifier(name, value) == value


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.255.255.254", True),
        ("::1", True),
        ("0.0.0.0", False),  # noqa: S104  checked, not listened on
        ("128.0.0.1", False),
        ("::", False),
        ("localhost.example", False),
        ("", False),
        ("2130706433", False),
    ],
)
def test_loopback_is_decided_by_the_text(host: str, loopback: bool) -> None:
    """Only names and addresses that always mean this machine count."""
    assert is_loopback(host) is loopback


# -------------------------------------------------------------------------------------------------- inputs of a wait


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("90s", 90),
        ("90", 90),
        ("1.5s", 1.5),
        ("2h", 7200),
        ("1d12h", 129600),
        ("1h30m", 5400),
        ("1h0.5s", 3600.5),
        ("366d", 366 * 86400),
        (5, 5),
        (0.5, 0.5),
        (timedelta(minutes=3), 180),
    ],
)
def test_a_timeout_has_several_forms(value: object, seconds: float) -> None:
    """Numbers, texts with units and timedeltas are seconds."""
    assert check_timeout(value) == seconds


@pytest.mark.parametrize(
    "value",
    [
        *("", "0s", "soon", "1h2d", "-1s", "1 h", "\u0661s", "1e3", "367d", "9" * 40, b"90s"),
        *("1h30", "1d12", "5m30", "1d1h1m1", "1h1.5", "\u0663\u0660", "\uff13\uff10s"),
        *(0, -1, True, None, [1], 10**400, float("nan"), float("inf"), timedelta(0), timedelta(days=400)),
    ],
)
def test_a_malformed_timeout_is_refused(value: object) -> None:
    """The error names the argument."""
    with pytest.raises(InvalidArgumentError, match=r"^timeout (cannot|must) be ") as raised:
        check_timeout(value)
    assert raised.value.argument == "timeout"


def test_counts_and_flags() -> None:
    """A count is a whole number from 0, also as a float as the engine sends it, or None; a flag is a boolean only."""
    assert [check_count("most", value) for value in (0, 7, 7.0, None)] == [0, 7, 7, None]
    for value in (-1, 0.5, True, "7", float("nan"), [7]):
        with pytest.raises(InvalidArgumentError, match=r"^most cannot be "):
            check_count("most", value)
    assert check_flag("flag", value=False) is False
    for other in ("no", 0, None):
        with pytest.raises(InvalidArgumentError, match=r"^flag cannot be "):
            check_flag("flag", other)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("few", "cannot be 'few'. It"),
        (-1, "cannot be -1. It"),
        (1.5, "cannot be 1.5. It"),
        (["few"], "cannot be ['few']. It"),
        (10**5000, "cannot be "),
        ("x" * 100, f"cannot be '{'x' * 30}…{'x' * 15}'. It"),
        (["x" * 100], f"cannot be ['{'x' * 28}…{'x' * 13}']. It"),
    ],
    ids=range(7),
)
def test_a_value_is_shown_as_in_python(value: object, words: str) -> None:
    """Text has one pair of quotes, other values have none; a value that cannot be shown does not hide the message."""
    with pytest.raises(InvalidArgumentError) as caught:
        check_number("most", value, 0, 5)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 250
