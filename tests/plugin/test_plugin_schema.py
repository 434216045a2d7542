"""The plugin's schema and version, over real gRPC."""

from __future__ import annotations

import json
from typing import Any

import grpc
import pytest
import xmlschema
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from plugins import (
    on_a_loop,
    plugin,
)
from pulumi_cosjob import schema_path
from pulumi_cosjob._model.element import Element, element_fields
from pulumi_cosjob._model.job import JobDescription
from pulumi_cosjob._model.job_summary import JobSummary
from pulumi_cosjob._model.naming import camel_name, xml_name
from pulumi_cosjob._plugin.package_schema import package_schema
from pulumi_cosjob._plugin.servicer import Servicer
from pulumi_cosjob._version import semantic

UNSIGNED_LONG = "{http://www.w3.org/2001/XMLSchema}unsignedLong"


def declared(schema: Any, properties: dict[str, Any], cls: type[Element], path: str) -> None:
    """Compare the properties of an object with the elements that an XSD processor finds at a path."""
    names = {camel_name(name) for name in element_fields(cls)}
    assert set(properties) - {"unknownElements", "unknownValues"} == names
    types = package_schema("0.1.0")["types"]
    for name, field in element_fields(cls).items():
        property_, element_path = properties[camel_name(name)], f"{path}/{xml_name(name)}"
        element = schema.find(element_path)
        description, annotation = property_["description"], str(element.annotation)
        if field.item:
            assert property_["type"] == "array"
            property_, element_path = property_["items"], f"{element_path}/{field.item}"
            element = schema.find(element_path)
        referred = types.get(property_.get("$ref", "").removeprefix("#/types/"))
        values = [word for member in getattr(element.type, "member_types", ()) for word in member.enumeration or ()]
        assert description == annotation + (
            f" Known values: {', '.join(f'`{each}`' for each in values)}." * bool(values)
        )
        if values:
            known = types[f"cosjob:index:{element.type.name}"]
            assert [each["value"] for each in known["enum"]] == values
            assert all(each["name"].isidentifier() for each in known["enum"])
            assert known["description"]
            assert property_["type"] == "string", "SDKs raise for what an enumeration does not list"
        elif issubclass(field.type, Element):
            declared(schema, referred["properties"], field.type, element_path)
        else:
            # An integer has 32 bits in some languages.
            whole = "number" if element.type.is_derived(schema.maps.types[UNSIGNED_LONG]) else "integer"
            assert property_["type"] == {str: "string", int: whole, bool: "boolean"}[field.type]


def test_the_schema_has_every_element_of_the_xsd() -> None:
    """Types, texts and enumerations are those that an independent XSD processor finds."""
    xsd = xmlschema.XMLSchema11(schema_path())
    schema = package_schema("0.1.0")
    inputs = {"appid", "uin", "region", "endpoint", "timeout", "maxFailedTasks", "failWhenSuspended"}
    inputs.add("serviceEndpoint")
    gate = schema["resources"]["cosjob:index:JobCompletion"]["properties"]
    for properties in (
        schema["functions"]["cosjob:index:getJob"]["outputs"]["properties"],
        schema["types"]["cosjob:index:JobDescription"]["properties"],
        {name: each for name, each in gate.items() if name not in inputs},
    ):
        declared(xsd, properties, JobDescription, "/DescribeJobResult/Job")


def test_the_schema_has_every_element_of_a_lists_xsd() -> None:
    """A job of a list has a type of its own, and its progress too; both are made from the second XSD."""
    schema = package_schema("0.1.0")
    xsd = xmlschema.XMLSchema11(schema_path("ListJobsResult"))
    declared(xsd, schema["types"]["cosjob:index:JobSummary"]["properties"], JobSummary, "/ListJobsResult/Jobs/member")
    outputs = schema["functions"]["cosjob:index:listJobs"]["outputs"]["properties"]
    assert outputs["jobs"]["items"] == {"$ref": "#/types/cosjob:index:JobSummary"}
    progress = schema["types"]["cosjob:index:JobSummary"]["properties"]["progressSummary"]
    assert progress["$ref"] == "#/types/cosjob:index:ListedProgressSummary"


@pytest.mark.parametrize(
    ("python", "pulumi"),
    [
        ("0.1.0", "0.1.0"),
        ("0.2.0rc1", "0.2.0-rc.1"),
        ("1.0.0a2.dev3", "1.0.0-alpha.2.dev.3"),
        ("1.0.0.dev3+gabc", "1.0.0-dev.3"),
        ("2024.1", "2024.1"),
    ],
)
def test_versions_are_written_as_pulumi_writes_them(python: str, pulumi: str) -> None:
    """The engine cannot read a release candidate in Python's notation."""
    assert semantic(python) == pulumi


@on_a_loop
async def test_the_plugin_returns_its_version_and_schema() -> None:
    """A method that it does not implement has its own status."""
    async with plugin() as served:
        assert (await served.stub.GetPluginInfo(empty_pb2.Empty())).version == "0.1.0"
        response = await served.stub.GetSchema(provider_pb2.GetSchemaRequest())
        assert json.loads(response.schema) == package_schema("0.1.0")
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await served.stub.Construct(provider_pb2.ConstructRequest())
        assert raised.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_no_method_of_the_protocol_returns_a_stack_trace() -> None:
    """The inherited methods would."""
    service = provider_pb2.DESCRIPTOR.services_by_name["ResourceProvider"]
    inherited = provider_pb2_grpc.ResourceProviderServicer
    names = [method.name for method in service.methods]
    assert [name for name in names if getattr(Servicer, name) is getattr(inherited, name)] == []
