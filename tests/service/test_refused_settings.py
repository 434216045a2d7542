"""The values of settings that are refused."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import pytest

from pulumi_cosjob import _places
from pulumi_cosjob._cli.output import COMMAND_LINE
from pulumi_cosjob._errors import ConfigurationError, CosJobError, InvalidArgumentError
from pulumi_cosjob._messages import PYTHON, Audience
from pulumi_cosjob._plugin.inputs import PLUGIN
from resolving import ACCOUNT, PAIR, PLACES, SECRET, resolved


@pytest.mark.parametrize("name", ["region"])
def test_a_missing_setting_is_reported_with_every_place(name: str) -> None:
    """The message lists the argument, every config key and every variable; a uin and an APPID can be discovered."""
    given = {key: value for key, value in ACCOUNT.items() if key != name}
    with pytest.raises(ConfigurationError, match=f"^{name} is not set") as caught:
        resolved({**PAIR, **given})
    places = next(places for each, places, *_ in PLACES if each == name)
    for _, key in places:
        assert key in str(caught.value)
    assert str(caught.value).endswith(" Or set endpoint instead.")
    assert "redentials" not in str(caught.value)


FILES = "the file ~/.tencentcloud/credentials or /etc/tencentcloud/credentials or a role of this machine."
VARIABLES = "environment variables TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY"
# The message for each audience if nothing is set.
ALL_MISSING = {
    "Python": (
        PYTHON,
        [
            "region is not set.",
            "Set argument region, Pulumi config cosjob:region, Pulumi config tencentcloud:region or",
            "environment variable TENCENTCLOUD_REGION. Or set endpoint instead.",
            "Credentials are not set either. Provide a secret id and a secret key by",
            "Pulumi config cosjob:secretId and cosjob:secretKey (--secret),",
            f"Pulumi config tencentcloud:secretId and tencentcloud:secretKey (--secret), {VARIABLES}, {FILES}",
        ],
    ),
    "the command line": (
        COMMAND_LINE,
        [
            "--region is not set.",
            "Set option --region or environment variable TENCENTCLOUD_REGION. Or set --endpoint instead.",
            f"Credentials are not set either. Provide a secret id and a secret key by {VARIABLES}, {FILES}",
        ],
    ),
    "the plugin": (
        PLUGIN,
        [
            "region is not set.",
            "Set input region, Pulumi config cosjob:region or environment variable TENCENTCLOUD_REGION.",
            "Or set endpoint instead. Credentials are not set either. Provide a secret id and a secret key by",
            f"Pulumi config cosjob:secretId and cosjob:secretKey (--secret), {VARIABLES}, {FILES}",
        ],
    ),
}


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return an empty home folder for the test."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(("audience", "sentences"), ALL_MISSING.values(), ids=ALL_MISSING)
@pytest.mark.usefixtures("home")
def test_all_missing_settings_are_reported_at_once(audience: Audience, sentences: list[str]) -> None:
    """One message names account and credentials, to each audience by its own names and the places that it uses."""
    with pytest.raises(ConfigurationError) as caught:
        resolved()
    assert caught.value.render(audience) == " ".join(sentences)


def test_a_credentials_file_counts_as_credentials(home: Path) -> None:
    """The file is read for the first request, which reports what is wrong with it."""
    (home / ".tencentcloud").mkdir()
    (home / ".tencentcloud" / "credentials").touch()
    with pytest.raises(ConfigurationError, match=r"^region is not set") as caught:
        resolved()
    assert "redentials" not in str(caught.value)


def test_half_of_the_credentials_is_reported_with_the_settings() -> None:
    """The message about the missing settings also names the missing half of the credentials."""
    with pytest.raises(ConfigurationError) as caught:
        resolved({"uin": "100000000001"}, {"cosjob:secretKey": SECRET})
    assert caught.value.what == "region is not set; cosjob:secretKey is set but cosjob:secretId is not"
    assert caught.value.hint.endswith("Set both cosjob:secretId and cosjob:secretKey, or neither.")


ORIGINS = [
    (name, kind, key) for name, places, *_ in PLACES for kind, key in places
]  # every place of every setting: the message names it if its value is malformed
BAD = {
    "uin": "x y",
    "appid": "x y",
    "site": "eu",
    "region": "x y",
    "endpoint": "ftp://x",
    "validation": "none",
    "request_timeout": "soon",
}


@pytest.mark.parametrize(("name", "kind", "key"), ORIGINS)
def test_a_malformed_value_is_reported_with_its_place(name: str, kind: str, key: str) -> None:
    """The message names the config key or variable, and shows the value."""
    given: dict[str, Any] = {each: value for each, value in {**PAIR, **ACCOUNT}.items() if each != name}
    sources: dict[str, dict[str, Any]] = {"argument": given, "config": {}, "environment": {}}
    sources[kind][key] = BAD[name]
    with pytest.raises(InvalidArgumentError) as caught:
        resolved(sources["argument"], sources["config"], sources["environment"])
    assert caught.value.argument == name
    words = {
        "argument": name,
        "config": f"(from Pulumi config {key})",
        "environment": f"(from environment variable {key})",
    }
    assert words[kind] in str(caught.value)
    assert BAD[name] in str(caught.value)


@pytest.mark.parametrize("name", ["uin", "region"])
def test_an_endpoint_does_not_hide_a_malformed_account(name: str) -> None:
    """Settings that the endpoint makes unnecessary are checked too."""
    with pytest.raises(InvalidArgumentError, match=name):
        resolved({**PAIR, "endpoint": "https://host", name: "x y"})


BAD_ENDPOINTS: list[Any] = [
    "",
    "host",
    "host:443",
    "//host",
    "https://",
    "https:///x",
    "ftp://host",
    "file:///etc/hostname",
    "https://host/path",
    "https://host/?x=1",
    "https://host?x=1",
    "https://host#x",
    "https://host:port",
    "https://host:65536",
    "https://host:-1",
    "https://ho st",
    "https://host\r\nX-Evil: 1",
    "https://host\n",
    "https://höst",
    "https://host\0",
    "https://a..b",
    "https://..",
    "https://" + "a" * 64 + ".example",
    "https://h%6fst",
    "https://ho_st*",
    "https://[::1",
    "https://[fe80::1%25eth0]",
    "http://host",
    "http://10.0.0.1",
    "http://127.0.0.1.evil.example",
    "http://localhost.evil.example",
    "http://0.0.0.0",
    "http://[fe80::1]",
    "http://[::ffff:10.0.0.1]",
    b"https://host",
    443,
]


@pytest.mark.parametrize("endpoint", BAD_ENDPOINTS)
def test_malformed_endpoints_are_refused(endpoint: object) -> None:
    """An endpoint is a scheme and a host: no path, no user, no plain http to another machine."""
    with pytest.raises(InvalidArgumentError) as caught:
        resolved({**PAIR, "endpoint": endpoint})
    assert caught.value.argument == "endpoint"
    assert str(caught.value).isprintable()
    assert "https://100000000001.cos-control.ap-chengdu.myqcloud.com" in caught.value.hint


@pytest.mark.parametrize(
    "endpoint",
    [
        f"https://user:{SECRET}@host",
        f"https://{SECRET}@host",
        f"ftp://user:{SECRET}@host",
        f"user:{SECRET}@host",
        f"https:user:{SECRET}@host",
        f"https:/user:{SECRET}@host",
        f"https://host/user:{SECRET}@host",
        f"https://host:{SECRET}@host",
    ],
)
def test_a_password_in_an_endpoint_is_refused_and_not_shown(endpoint: str) -> None:
    """An endpoint with a user or a password is refused, however it is written, and the message does not show it."""
    with pytest.raises(InvalidArgumentError) as caught:
        resolved({**PAIR, "endpoint": endpoint})
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "endpoint"),
    [
        ("https://host.example", "https://host.example"),
        ("https://HOST.example/", "https://host.example"),
        ("HTTPS://host:8443", "https://host:8443"),
        ("https://10.0.0.1", "https://10.0.0.1"),
        ("https://[fe80::1]:443", "https://[fe80::1]:443"),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
        ("http://127.8.9.1", "http://127.8.9.1"),
        ("http://localhost:9000/", "http://localhost:9000"),
        ("http://[::1]:9000", "http://[::1]:9000"),
    ],
)
def test_valid_endpoints_are_normalised(given: str, endpoint: str) -> None:
    """A host with or without a port is accepted, and returned in its normal form."""
    assert resolved({**PAIR, "endpoint": given}).endpoint == endpoint


@pytest.mark.parametrize(
    "timeout",
    [
        *(0, -1, 0.0, -0.0, 3600.0001, 10**400, math.nan, math.inf, -math.inf, "nan", "inf", "", "soon", "1 h", "1,5"),
        *("\u0663\u0660", "\uff13\uff10", "\u0967.5", "1_0", "1e1", ".", "1.", " 60"),
    ],
)
def test_malformed_time_limits_are_refused(timeout: object) -> None:
    """Only a number of seconds above 0 and up to an hour is accepted; the message has the limit and the value."""
    with pytest.raises(InvalidArgumentError, match="request_timeout cannot be") as caught:
        resolved({**PAIR, **ACCOUNT, "request_timeout": timeout})
    assert "at most 3600" in caught.value.hint
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("timeout", [True, False, [1], {}, b"1", 1j])
def test_time_limits_of_another_type_are_refused(timeout: object) -> None:
    """Booleans and lists are not numbers, although Python calculates with True."""
    with pytest.raises(InvalidArgumentError, match="request_timeout must be a number"):
        resolved({**PAIR, **ACCOUNT, "request_timeout": timeout})


@pytest.mark.parametrize(
    ("timeout", "seconds"), [(1, 1.0), (0.001, 0.001), ("60", 60.0), ("1.5", 1.5), (".5", 0.5), (3600, 3600.0)]
)
def test_valid_time_limits_are_accepted(timeout: object, seconds: float) -> None:
    """Numbers, and texts that are numbers, are seconds."""
    assert resolved({**PAIR, **ACCOUNT, "request_timeout": timeout}).request_timeout == seconds


@pytest.mark.parametrize("validation", ["Strict", "none", " strict", ["strict"], 1, {}])
def test_unknown_validations_are_refused(validation: object) -> None:
    """The message lists the two allowed words."""
    with pytest.raises(InvalidArgumentError, match="validation must be one of strict, lenient"):
        resolved({**PAIR, **ACCOUNT, "validation": validation})


def test_only_errors_of_the_package_are_raised() -> None:
    """Whatever value a setting has, the error is one of the package's, short and printable."""
    names = [*_places.PLACES, "secret_id", "secret_key", "token"]
    for name, value in itertools.product(names, STRANGE):
        message = refusal(name, value)
        assert message.isprintable()
        assert len(message) < 1000


STRANGE: list[Any] = [None, "", 0, -1, 1.5, True, b"x", [], {}, object(), "\0", "x" * 100_000, math.nan, "\udcff"]


def refusal(name: str, value: object) -> str:
    """Return the message about a value; empty if the value is accepted."""
    try:
        resolved({**PAIR, **ACCOUNT, name: value})
    except CosJobError as error:
        return str(error)
    return ""
