"""Names and addresses under which the plugin and its SDKs are published: what a release has to decide.

The plugin's schema, its examples and the READMEs of its SDKs use these names; a test compares the examples in Go and
TypeScript with them.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["ADDRESSES", "CSHARP_NAMESPACE", "GO_MODULE", "JAVA_PACKAGE", "NPM_PACKAGE", "PUBLISHER", "PYTHON_PACKAGE"]

ADDRESSES: Mapping[str, str | None] = {
    "homepage": None,
    "repository": None,
    "logoUrl": None,
    "pluginDownloadURL": None,
}
"""Addresses by their names in the schema. The schema leaves out those that are None, that is, not decided yet.

With `repository`, the Java SDK gets build files: its generator refuses to write them without. With `pluginDownloadURL`,
an engine downloads the plugin from there if it has none of the program's version.
"""

PUBLISHER = "pulumi-cosjob"

GO_MODULE = "github.com/pulumi-cosjob/pulumi-cosjob/sdk/go"
"""The package in it is `cosjob`."""

NPM_PACKAGE = "pulumi-cosjob"

PYTHON_PACKAGE = "pulumi_cosjob_sdk"
"""Not `pulumi_cosjob`, whose module `native` has classes of its own for the same plugin."""

JAVA_PACKAGE = "io.github.pulumi_cosjob"
"""The package in it is `cosjob`."""

CSHARP_NAMESPACE = "PulumiCosjob"
"""The namespace in it is `Cosjob`, and the assembly `PulumiCosjob.Cosjob`."""
