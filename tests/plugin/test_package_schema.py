"""The plugin's schema: descriptions of everything, the defaults of the code, no credentials of the environment."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import pulumi_cosjob
from places import ROOT
from pulumi_cosjob import CosBatchClient, native
from pulumi_cosjob._model.naming import camel_name, snake_name
from pulumi_cosjob._plugin import publication
from pulumi_cosjob._plugin.package_schema import package_schema
from pulumi_cosjob._service.job_list import FILTERS
from pulumi_cosjob._service.settings import SETTINGS, Settings, resolve
from pulumi_cosjob._waiting.gate import WAIT_INPUTS, Gate, wait_options

SCHEMA = package_schema("0.1.0")
VARIABLES: Mapping[str, Any] = SCHEMA["config"]["variables"]
PROVIDER: Mapping[str, Any] = SCHEMA["provider"]["inputProperties"]
GET_JOBS: Mapping[str, Any] = SCHEMA["functions"]["cosjob:index:getJobs"]["inputs"]["properties"]
GATES = {name.rpartition(":")[2]: gate for name, gate in SCHEMA["resources"].items()}
SECRETS = ("secretId", "secretKey", "token")
LANGUAGES = ("nodejs", "python", "go", "csharp", "java")
DOCUMENTED = {"Provider": SCHEMA["provider"], **SCHEMA["functions"], **SCHEMA["resources"]}
ACCOUNT = {
    "COSJOB_APPID": "2",
    "COSJOB_SITE": "intl",
    "COSJOB_UIN": "100000000009",
    "TENCENTCLOUD_REGION": "ap-tokyo",
    "COSJOB_ENDPOINT": "https://cos.example.com",
    "COSJOB_VALIDATION": "strict",
    "COSJOB_REQUEST_TIMEOUT": "7",
}
"""Environment variables with values that differ from the defaults."""


def described(part: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield all parts that need a description: functions, resources, types, values, and properties on any level."""
    named = {"functions", "resources", "types", "properties", "inputProperties", "variables"}
    if isinstance(part, list):
        for index, child in enumerate(part):
            yield from described(child, f"{path}[{index}]")
    elif isinstance(part, dict):
        for name, child in part.items():
            below = f"{path}.{name}"
            if name in named:
                yield from ((f"{below}.{key}", value) for key, value in child.items())
            elif name == "enum":
                yield from ((f"{below}.{value['value']}", value) for value in child)
            elif name in ("inputs", "outputs", "provider"):
                yield below, child
            yield from described(child, below)


def test_everything_is_described() -> None:
    """Each function, resource, type, value and property is described in whole sentences."""
    every = dict(described({key: part for key, part in SCHEMA.items() if key != "language"}, ""))
    assert len(every) > 200
    for path, part in every.items():
        text = part.get("description", "").partition("{{% examples %}}")[0].strip()
        assert text.endswith("."), path
        assert text[0].isupper(), path


# ------------------------------------------------------------------------------------------------------------ defaults


