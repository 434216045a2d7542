"""The places that settings are read from."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from pulumi_cosjob._errors import ConfigurationError, InvalidArgumentError
from pulumi_cosjob._service.credentials import Credentials, VendorChain
from pulumi_cosjob._service.settings import resolve
from resolving import ACCOUNT, PAIR, PLACES, SECRET, UIN, resolved

# -------------------------------------------------------------------------------------------------------- precedence
VALUES = {
    "uin": ["1", "2", "3"],
    "region": ["ap-one", "ap-two", "ap-three", "ap-four"],
    "endpoint": ["https://one", "https://two:8443", "http://127.0.0.1:3"],
    "appid": ["1", "2", "3"],
    "site": ["intl", "cn", "intl"],
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
    if name == "region":
        with pytest.raises(ConfigurationError, match=f"{name} is not set"):
            resolved(given, **sources)
    elif name == "uin":
        assert resolved(given, **sources).endpoint is None
    else:
        assert str(resolved(given, **sources).endpoint).startswith(f"https://{UIN}.")
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
