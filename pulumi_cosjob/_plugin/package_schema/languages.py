"""Settings and READMEs of the SDKs of the plugin's schema, by language."""

from __future__ import annotations

import re

from pulumi_cosjob._plugin import publication
from pulumi_cosjob._plugin.package_schema.parts import PACKAGE, Property, documentation
from pulumi_cosjob._plugin.package_schema.provider import SETTINGS, variable_of

__all__ = ["DESCRIPTION", "languages"]

DESCRIPTION = "Read Tencent Cloud COS Batch jobs, and hold a deployment until they have completed."

_NAMES = {
    "nodejs": ("TypeScript and JavaScript", "typescript"),
    "python": ("Python", "python"),
    "go": ("Go", "go"),
    "java": ("Java", "java"),
    "csharp": (".NET", "csharp"),
}
_NATIVE = "The module `pulumi_cosjob.native` of that package offers the same, with every field typed: prefer it."

_INSTALL = "pip install 'pulumi-cosjob[pulumi]'"


def languages(version: str) -> Property:
    """Return what SDK generators read, by language; those of Go, Java and .NET ignore the README so far."""
    settings: dict[str, Property] = {
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
            # The generated code uses annotations of the second package, on which the first does not depend.
            "dependencies": {"com.pulumi:pulumi": "1.16.0", "com.google.code.findbugs:jsr305": "3.0.2"},
            # The generator refuses to write build files for a schema without a repository.
            **({"buildFiles": "gradle"} if publication.ADDRESSES["repository"] else {}),
        },
    }
    return {language: {**each, "readme": _readme(language, version)} for language, each in settings.items()}


def _readme(language: str, version: str) -> str:
    """Return the README of an SDK: an example, how to install the plugin, the settings."""
    name, fence = _NAMES[language]
    example = re.search(rf"```{fence}\n.*?```\n", documentation("JobCompletion"), re.DOTALL)
    rows = "".join(
        f"| `{PACKAGE}:{setting}` | `{variable_of(setting)}` | {each['description']} |\n"
        for setting, each in SETTINGS.items()
    )
    return "\n".join(
        (
            f"# COS Batch jobs in {name}\n",
            f"{DESCRIPTION}\n",
            *([example[0]] if example else []),
            f"Programs need the plugin `{PACKAGE}` {version}: `{_INSTALL}`, then `cosjob plugin install`.",
            *([_NATIVE] if language == "python" else []),
            "\n| Pulumi config | environment variable | meaning |\n|---|---|---|",
            rows,
        )
    )
