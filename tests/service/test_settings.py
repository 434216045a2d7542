"""The places that settings are read from, and the values that are refused."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from pulumi_cosjob import _places
from pulumi_cosjob._cli.output import COMMAND_LINE
from pulumi_cosjob._errors import ConfigurationError, CosJobError, InvalidArgumentError
from pulumi_cosjob._messages import PYTHON, Audience
from pulumi_cosjob._plugin.inputs import PLUGIN
from pulumi_cosjob._service.credentials import Credentials, VendorChain
from pulumi_cosjob._service.settings import Settings, resolve

UIN = "100000000001"
PAIR = {"secret_id": "argument-id", "secret_key": "argument-key"}
ACCOUNT = {"uin": UIN, "region": "ap-chengdu"}
SECRET = "s3cr3t-that-must-not-be-shown"


def resolved(
    arguments: Mapping[str, Any] | None = None,
    config: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Resolve settings from the given sources only."""
    return resolve(arguments or {}, config=(config or {}).get, environment=environment or {})


# -------------------------------------------------------------------------------------------------------- precedence

# For each setting: its places, the nearest first, the other settings that it needs, and its value in the settings.
PLACES: list[tuple[str, list[tuple[str, str]], dict[str, str], Callable[[str], str | float]]] = [
    (
        "uin",
        [("argument", "uin"), ("config", "cosjob:uin"), ("environment", "COSJOB_UIN")],
        {"region": "ap-chengdu"},
        lambda value: f"https://{value}.cos-control.ap-chengdu.myqcloud.com",
    ),
    (
        "region",
        [
            ("argument", "region"),
            ("config", "cosjob:region"),
            ("config", "tencentcloud:region"),
            ("environment", "TENCENTCLOUD_REGION"),
        ],
        {"uin": UIN},
        lambda value: f"https://{UIN}.cos-control.{value}.myqcloud.com",
    ),
    (
        "endpoint",
        [("argument", "endpoint"), ("config", "cosjob:endpoint"), ("environment", "COSJOB_ENDPOINT")],
        ACCOUNT,
        lambda value: value,
    ),
    (
        "validation",
        [("argument", "validation"), ("config", "cosjob:validation"), ("environment", "COSJOB_VALIDATION")],
        ACCOUNT,
        lambda value: value,
    ),
    (
        "request_timeout",
        [
            ("argument", "request_timeout"),
            ("config", "cosjob:requestTimeout"),
            ("environment", "COSJOB_REQUEST_TIMEOUT"),
        ],
        ACCOUNT,
        float,
    ),
]
VALUES = {
    "uin": ["1", "2", "3"],
    "region": ["ap-one", "ap-two", "ap-three", "ap-four"],
    "endpoint": ["https://one", "https://two:8443", "http://127.0.0.1:3"],
    "validation": ["lenient", "strict", "lenient"],
    "request_timeout": ["1.5", "2", "3"],
}
SHOWN = {"uin": "endpoint", "region": "endpoint"}


@pytest.mark.parametrize(("name", "places", "others", "shown"), PLACES, ids=[each[0] for each in PLACES])
def test_the_nearest_place_wins(
    name: str, places: list[tuple[str, str]], others: dict[str, str], shown: Callable[[str], str | float]
) -> None:
    """Of all places that have a setting, the nearest one is used."""
    assert len(places) == len(VALUES[name])
    numbered = list(enumerate(zip(places, VALUES[name], strict=True)))
    for count in range(1, len(places) + 1):
        for chosen in itertools.combinations(numbered, count):
            sources: dict[str, dict[str, Any]] = {"argument": {**PAIR, **others}, "config": {}, "environment": {}}
            for _, ((kind, key), value) in chosen:
                sources[kind][key] = value
            found = resolved(sources["argument"], sources["config"], sources["environment"])
            assert getattr(found, SHOWN.get(name, name)) == shown(chosen[0][1][1])


