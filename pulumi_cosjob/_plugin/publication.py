"""Where the plugin and its SDKs are published: all that a release has to decide, and nothing else.

The plugin's schema, its examples and the READMEs of its SDKs take these names from here; the example in Go
(`examples/go/go.mod`) is held to them by a test.
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
"""Addresses by their names in the schema. None is "not decided": the schema then lacks it.

With `repository`, Java's SDK gets build files: its generator refuses to write them before. With `pluginDownloadURL`, an
engine that has no plugin of a program's version downloads it from there.
"""

PUBLISHER = "pulumi-cosjob"

GO_MODULE = "github.com/pulumi-cosjob/pulumi-cosjob/sdk/go"
"""The package in it is `cosjob`."""

NPM_PACKAGE = "pulumi-cosjob"

PYTHON_PACKAGE = "pulumi_cosjob_sdk"
"""Not `pulumi_cosjob`, which has classes of its own on the same plugin: `pulumi_cosjob.native`."""

JAVA_PACKAGE = "io.github.pulumi_cosjob"
"""The package in it is `cosjob`."""

CSHARP_NAMESPACE = "PulumiCosjob"
"""The namespace in it is `Cosjob`, and the assembly `PulumiCosjob.Cosjob`."""
