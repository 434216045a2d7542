"""The plugin's Pulumi schema. The types of a job come from the XSD; inputs and texts are written here."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from pulumi_cosjob._plugin import publication
from pulumi_cosjob._plugin.package_schema.functions import GET_JOB, GET_JOBS, LIST_JOBS, functions
from pulumi_cosjob._plugin.package_schema.languages import DESCRIPTION, languages
from pulumi_cosjob._plugin.package_schema.parts import PACKAGE
from pulumi_cosjob._plugin.package_schema.provider import CONFIG, config_variables, provider
from pulumi_cosjob._plugin.package_schema.resources import JOB_GATE, JOBS_GATE, resources
from pulumi_cosjob._plugin.package_schema.types import JOB, types

__all__ = ["CONFIG", "GET_JOB", "GET_JOBS", "JOBS_GATE", "JOB_GATE", "LIST_JOBS", "PACKAGE", "package_schema"]


@functools.cache
def package_schema(version: str) -> Mapping[str, Any]:
    """Return the schema of the plugin, as `pulumi package get-schema` prints it."""
    all_types = types()
    job = all_types[JOB]["properties"]
    return {
        "name": PACKAGE,
        "displayName": "COS Batch jobs",
        "version": version,
        "description": DESCRIPTION,
        "keywords": ["pulumi", "tencent cloud", "cos", "batch", "category/cloud"],
        "license": "Apache-2.0",
        "publisher": publication.PUBLISHER,
        **{name: address for name, address in publication.ADDRESSES.items() if address is not None},
        "meta": {"supportPack": True},
        "language": languages(version),
        "config": {"variables": config_variables()},
        "provider": provider(),
        "types": {f"{PACKAGE}:index:{name}": all_types[name] for name in sorted(all_types)},
        "functions": functions(job),
        "resources": resources(job),
    }
