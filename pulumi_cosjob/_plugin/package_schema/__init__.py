"""The plugin's Pulumi schema: types, texts and enumerations of a job come from the XSD, the inputs are said here."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from pulumi_cosjob._model.job import (
    BEYOND_SCHEMA,
    Element,
    JobDescription,
    camel_name,
    element_fields,
    snake_name,
    xml_name,
)
from pulumi_cosjob._plugin import publication
from pulumi_cosjob._service.client import DEFAULT_CONCURRENCY
from pulumi_cosjob._service.settings import MISSING, Settings, environment_variable
from pulumi_cosjob._waiting.gate import DEFAULTS
from pulumi_cosjob._xml.schema import VALIDATIONS, schema_path

__all__ = ["CONFIG", "GET_JOB", "GET_JOBS", "JOBS_GATE", "JOB_GATE", "PACKAGE", "package_schema"]

PACKAGE = "cosjob"
GET_JOB, GET_JOBS = "cosjob:index:getJob", "cosjob:index:getJobs"
JOB_GATE, JOBS_GATE = "cosjob:index:JobCompletion", "cosjob:index:AllJobsCompletion"

_XS = "{http://www.w3.org/2001/XMLSchema}"
# An integer has 32 bits in some languages.
_TYPES: Mapping[type | str, str] = {str: "string", int: "integer", bool: "boolean", "xs:unsignedLong": "number"}

Property = dict[str, Any]


def _property(type_: str, description: str, **more: Any) -> Property:
    return {"type": type_, "description": description, **more}


def _list_of(item: Property, description: str) -> Property:
    return _property("array", description, items=item)


def _ref(name: str) -> Property:
    return {"$ref": f"#/types/{PACKAGE}:index:{name}"}


# -------------------------------------------------------------------------------------------------------------- inputs


def _setting(name: str, property_: Property) -> Property:
    """Return a setting of the provider, its description with what stands in for it where it is not given."""
    places = [f"the environment variable `{environment_variable(snake_name(name))}`", *_ELSEWHERE.get(name, ())]
    default = f", then `{_DEFAULTS[name]}`" if name in _DEFAULTS else ""
    description = f"{property_['description']} Default: {', then '.join(places)}{default}."
    return {**property_, "description": description}


_DEFAULTS: Mapping[str, Any] = {"validation": Settings.validation, "requestTimeout": int(Settings.request_timeout)}
_ELSEWHERE = dict.fromkeys(("secretId", "secretKey", "token"), ("the vendor's credentials files and machine roles",))

_SETTINGS: Mapping[str, Property] = {
    "uin": _property("string", "UIN of the main account, such as `100000000001`."),
    "region": _property("string", "Region of the jobs, such as `ap-chengdu`."),
    "secretId": _property("string", "Secret id of the credentials that sign requests.", secret=True),
    "secretKey": _property("string", "Secret key that belongs to `secretId`.", secret=True),
    "token": _property("string", "Session token that belongs to temporary credentials.", secret=True),
    "endpoint": _property(
        "string", "Endpoint of the service, in place of the one of `uin` and `region`; of an emulator, for example."
    ),
    "validation": {
        **_ref("Validation"),
        "description": "How to treat a response that violates the schema of `DescribeJobResult`: `strict` fails, "
        "`lenient` leaves out the elements that violate it, with a warning.",
    },
    "requestTimeout": _property(
        "number",
        "Seconds for one request with all its attempts, at most 3600. One attempt has a sixth of it, at least 10 s.",
    ),
}

CONFIG: Mapping[str, Property] = {name: _setting(name, each) for name, each in _SETTINGS.items()}

# An SDK sends a default as if the program had chosen the value: it is kept in the state, and the plugin, which reads
# the environment itself, cannot tell the difference. So these inputs of an explicit provider alone are read by SDKs
# from the program's environment: they say which account a stack is about, and a destroy elsewhere needs them.
# Credentials never are: SECURITY promises that those of the environment reach no state. Nor is the endpoint, as an
# emulator's would stay in the state, nor what an environment decides for a single run. And no input of a provider has
# a `default`, which would hide the environment of a plugin that runs in another one than the program.
_KEPT_IN_STATE = ("uin", "region")


def _from_environment(name: str) -> Property:
    return {"defaultInfo": {"environment": [environment_variable(snake_name(name))]}}


def _provider_inputs() -> dict[str, Property]:
    return {
        name: {**each, **(_from_environment(name) if name in _KEPT_IN_STATE else {})} for name, each in CONFIG.items()
    }


def _config_variables() -> dict[str, Property]:
    """Return what SDKs offer programs to read; nothing of it is sent. A secret would come without its mark."""
    variables = {}
    for name, each in CONFIG.items():
        default = {"default": _DEFAULTS[name]} if name in _DEFAULTS else {}
        variables[name] = each if each.get("secret") else {**each, **default, **_from_environment(name)}
    # Of an enumeration, the SDK of TypeScript would want a program's configuration to be JSON: "strict" in quotes.
    del variables["validation"]["$ref"]
    variables["validation"]["type"] = "string"
    return variables


def _with_default(property_: Property, default: Any) -> Property:
    text = default if isinstance(default, str) else json.dumps(default)
    return {**property_, "description": f"{property_['description']} Default: `{text}`.", "default": default}


def _replacing(property_: Property) -> Property:
    text = f"{property_['description']} A change replaces the gate."
    return {**property_, "description": text, "willReplaceOnChanges": True}


_JOB_ID = {"jobId": _property("string", "Id of the job, 1 to 64 characters.")}
_JOB_IDS = {"jobIds": _list_of({"type": "string"}, "Ids of the jobs, 1 to 64 characters each.")}
_APPID = {"appid": _property("string", "APPID of the account that owns the jobs, such as `1250000000`.")}
_ACCOUNT = {
    "uin": _property("string", "UIN of the main account, in place of the provider's."),
    "region": _property("string", "Region of the jobs, in place of the provider's."),
    "endpoint": _property("string", "Endpoint of the service, in place of the provider's."),
}
_GATE_ACCOUNT = {
    name: {**each, "description": f"{each['description']} A change replaces the gate if requests then go elsewhere."}
    for name, each in _ACCOUNT.items()
}
_HOW = {
    # Without `default`: what an SDK sent would hide the time limits of `customTimeouts`.
    "timeout": _property(
        "string",
        'How long to wait at most: `"90s"`, `"2h"`, `"1d12h"`. Default: `create` of `customTimeouts` (`update` for '
        'jobs that are added later), then `"1h"`.',
    ),
    "maxFailedTasks": _with_default(
        _property("integer", "How many tasks of a complete job may have failed; -1 for any number."),
        DEFAULTS["max_failed_tasks"],
    ),
    "failWhenSuspended": _with_default(
        _property("boolean", "Whether to fail when a job waits for a person to confirm it."),
        DEFAULTS["fail_when_suspended"],
    ),
}
_SERVICE_ENDPOINT = {
    "serviceEndpoint": _property(
        "string",
        "Endpoint of the service that the jobs were read from. If inputs, provider, configuration or environment lead "
        "to another one, the gate is replaced.",
    )
}
_MANY = {
    "missing": _with_default(
        {
            **_ref("Missing"),
            "description": "What to do about a job that the service does not know: `error` fails and lists all of "
            "them, `skip` leaves them out and lists them in `missingJobIds`.",
        },
        "error",
    ),
    "maxConcurrency": _with_default(
        _property(
            "integer", "How many requests may be sent at a time, 1 to 64; fewer while the service asks to slow down."
        ),
        DEFAULT_CONCURRENCY,
    ),
}

_ENUMERATIONS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "Validation": (
        "How to treat a response that violates the schema.",
        dict(
            zip(
                VALIDATIONS,
                ("The request fails.", "The elements that violate it are left out, with a warning."),
                strict=True,
            )
        ),
    ),
    "Missing": (
        "What to do about a job that the service does not know.",
        dict(zip(MISSING, ("The request fails.", "The job is left out, and listed."), strict=True)),
    ),
}


# -------------------------------------------------------------------------------------------------------- from the XSD


class _Xsd:
    """Reads the part of XSD that says which elements there are, and what they mean."""

    def __init__(self) -> None:
        root = ET.parse(schema_path()).getroot()  # noqa: S314  our own file
        self._named = {part.get("name", ""): part for part in root}
        self.types: dict[str, Property] = {}

    def _element(self, type_name: str, name: str) -> ET.Element:
        found = self._named[type_name].find(f".//{_XS}element[@name='{name}']")
        assert found is not None, f"{type_name} has no {name}"  # noqa: S101  the description is held to the XSD
        return found

    def properties(self, cls: type[Element], type_name: str) -> dict[str, Property]:
        """Return the fields of an element as properties, and note the types that they need."""
        return {
            camel_name(name): self._property(field.type, field.item, self._element(type_name, xml_name(name)))
            for name, field in element_fields(cls).items()
        }

    def _property(self, type_: type[Any], item: str | None, element: ET.Element) -> Property:
        leaf = element if item is None else self._element(element.get("type", ""), item)
        values = self._known_values(leaf.get("type", ""))
        known = f" Known values: {', '.join(f'`{each}`' for each in values)}." if values else ""
        value, description = self._value(type_, leaf), f"{_documentation(element)}{known}"
        return {**value, "description": description} if item is None else _list_of(value, description)

    def _value(self, type_: type[Any], element: ET.Element) -> Property:
        declared = element.get("type", "")
        if issubclass(type_, Element):
            if declared not in self.types:
                properties = self.properties(type_, declared)
                self.types[declared] = {
                    "type": "object",
                    "description": _documentation(element),
                    "properties": properties,
                }
            return _ref(declared)
        values = self._known_values(declared)
        if values:
            # For programs to compare with. No property is of this type: SDKs raise for a value that it does not list.
            self.types[declared] = _enumeration(f"{_documentation(self._named[declared])} {_OPEN}", values)
        return {"type": _TYPES.get(self._base(declared)) or _TYPES[type_]}

    def _known_values(self, declared: str) -> Mapping[str, str]:
        """Return the words that a type lists, with their meanings."""
        return {each.get("value", ""): _documentation(each) for each in self._parts(declared, "enumeration")}

    def _parts(self, declared: str, name: str) -> list[ET.Element]:
        return self._named[declared].findall(f".//{_XS}{name}") if declared in self._named else []

    def _base(self, declared: str) -> str:
        return next((each.get("base", "") for each in self._parts(declared, "restriction")), declared)


_OPEN = "Known values: an output may have others, which `unknownValues` lists."


def _enumeration(description: str, meanings: Mapping[str, str]) -> Property:
    values = [
        {"name": _enumerator(value), "value": value, "description": meaning} for value, meaning in meanings.items()
    ]
    return {"type": "string", "description": description, "enum": values}


def _enumerator(value: str) -> str:
    """Return a name of which each language makes its own: `PublicRead`, `FullControl`, `CosBatchOperationsCsvV1`."""
    # Capitals in a row are one word, or Python's generator would see one in each: CSVV1 is CSV_V1 there.
    words = re.findall("[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", value)
    return "".join(map(str.capitalize, words))


def _documentation(element: ET.Element) -> str:
    return element.findtext(f"{_XS}annotation/{_XS}documentation", "")


# --------------------------------------------------------------------------------------------------------------- texts

_LANGUAGE_NAMES = {
    "nodejs": ("TypeScript and JavaScript", "typescript"),
    "python": ("Python", "python"),
    "go": ("Go", "go"),
    "java": ("Java", "java"),
    "csharp": (".NET", "csharp"),
}
_DESCRIPTION = "Read Tencent Cloud COS Batch jobs, and hold a deployment until they have completed."


def _text(name: str) -> str:
    """Return one of the texts beside this module, with the names under which SDKs are published."""
    text = (Path(__file__).parent / "documentation" / f"{name}.md").read_text(encoding="utf-8")
    for what, published in (
        ("go module", publication.GO_MODULE),
        ("npm package", publication.NPM_PACKAGE),
        ("python package", publication.PYTHON_PACKAGE),
        ("java package", publication.JAVA_PACKAGE),
    ):
        text = text.replace(f"<{what}>", published)
    return text


def _readme(language: str, version: str) -> str:
    """Return what the SDK of a language shows on its own page."""
    name, code = _LANGUAGE_NAMES[language]
    example = re.search(rf"```{code}\n.*?```\n", _text("JobCompletion"), re.DOTALL)
    rows = "".join(
        f"| `{PACKAGE}:{name}` | `{environment_variable(snake_name(name))}` | {each['description']} |\n"
        for name, each in _SETTINGS.items()
    )
    return "\n".join(
        (
            f"# COS Batch jobs in {name}\n",
            f"{_DESCRIPTION}\n",
            *([example[0]] if example else []),
            f"Programs need the plugin `{PACKAGE}` {version}: `pip install pulumi-cosjob`, `cosjob plugin install`.",
            *([_NATIVE] if language == "python" else []),
            "\n| Pulumi config | environment variable | meaning |\n|---|---|---|",
            rows,
        )
    )


_NATIVE = "The module `pulumi_cosjob.native` of that package offers the same, with every field typed: prefer it."


# ------------------------------------------------------------------------------------------------------------ the whole


@functools.cache
def package_schema(version: str) -> Mapping[str, Any]:
    """Return the schema of the plugin, as `pulumi package get-schema` prints it."""
    xsd = _Xsd()
    job = {
        **xsd.properties(JobDescription, "Job"),
        "unknownElements": _list_of(
            {"type": "string"}, "Paths of the elements of the response that its schema does not list."
        ),
        "unknownValues": _list_of(
            {"type": "string"},
            "Values of the response that its schema does not list, at most 100, each with the path of its element, "
            "such as `/DescribeJobResult/Job/Status: Archiving`.",
        ),
    }
    types = {
        "JobDescription": {
            "type": "object",
            "description": "A job as the service described it. Fields that the response lacks are absent; times are "
            "text.",
            "properties": job,
            "required": _REQUIRED,
        },
        **xsd.types,
        **{name: _enumeration(*each) for name, each in _ENUMERATIONS.items()},
    }
    return {
        "name": PACKAGE,
        "displayName": "COS Batch jobs",
        "version": version,
        "description": _DESCRIPTION,
        "keywords": ["pulumi", "tencent cloud", "cos", "batch", "category/cloud"],
        "license": "Apache-2.0",
        "publisher": publication.PUBLISHER,
        **{name: address for name, address in publication.ADDRESSES.items() if address is not None},
        "meta": {"supportPack": True},
        "language": _languages(version),
        "config": {"variables": _config_variables()},
        "provider": {
            "description": "One account and region. Settings that are not given are taken from the environment of the "
            f"Pulumi command.\n\n{_text('Provider')}",
            "inputProperties": _provider_inputs(),
        },
        "types": {f"{PACKAGE}:index:{name}": types[name] for name in sorted(types)},
        "functions": {GET_JOB: _get_job(job), GET_JOBS: _get_jobs()},
        "resources": {JOB_GATE: _job_gate(job), JOBS_GATE: _jobs_gate()},
    }


_REQUIRED = ["jobId", "status", *map(camel_name, BEYOND_SCHEMA)]


def _languages(version: str) -> Property:
    """Return what generators of SDKs want to know; those of Go, Java and .NET have no use for a README yet."""
    names: dict[str, Property] = {
        "nodejs": {
            "packageName": publication.NPM_PACKAGE,
            "typescriptVersion": "~5.9.3",
            "respectSchemaVersion": True,
            "dependencies": {"@pulumi/pulumi": "^3.255.0"},
        },
        "go": {
            "importBasePath": f"{publication.GO_MODULE}/{PACKAGE}",
            "modulePath": publication.GO_MODULE,
            "respectSchemaVersion": True,
            "generateResourceContainerTypes": True,
        },
        "python": {
            "packageName": publication.PYTHON_PACKAGE,
            "respectSchemaVersion": True,
            "inputTypes": "classes",
            "pythonRequires": ">=3.10",
            "requires": {"pulumi": ">=3.255.0,<4.0.0"},
            "pyproject": {"enabled": True},
        },
        "csharp": {
            "rootNamespace": publication.CSHARP_NAMESPACE,
            "namespaces": {PACKAGE: "Cosjob"},
            "packageReferences": {"Pulumi": "3.*"},
            "respectSchemaVersion": True,
        },
        "java": {
            "basePackage": publication.JAVA_PACKAGE,
            # The generated code names annotations of the second, which the first does not bring.
            "dependencies": {"com.pulumi:pulumi": "1.16.0", "com.google.code.findbugs:jsr305": "3.0.2"},
            # Where a schema names no repository, the generator refuses to write build files.
            **({"buildFiles": "gradle"} if publication.ADDRESSES["repository"] else {}),
        },
    }
    return {language: {**each, "readme": _readme(language, version)} for language, each in names.items()}


def _get_job(job: Mapping[str, Property]) -> Property:
    return {
        "description": "Reads the current state of a job. Nothing of it is kept in the stack's state.\n\n"
        + _text("getJob"),
        "inputs": {
            "type": "object",
            "description": "The job to read.",
            "properties": {**_JOB_ID, **_APPID, **_ACCOUNT},
            "required": ["jobId", "appid"],
        },
        "outputs": {
            "type": "object",
            "description": "The job. Fields that the response lacks are absent; times are text.",
            "properties": dict(job),
            "required": _REQUIRED,
        },
    }


def _get_jobs() -> Property:
    return {
        "description": "Reads the current states of many jobs, with concurrent requests.\n\n" + _text("getJobs"),
        "inputs": {
            "type": "object",
            "description": "The jobs to read.",
            "properties": {**_JOB_IDS, **_APPID, **_MANY, **_ACCOUNT},
            "required": ["jobIds", "appid"],
        },
        "outputs": {
            "type": "object",
            "description": "The jobs that were found.",
            "properties": {
                "jobs": _jobs("The jobs by job id."),
                "missingJobIds": _list_of({"type": "string"}, "Ids of the jobs that were skipped."),
            },
            "required": ["jobs", "missingJobIds"],
        },
    }


def _jobs(description: str) -> Property:
    return _property("object", description, additionalProperties=_ref("JobDescription"))


def _job_gate(job: Mapping[str, Property]) -> Property:
    return {
        "description": "A gate that opens when a job has completed: the resource is created then, and resources that "
        "depend on it wait until then. All fields of the job are outputs, with their values at that time.\n\n"
        "A preview does not wait. It fails for malformed inputs, and for a job that is missing, failed or cancelled. "
        "A gate that fails leaves nothing in the state: the next update waits again. Deleting or refreshing a gate "
        "makes no requests, and an open gate stays when the service no longer keeps the job.\n\n"
        "Changing the job or the account replaces the gate. Changing `timeout`, `maxFailedTasks` or "
        "`failWhenSuspended` updates it in place; the update fails if the completed job exceeds the new "
        f"`maxFailedTasks`.\n\n{_text('JobCompletion')}",
        "properties": {**job, **_outputs({**_APPID, **_HOW, **_GATE_ACCOUNT}), **_SERVICE_ENDPOINT},
        "required": [*_REQUIRED, "appid"],
        "inputProperties": {**_all_replacing({**_JOB_ID, **_APPID}), **_HOW, **_GATE_ACCOUNT},
        "requiredInputs": ["jobId", "appid"],
    }


def _jobs_gate() -> Property:
    return {
        "description": "A gate that opens when all of many jobs have completed: the resource is created then, and "
        "resources that depend on it wait until then.\n\n"
        "It fails as soon as one job has failed, and lists all that have failed by then. The next update waits for "
        "jobs that were added to `jobIds`; jobs that have completed are not requested again. Changing the account "
        f"replaces the gate.\n\n{_text('AllJobsCompletion')}",
        "properties": {
            "jobs": _jobs("The jobs by job id, with their values at the time when they had completed."),
            **_outputs({**_JOB_IDS, **_APPID, **_HOW, **_GATE_ACCOUNT}),
            **_SERVICE_ENDPOINT,
        },
        "required": ["jobs", "jobIds", "appid"],
        "inputProperties": {**_JOB_IDS, **_all_replacing(_APPID), **_HOW, **_GATE_ACCOUNT},
        "requiredInputs": ["jobIds", "appid"],
    }


def _all_replacing(inputs: Mapping[str, Property]) -> dict[str, Property]:
    return {name: _replacing(each) for name, each in inputs.items()}


def _outputs(inputs: Mapping[str, Property]) -> dict[str, Property]:
    """Return inputs as the outputs that echo them: what is not given stays absent."""
    return {name: {key: part for key, part in each.items() if key != "default"} for name, each in inputs.items()}
