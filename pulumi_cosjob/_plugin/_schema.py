"""The plugin's Pulumi schema: types, texts and enumerations of a job come from the XSD, the inputs are said here."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

from pulumi_cosjob._job import STATES, Element, JobDescription, camel_name, element_fields, xml_name
from pulumi_cosjob._schema import VALIDATIONS, schema_path
from pulumi_cosjob._settings import MISSING

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

CONFIG: Mapping[str, Property] = {
    "uin": _property(
        "string",
        "Id of the main account, such as `100000000001`. By default from the environment variable `COSJOB_UIN`.",
    ),
    "region": _property(
        "string",
        "The jobs' region, such as `ap-chengdu`. By default from the environment variable `TENCENTCLOUD_REGION`.",
    ),
    "secretId": _property(
        "string",
        "Id of the key that requests are signed with. By default from `TENCENTCLOUD_SECRET_ID`, then from the vendor's "
        "credentials files and machine roles.",
        secret=True,
    ),
    "secretKey": _property(
        "string", "The key that goes with `secretId`. By default from `TENCENTCLOUD_SECRET_KEY`.", secret=True
    ),
    "token": _property(
        "string",
        "The token that goes with a temporary key. By default from `TENCENTCLOUD_SECURITY_TOKEN`.",
        secret=True,
    ),
    "endpoint": _property(
        "string",
        "Endpoint in place of the one that `uin` and `region` make up; an emulator's, for example. By default from the "
        "environment variable `COSJOB_ENDPOINT`.",
    ),
    "validation": {
        **_ref("Validation"),
        "description": "What to do with an answer that breaks the schema of `DescribeJobResult`: `strict` (default) "
        "refuses it, `lenient` takes what can be taken.",
    },
    "requestTimeout": _property(
        "number",
        "Seconds for one question with all its tries; 60 by default. One try has a sixth of it, 10 s at the least.",
    ),
}

_JOB_ID = {"jobId": _property("string", "Id of the job, 1 to 64 characters.")}
_JOB_IDS = {"jobIds": _list_of({"type": "string"}, "Ids of the jobs, 1 to 64 characters each.")}
_APPID = {"appid": _property("string", "APPID of the account that owns the jobs, such as `1250000000`.")}
_ACCOUNT = {
    "uin": _property("string", "Id of the main account, in place of the provider's."),
    "region": _property("string", "Region of the jobs, in place of the provider's."),
    "endpoint": _property("string", "Endpoint, in place of the provider's."),
}
_HOW = {
    "timeout": _property(
        "string",
        'For how long to wait at the most: `"90s"`, `"2h"`, `"1d12h"`. By default what `customTimeouts` says for '
        'create (of jobs that are added later, for update), then `"1h"`.',
    ),
    "maxFailedTasks": _property(
        "integer", "Failed tasks that a complete job may have: 0 by default, -1 for any number."
    ),
    "failWhenSuspended": _property(
        "boolean", "Whether to give up when a job waits for a person to confirm it. False by default."
    ),
}
_SERVICE_ENDPOINT = {
    "serviceEndpoint": _property(
        "string",
        "Endpoint that the jobs were read from. Another one, whether an input, the provider, the configuration or the "
        "environment leads there, replaces the gate.",
    )
}
_MANY = {
    "missing": {
        **_ref("Missing"),
        "description": "What to do about a job that the service does not know: `error` (default) fails and names all "
        "of them, `skip` leaves them out and lists them in `missingJobIds`.",
    },
    "maxConcurrency": _property(
        "integer", "How many questions may be under way, 1 to 64; 16 by default, fewer while the service asks for that."
    ),
}

_ENUMERATIONS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "Validation": (
        "What to do with an answer that breaks the schema.",
        dict(zip(VALIDATIONS, ("It is refused.", "What can be taken of it is taken."), strict=True)),
    ),
    "Missing": (
        "What to do about a job that the service does not know.",
        dict(zip(MISSING, ("It is an error.", "It is left out, and listed."), strict=True)),
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
        description = _documentation(element)
        if item is not None:
            return _list_of(self._value(type_, self._element(element.get("type", ""), item)), description)
        return {**self._value(type_, element), "description": description}

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
        values = [each.get("value", "") for each in self._parts(declared, "enumeration")]
        if not values:
            return {"type": _TYPES.get(self._base(declared)) or _TYPES[type_]}
        meanings = {value: f"{STATES[value].meaning}." if declared == "Status" else "" for value in values}
        self.types[declared] = _enumeration(_documentation(self._named[declared]), meanings)
        return _ref(declared)

    def _parts(self, declared: str, name: str) -> list[ET.Element]:
        return self._named[declared].findall(f".//{_XS}{name}") if declared in self._named else []

    def _base(self, declared: str) -> str:
        return next((each.get("base", "") for each in self._parts(declared, "restriction")), declared)


def _enumeration(description: str, meanings: Mapping[str, str]) -> Property:
    values = [
        {
            "name": _enumerator(value),
            "value": value,
            **({"description": f"{meaning[0].upper()}{meaning[1:]}"} if meaning else {}),
        }
        for value, meaning in meanings.items()
    ]
    return {"type": "string", "description": description, "enum": values}


def _enumerator(value: str) -> str:
    """Return a name of which each language makes its own: `PublicRead`, `FullControl`, `CosBatchOperationsCsvV1`."""
    # Capitals in a row are one word, or Python's generator would see one in each: CSVV1 is CSV_V1 there.
    words = re.findall("[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", value)
    return "".join(map(str.capitalize, words))


def _documentation(element: ET.Element) -> str:
    return element.findtext(f"{_XS}annotation/{_XS}documentation", "")


# ------------------------------------------------------------------------------------------------------------ the whole


@functools.cache
def package_schema(version: str) -> Mapping[str, Any]:
    """Return the schema of the plugin, as `pulumi package get-schema` prints it."""
    xsd = _Xsd()
    job = {
        **xsd.properties(JobDescription, "Job"),
        "unknownElements": _list_of(
            {"type": "string"}, "Paths of what the answer held beyond the schema, so that nothing is lost in silence."
        ),
    }
    types = {
        "JobDescription": {
            "type": "object",
            "description": "A job as the service described it; what the answer lacked is absent, times are text.",
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
        "description": "Read Tencent Cloud COS Batch jobs, and hold a deployment until they have completed.",
        "keywords": ["pulumi", "tencent cloud", "cos", "batch", "category/cloud"],
        "license": "Apache-2.0",
        "publisher": "pulumi-cosjob",
        "meta": {"supportPack": True},
        "language": _LANGUAGES,
        # Of an enumeration, the SDK of TypeScript would want a program's configuration to be JSON: "strict" in quotes.
        "config": {"variables": {**CONFIG, "validation": _property("string", CONFIG["validation"]["description"])}},
        "provider": {
            "description": "One account and region. What is not given comes from the environment of the command.",
            "inputProperties": dict(CONFIG),
        },
        "types": {f"{PACKAGE}:index:{name}": types[name] for name in sorted(types)},
        "functions": {GET_JOB: _get_job(job), GET_JOBS: _get_jobs()},
        "resources": {JOB_GATE: _job_gate(job), JOBS_GATE: _jobs_gate()},
    }


_REQUIRED = ["jobId", "status", "unknownElements"]

_LANGUAGES = {
    "nodejs": {
        "packageName": "pulumi-cosjob",
        "typescriptVersion": "~5.9.3",
        "respectSchemaVersion": True,
        "dependencies": {"@pulumi/pulumi": "^3.255.0"},
    },
    "go": {
        "importBasePath": "example.com/pulumi-cosjob/sdk/go/cosjob",
        "modulePath": "example.com/pulumi-cosjob/sdk/go",
        "respectSchemaVersion": True,
        "generateResourceContainerTypes": True,
    },
    # Not pulumi_cosjob, which has classes of its own for Python: pulumi_cosjob.native.
    "python": {
        "packageName": "pulumi_cosjob_sdk",
        "respectSchemaVersion": True,
        "inputTypes": "classes",
        "pythonRequires": ">=3.10",
        "requires": {"pulumi": ">=3.255.0,<4.0.0"},
        "pyproject": {"enabled": True},
    },
}


def _get_job(job: Mapping[str, Property]) -> Property:
    return {
        "description": "Reads the state of a job, as it is now. The job is never owned, and nothing of it is kept in "
        "the stack's state.",
        "inputs": {
            "type": "object",
            "properties": {**_JOB_ID, **_APPID, **_ACCOUNT},
            "required": ["jobId", "appid"],
        },
        "outputs": {
            "type": "object",
            "description": "The job; what the answer lacked is absent, times are text.",
            "properties": dict(job),
            "required": _REQUIRED,
        },
    }


def _get_jobs() -> Property:
    return {
        "description": "Reads the states of many jobs, asked about at the same time.",
        "inputs": {
            "type": "object",
            "properties": {**_JOB_IDS, **_APPID, **_MANY, **_ACCOUNT},
            "required": ["jobIds", "appid"],
        },
        "outputs": {
            "type": "object",
            "description": "The jobs that were found.",
            "properties": {
                "jobs": _jobs("The jobs by their ids."),
                "missingJobIds": _list_of({"type": "string"}, "Ids of the jobs that were skipped."),
            },
            "required": ["jobs", "missingJobIds"],
        },
    }


def _jobs(description: str) -> Property:
    return _property("object", description, additionalProperties=_ref("JobDescription"))


def _job_gate(job: Mapping[str, Property]) -> Property:
    return {
        "description": 'Stands for "this job has completed": it exists once that is so, and what depends on it '
        "waits. All fields of the job are outputs, as they were then.\n\nA preview never waits; it fails at once for "
        "malformed inputs and for a job that is missing, failed or cancelled. A gate that failed leaves nothing "
        "behind: the next update waits again. Deleting it touches nothing, and a refresh leaves it be, also after the "
        "service has forgotten the job.",
        "properties": {**job, **_APPID, **_HOW, **_ACCOUNT, **_SERVICE_ENDPOINT},
        "required": [*_REQUIRED, "appid"],
        "inputProperties": {**_JOB_ID, **_APPID, **_HOW, **_ACCOUNT},
        "requiredInputs": ["jobId", "appid"],
    }


def _jobs_gate() -> Property:
    return {
        "description": 'Stands for "all these jobs have completed", asked about at the same time.\n\nIt fails as '
        "soon as one job has failed, and names all that have by then. A job that is added later is waited for by the "
        "next update; those that have completed are not asked about again.",
        "properties": {
            "jobs": _jobs("The jobs as they were when they had completed, by their ids."),
            **_JOB_IDS,
            **_APPID,
            **_HOW,
            **_ACCOUNT,
            **_SERVICE_ENDPOINT,
        },
        "required": ["jobs", "jobIds", "appid"],
        "inputProperties": {**_JOB_IDS, **_APPID, **_HOW, **_ACCOUNT},
        "requiredInputs": ["jobIds", "appid"],
    }