def defaults(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties that have a default."""
    return {name: each["default"] for name, each in properties.items() if "default" in each}


@pytest.mark.parametrize("gate", GATES)
def test_defaults_of_a_gate_are_those_of_the_code(gate: str) -> None:
    """A default that an SDK sends changes nothing. The time limit has none: it would hide `customTimeouts`."""
    sent = defaults(GATES[gate]["inputProperties"])
    assert set(sent) == {camel_name(name) for name in WAIT_INPUTS} - {"timeout"}
    assert wait_options({snake_name(name): value for name, value in sent.items()}) == wait_options({})
    assert defaults(GATES[gate]["properties"]) == {}


@pytest.mark.parametrize("function", [CosBatchClient.describe_jobs, native.get_jobs, pulumi_cosjob.get_jobs])
def test_defaults_of_get_jobs_are_those_of_python(function: Any) -> None:
    """The schema, the client and both Python functions have the same."""
    parameters = inspect.signature(function).parameters
    assert set(defaults(GET_JOBS)) == {"missing", "maxConcurrency"}
    assert {name: parameters[snake_name(name)].default for name in defaults(GET_JOBS)} == defaults(GET_JOBS)


def test_filters_of_list_jobs_are_those_of_python() -> None:
    """The schema, the client and both Python functions have the same, and none of them has a default."""
    inputs = SCHEMA["functions"]["cosjob:index:listJobs"]["inputs"]
    assert "required" not in inputs
    assert defaults(inputs["properties"]) == {}
    filters = [name for name in map(snake_name, inputs["properties"]) if name not in ("appid", *SETTINGS)]
    assert tuple(filters) == FILTERS
    for function in (CosBatchClient.list_jobs, native.list_jobs, pulumi_cosjob.list_jobs):
        parameters = inspect.signature(function).parameters
        assert [name for name in parameters if name in FILTERS] == filters
        assert {parameters[name].default for name in ("appid", *FILTERS)} == {None}


def found(**environment: str) -> Settings:
    """Return the settings for environment variables."""
    credentials = {"TENCENTCLOUD_SECRET_ID": "id", "TENCENTCLOUD_SECRET_KEY": "key"}
    return resolve({}, environment={"COSJOB_UIN": "1", "TENCENTCLOUD_REGION": "a", **credentials, **environment})


def test_defaults_of_the_configuration_are_those_of_the_code() -> None:
    """Programs that read the configuration through an SDK get the plugin's defaults."""
    settings = found()
    assert defaults(VARIABLES) == {
        "site": settings.site,
        "validation": settings.validation,
        "requestTimeout": settings.request_timeout,
    }


def test_every_description_has_the_default() -> None:
    """SDKs do not show defaults, only descriptions."""
    for properties in (VARIABLES, GET_JOBS, *(gate["inputProperties"] for gate in GATES.values())):
        for name, value in defaults(properties).items():
            text = value if isinstance(value, str) else json.dumps(value)
            assert f"`{text}`." in properties[name]["description"]


# ------------------------------------------------------------------------------------------------------- environment


@pytest.mark.parametrize("name", [name for name in VARIABLES if name not in SECRETS])
def test_a_program_reads_the_variable_that_the_plugin_reads(name: str) -> None:
    """The variable changes the setting, and the description names it."""
    [variable] = VARIABLES[name]["defaultInfo"]["environment"]
    given, absent = found(**{variable: ACCOUNT[variable]}), found()
    names = ("endpoint", "appid", "site", "validation", "request_timeout")
    changed = [each for each in names if getattr(given, each) != getattr(absent, each)]
    assert changed == [{"uin": "endpoint", "region": "endpoint"}.get(name, snake_name(name))]
    assert f"`{variable}`" in VARIABLES[name]["description"]


def test_the_environments_credentials_are_those_that_sign() -> None:
    """The variables in the descriptions are those that the code reads."""
    named = {name: re.findall("`([A-Z_]+)`", VARIABLES[name]["description"]) for name in SECRETS}
    variables = {variable: f"value-of-{name}" for name, [variable] in named.items()}
    signing = found(**variables).credentials(1.0)
    assert (signing.secret_id, signing.secret_key) == ("value-of-secretId", "value-of-secretKey")
    assert signing.token == "value-of-token"


def test_sdks_send_no_credentials_of_the_environment() -> None:
    """Credentials are secret, and SDKs do not read them. SDKs send a provider's account, and no defaults."""
    assert {name for name, each in PROVIDER.items() if each.get("secret")} == set(SECRETS)
    assert not [name for name in SECRETS if "defaultInfo" in VARIABLES[name]]
    assert {name for name, each in PROVIDER.items() if "defaultInfo" in each} == {"uin", "appid", "region"}
    assert defaults(PROVIDER) == {}
    assert set(PROVIDER) == set(VARIABLES)
    # The SDK of TypeScript reads the configuration of an enumeration as JSON.
    assert not [name for name, each in VARIABLES.items() if "type" not in each]


# -------------------------------------------------------------------------------------------------------- replacement


@pytest.mark.parametrize("gate", GATES)
def test_inputs_that_replace_a_gate_are_marked(gate: str) -> None:
    """Those of the account replace it only if they lead to another endpoint: they are not marked."""
    inputs = GATES[gate]["inputProperties"]
    before = {"job_id": "a", "job_ids": ["a"], "appid": "1", "timeout": "1h", "max_failed_tasks": 0}
    after = {"job_id": "b", "job_ids": ["b"], "appid": "2", "timeout": "2h", "max_failed_tasks": 1}
    before["fail_when_suspended"], after["fail_when_suspended"] = False, True
    others = [name for name in map(snake_name, inputs) if name not in SETTINGS]
    replacing = set()
    for name in others:
        prior, declared = (Gate("job_id", {name: values[name]}) for values in (before, after))
        replacing |= {camel_name(each) for each in declared.replacing(prior)}
    assert replacing == {name for name, each in inputs.items() if each.get("willReplaceOnChanges")}
    assert "replaceOnChanges" not in json.dumps(SCHEMA)
    for name in (*replacing, *SETTINGS):
        assert "A change replaces the gate" in inputs[name]["description"]


# -------------------------------------------------------------------------------------------------------- publication


def test_addresses_that_are_not_decided_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """All come from one table; Java's build files need a repository."""
    assert not set(publication.ADDRESSES) & set(SCHEMA)
    assert "buildFiles" not in SCHEMA["language"]["java"]
    addresses = {name: f"https://cos.example.com/{name}" for name in publication.ADDRESSES}
    monkeypatch.setattr(publication, "ADDRESSES", addresses)
    released = package_schema.__wrapped__("0.1.0")
    assert {name: released[name] for name in addresses} == addresses
    assert released["language"]["java"]["buildFiles"] == "gradle"


def test_examples_have_the_names_of_the_published_sdks() -> None:
    """They come from one constant for each SDK, and no placeholder is left."""
    assert "example.com" not in json.dumps(SCHEMA)
    for part in ("go module", "npm package", "python package", "java package"):
        assert f"<{part}>" not in json.dumps(SCHEMA)
    for file in ("go.mod", "main.go"):
        assert publication.GO_MODULE in (ROOT / "examples" / "go" / file).read_text()
    package = json.loads((ROOT / "examples" / "typescript" / "package.json").read_text())
    assert publication.NPM_PACKAGE in package["dependencies"]


@pytest.mark.parametrize("name", DOCUMENTED)
def test_everything_has_an_example(name: str) -> None:
    """In each language that tests run or compile, with balanced shortcodes."""
    text = DOCUMENTED[name]["description"]
    assert re.findall("```([a-z]+)\n", text) == ["typescript", "python", "go", "java", "yaml"]
    assert re.findall(r"{{% (/?\w+) %}}", text) == ["examples", "example", "/example", "/examples"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_sdk_has_a_readme(language: str) -> None:
    """It has an example in its language, how to install the plugin, and each setting."""
    readme = SCHEMA["language"][language]["readme"]
    assert re.findall("```([a-z]+)\n", readme) == {"nodejs": ["typescript"], "csharp": []}.get(language, [language])
    assert "`cosjob plugin install`" in readme
    assert re.findall(r"^\| `cosjob:(\w+)` \|", readme, re.MULTILINE) == list(VARIABLES)


def test_the_wheel_has_the_documentation(tmp_path: Path) -> None:
    """The schema reads it from files beside its modules."""
    build = (sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", tmp_path, ROOT)
    subprocess.run(build, check=True)
    [wheel] = tmp_path.glob("*.whl")
    texts = {path.relative_to(ROOT).as_posix() for path in (ROOT / "pulumi_cosjob" / "_plugin").rglob("*.md")}
    assert texts
    assert texts < set(zipfile.ZipFile(wheel).namelist())
