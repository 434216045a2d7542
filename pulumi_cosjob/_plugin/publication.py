"""Names and addresses under which package, plugin and SDKs are published: what only a person can decide.

The plugin's schema, its examples, the READMEs of its SDKs and the package's metadata use these names; tests compare
`pyproject.toml` and the examples in Go and TypeScript with them. `make release` lists what is not decided.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = [
    "ADDRESSES",
    "CSHARP_NAMESPACE",
    "GO_MODULE",
    "INDEX_PROJECT",
    "JAVA_PACKAGE",
    "NPM_PACKAGE",
    "PROPOSED",
    "PUBLISHER",
    "PYTHON_PACKAGE",
]

ADDRESSES: Mapping[str, str | None] = {
    "homepage": None,
    "repository": None,
    "logoUrl": None,
    "pluginDownloadURL": None,
}
"""Addresses by their names in the schema. The schema leaves out those that are None, that is, not decided yet.

`homepage` is where the site is served. With `repository`, links of README.md lead there at the package index, and the
Java SDK gets build files: its generator refuses to write them without. With `pluginDownloadURL`, an engine downloads
the plugin from there if it has none of the program's version; `github://api.github.com/OWNER/REPOSITORY` means the
files of that repository's releases. `logoUrl` is optional.
"""

PROPOSED = frozenset({"INDEX_PROJECT", "PYTHON_PACKAGE", "NPM_PACKAGE", "GO_MODULE", "PUBLISHER"})
"""The constants of this file that are proposals: remove each once its name is registered, or owned otherwise."""

INDEX_PROJECT = "pulumi-cosjob"
"""The project at the Python package index."""

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