@pytest.mark.parametrize(("name", "places"), [(name, places[1:]) for name, places, *_ in PLACES])
def test_an_empty_value_counts_as_not_set(name: str, places: list[tuple[str, str]]) -> None:
    """A variable or a config key with an empty value counts as not set; an empty argument is refused."""
    sources: dict[str, dict[str, Any]] = {"config": {}, "environment": {}}
    for kind, key in places:
        sources[kind][key] = ""
    given = {key: value for key, value in {**PAIR, **ACCOUNT}.items() if key != name}
    if name in ACCOUNT:
        with pytest.raises(ConfigurationError, match=f"{name} is not set"):
            resolved(given, **sources)
    else:
        assert resolved(given, **sources).endpoint.startswith(f"https://{UIN}.")
    with pytest.raises(InvalidArgumentError):
        resolved({**given, name: ""}, **sources)


def test_defaults() -> None:
    """Only account and credentials are required: validation is lenient, and a request has a minute."""
    found = resolved({**PAIR, **ACCOUNT})
    assert (found.validation, found.request_timeout) == ("lenient", 60.0)
    assert found.endpoint == f"https://{UIN}.cos-control.ap-chengdu.myqcloud.com"


def test_the_process_environment_is_the_last_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call without an environment of its own reads that of the process."""
    monkeypatch.setenv("COSJOB_ENDPOINT", "https://from-the-process")
    assert resolve(PAIR).endpoint == "https://from-the-process"


# -------------------------------------------------------------------------------------------------------- credentials

PAIR_PLACES = [
    ("argument", ("secret_id", "secret_key", "token")),
    ("config", ("cosjob:secretId", "cosjob:secretKey", "cosjob:token")),
    ("config", ("tencentcloud:secretId", "tencentcloud:secretKey", "tencentcloud:securityToken")),
    ("environment", ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_SECURITY_TOKEN")),
]


@pytest.mark.parametrize("nearest", range(4))
@pytest.mark.parametrize("with_token", [True, False])
def test_all_credentials_come_from_one_place(nearest: int, with_token: bool) -> None:
    """Only the nearest place with credentials is used: the token of a farther one is never added."""
    sources: dict[str, dict[str, Any]] = {"argument": dict(ACCOUNT), "config": {}, "environment": {}}
    for number, (kind, keys) in enumerate(PAIR_PLACES):
        if number < nearest:
            continue
        values = [f"id-{number}", f"key-{number}", f"token-{number}"]
        for key, value in zip(keys, values, strict=True):
            if number > nearest or with_token or value != f"token-{number}":
                sources[kind][key] = value
    found = resolved(sources["argument"], sources["config"], sources["environment"]).credentials(60.0)
    token = f"token-{nearest}" if with_token else None
    assert (found.secret_id, found.secret_key, found.token) == (f"id-{nearest}", f"key-{nearest}", token)


@pytest.mark.parametrize(
    ("variables", "token"),
    [
        ({"TENCENTCLOUD_TOKEN": "of-tccli"}, "of-tccli"),
        ({"TENCENTCLOUD_TOKEN": "of-tccli", "TENCENTCLOUD_SECURITY_TOKEN": "of-the-vendor"}, "of-the-vendor"),
        ({"TENCENTCLOUD_TOKEN": "of-tccli", "TENCENTCLOUD_SECURITY_TOKEN": ""}, "of-tccli"),
        ({"TENCENTCLOUD_TOKEN": ""}, None),
    ],
)
def test_the_token_has_two_names_in_the_environment(variables: dict[str, str], token: str | None) -> None:
    """The name that tccli uses is read if the vendor's own is not set; never with credentials of another place."""
    pair = {"TENCENTCLOUD_SECRET_ID": "an-id", "TENCENTCLOUD_SECRET_KEY": "a-key"}
    assert resolved(ACCOUNT, {}, {**pair, **variables}).credentials(60.0).token == token
    assert resolved({**ACCOUNT, **PAIR}, {}, {**pair, **variables}).credentials(60.0).token is None
    with pytest.raises(InvalidArgumentError, match=r"^TENCENTCLOUD_TOKEN must be printable ASCII"):
        resolved(ACCOUNT, {}, {**pair, "TENCENTCLOUD_TOKEN": "to\nken"})


@pytest.mark.parametrize(("kind", "keys"), PAIR_PLACES)
@pytest.mark.parametrize("which", [0, 1])
def test_half_of_the_credentials_is_refused(kind: str, keys: tuple[str, str, str], which: int) -> None:
    """The other half is never taken from another place; the message names both, and shows neither value."""
    sources: dict[str, dict[str, Any]] = {"argument": dict(ACCOUNT), "config": {}, "environment": {}}
    sources["environment"] = {"TENCENTCLOUD_SECRET_ID": "far-id", "TENCENTCLOUD_SECRET_KEY": "far-key"}
    if kind == "environment":
        sources["environment"] = {}
    sources[kind][keys[which]] = SECRET
    with pytest.raises(ConfigurationError, match=f"{keys[which]} is set but {keys[1 - which]} is not") as caught:
        resolved(sources["argument"], sources["config"], sources["environment"])
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(("kind", "keys"), PAIR_PLACES)
@pytest.mark.parametrize("which", range(3))
@pytest.mark.parametrize(
    "bad", [f"{SECRET}\r\nx-cos-appid: 1", f"{SECRET}\n", f" {SECRET}", f"{SECRET}\0", f"{SECRET}é", f"{SECRET}\x7f", 7]
)
def test_a_secret_that_cannot_be_in_a_header_is_refused(
    kind: str, keys: tuple[str, str, str], which: int, bad: object
) -> None:
    """Line ends, spaces, control characters and other scripts are refused; the message does not show the value."""
    values: dict[str, Any] = dict(zip(keys, ["an-id", "a-key", "a-token"], strict=True))
    values[keys[which]] = bad
    sources: dict[str, dict[str, Any]] = {"argument": dict(ACCOUNT), "config": {}, "environment": {}}
    sources[kind].update(values)
    with pytest.raises(InvalidArgumentError) as caught:
        resolved(sources["argument"], sources["config"], sources["environment"])
    assert caught.value.argument == keys[which]
    assert SECRET not in f"{caught.value!s}{caught.value!r}{vars(caught.value)}"


def test_without_credentials_the_default_chain_is_used_later() -> None:
    """Nothing is read until the first request, and then from the vendor's own places."""
    assert isinstance(resolved(ACCOUNT).credentials, VendorChain)


def test_settings_do_not_show_secrets() -> None:
    """The settings and their credentials show no secret when printed."""
    found = resolved({**ACCOUNT, "secret_id": SECRET, "secret_key": SECRET, "token": SECRET})
    assert isinstance(found.credentials(60.0), Credentials)
    assert SECRET not in repr(found)
    assert SECRET not in repr(found.credentials(60.0))


# ----------------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize("name", ["uin", "region"])
def test_a_missing_setting_is_reported_with_every_place(name: str) -> None:
    """The message lists the argument, every config key and every variable in which the setting can be set."""
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
            "uin and region are not set.",
            "Set argument uin, Pulumi config cosjob:uin or environment variable COSJOB_UIN.",
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
            "--uin and --region are not set.",
            "Set option --uin or environment variable COSJOB_UIN.",
            "Set option --region or environment variable TENCENTCLOUD_REGION. Or set --endpoint instead.",
            f"Credentials are not set either. Provide a secret id and a secret key by {VARIABLES}, {FILES}",
        ],
    ),
    "the plugin": (
        PLUGIN,
        [
            "uin and region are not set.",
            "Set input uin, Pulumi config cosjob:uin or environment variable COSJOB_UIN.",
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
    with pytest.raises(ConfigurationError, match=r"^uin and region are not set") as caught:
        resolved()
    assert "redentials" not in str(caught.value)


def test_half_of_the_credentials_is_reported_with_the_settings() -> None:
    """The message about the missing settings also names the missing half of the credentials."""
    with pytest.raises(ConfigurationError) as caught:
        resolved({"region": "ap-chengdu"}, {"cosjob:secretKey": SECRET})
    assert caught.value.what == "uin is not set; cosjob:secretKey is set but cosjob:secretId is not"
    assert caught.value.hint.endswith("Set both cosjob:secretId and cosjob:secretKey, or neither.")


ORIGINS = [
    (name, kind, key) for name, places, *_ in PLACES for kind, key in places
]  # every place of every setting: the message names it if its value is malformed
BAD = {"uin": "x y", "region": "x y", "endpoint": "ftp://x", "validation": "none", "request_timeout": "soon"}


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
