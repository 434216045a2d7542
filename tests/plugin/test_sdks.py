"""The SDKs that are generated from the plugin's schema: they compile, and their examples run on the real engine."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from example_pages import SDK, page, run_at_the_emulator, run_with_an_account, sections
from places import RESPONSES, ROOT
from pulumi_cosjob import __version__
from pulumi_cosjob._plugin.install import EXECUTABLE, write_launcher
from pulumi_cosjob._plugin.publication import CSHARP_NAMESPACE, GO_MODULE, JAVA_PACKAGE, NPM_PACKAGE
from pulumi_cosjob.testing import CosBatchEmulator
from pulumi_environment import pulumi_environment
from sdk_programs import JOB, OTHER_JOB, SCHEMA, create_completed_jobs, documented, run
from stacks import Stack, name_plugin

pytestmark = pytest.mark.engine

Sdk = Callable[[str, Path], None]


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the plugin of this environment; the host of YAML writes a file beside it."""
    folder = tmp_path_factory.mktemp("plugin") / "cosjob"
    folder.mkdir()
    write_launcher(folder)
    return folder


def other_languages(text: str) -> list[str]:
    """Return the languages of the code in a text, and the schema's shortcodes that are left in it."""
    return sorted(set(re.findall("```([a-z]+)", text)) | set(re.findall("{{%.*?%}}", text)))


# ------------------------------------------------------------------------------------------------------ schema and SDKs


@pytest.fixture(scope="module")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Sdk:
    """Return a function that writes the SDK of a language into a folder; warnings of the generator are errors."""
    schema = tmp_path_factory.mktemp("schema") / "schema.json"
    schema.write_text(json.dumps(SCHEMA))

    def write(language: str, folder: Path) -> None:
        assert run(schema.parent, "cosjob-sdkgen", language, schema, folder) == ""

    return write


@pytest.fixture(scope="module")
def typescript(tmp_path_factory: pytest.TempPathFactory, sdk: Sdk) -> Iterator[Path]:
    """Return the example in TypeScript with its SDK in `sdks/cosjob`, where `pulumi package add` writes it."""
    folder = tmp_path_factory.mktemp("typescript") / "program"
    shutil.copytree(ROOT / "examples" / "typescript", folder)
    package = folder / "sdks" / "cosjob"
    sdk("nodejs", package)
    # As that command does: the compiled code reads its version from the package.json beside it.
    metadata = json.loads((package / "package.json").read_text())
    (package / "bin").mkdir()
    for place in (package, package / "bin"):
        (place / "package.json").write_text(json.dumps({**metadata, "main": "bin/index.js"}))
    npm = ("npm", "install", "--no-package-lock", "--no-fund", "--no-audit", "--loglevel=error")
    run(folder, *npm)
    assert run(package, folder / "node_modules" / ".bin" / "tsc") == ""
    yield folder
    # Too large to be kept with other files of tests.
    shutil.rmtree(folder / "node_modules")


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory, sdk: Sdk) -> Path:
    """Return the example in Go with its SDK and a complete go.mod."""
    folder = tmp_path_factory.mktemp("go") / "program"
    shutil.copytree(ROOT / "examples" / "go", folder)
    sdk("go", folder / "sdks" / "cosjob")
    # With the modules that the engine was built from, which are compiled already.
    pinned = ROOT / "scripts" / "engine" / "pulumi"
    required = re.compile(r"^(?:require|replace|\)|\t(?!github.com/pulumi/pulumi/sdk)).*\n", re.MULTILINE)
    with (folder / "go.mod").open("a") as file:
        file.writelines(required.findall((pinned / "go.mod").read_text()))
    shutil.copyfile(pinned / "go.sum", folder / "go.sum")
    return folder


# Go adds the checksums of other modules, as `go mod tidy` does.
GO = {"GOFLAGS": f"{os.environ.get('GOFLAGS', '')} -trimpath -mod=mod".strip(), "GOWORK": "off"}


def test_the_engine_reads_the_schema(plugin: Path, tmp_path: Path) -> None:
    """The schema passes the engine's check, and the engine prints all of it."""
    variables = pulumi_environment(tmp_path, all_languages=True)
    printed = run(tmp_path, "pulumi", "package", "get-schema", plugin / EXECUTABLE, **variables)
    assert json.loads(printed) == json.loads(json.dumps(SCHEMA), object_hook=without_empty)
    assert run(tmp_path, "pulumi", "schema", "check", plugin / EXECUTABLE, **variables) == ""


def without_empty(values: dict[str, Any]) -> dict[str, Any]:
    """Leave out empty objects, as the engine does: one type has no properties."""
    return {name: value for name, value in values.items() if value != {}}


@pytest.mark.extra
def test_typescript(typescript: Path) -> None:
    """The SDK, the example and those of the documentation compile in strict mode; the declarations have their texts."""
    package = typescript / "sdks" / "cosjob"
    for name, code in documented("typescript").items():
        (typescript / "documented" / f"{name}.ts").parent.mkdir(exist_ok=True)
        (typescript / "documented" / f"{name}.ts").write_text(code)
    settings = json.loads((typescript / "tsconfig.json").read_text())
    documentation = {**settings, "files": [f"documented/{name}.ts" for name in documented("typescript")]}
    (typescript / "documented.json").write_text(json.dumps(documentation))
    for project in ("tsconfig.json", "documented.json"):
        assert run(typescript, typescript / "node_modules" / ".bin" / "tsc", "--noEmit", "-p", project) == ""
    gate = (package / "bin" / "jobCompletion.d.ts").read_text()
    assert "How many tasks there are and how they ended so far.\n     */\n    readonly progressSummary: " in gate
    assert "readonly status: pulumi.Output<string>;" in gate
    enums = (package / "bin" / "types" / "enums" / "index.d.ts").read_text()
    assert '* Ended; some tasks may have failed.\n     */\n    readonly Complete: "Complete";' in enums
    assert 'readonly CosBatchOperationsCsvV1: "COSBatchOperations_CSV_V1";' in enums
    settings = (package / "bin" / "config" / "vars.d.ts").read_text()
    for declared in ("uin: string | undefined;", "validation: string;", "requestTimeout: number;"):
        assert f"export declare const {declared}" in settings
    assert other_languages("".join(path.read_text() for path in package.glob("*.ts"))) == ["typescript"]
    assert (package / "README.md").read_text() == SCHEMA["language"]["nodejs"]["readme"]


def test_go(go: Path) -> None:
    """`go vet` passes for the SDK, the example and those of the documentation; the source has its texts."""
    for name, code in documented("go").items():
        (go / "documented" / name).mkdir(parents=True)
        (go / "documented" / name / "main.go").write_text(code)
    # `-mod=mod` adds the checksum of a module that only the SDK's config package needs.
    output = run(go, "go", "vet", "-mod=mod", "./...", f"{GO_MODULE}/...", **GO)
    assert [line for line in output.splitlines() if not line.startswith("go: downloading ")] == []
    assert run(go, "gofmt", "-l", "main.go", "documented") == ""
    package = go / "sdks" / "cosjob" / "cosjob"
    source = "".join(path.read_text() for path in sorted(package.glob("*.go")))
    for declared in (
        "\nfunc GetJob(ctx ",
        "func GetJobsOutput(ctx ",
        "func ListJobsOutput(ctx ",
        "func NewJobCompletion(ctx ",
        "func NewAllJobsCompletion(ctx ",
        '// Ended; some tasks may have failed.\n\tStatusComplete = Status("Complete")',
        '\tMissingSkip = Missing("skip")',
        "\n// Reads the current states of many jobs, with concurrent requests.\n//\n// ### Example: read many jobs\n",
        "\t// How many tasks there are and how they ended so far.\n\tProgressSummary ProgressSummaryPtrOutput ",
    ):
        assert declared in source
    assert "Lookup" not in source
    assert other_languages(source) == ["go"]


def test_python(tmp_path: Path, python_sdk: Path) -> None:
    """The SDK compiles and is imported without a warning; its classes have their texts."""
    python = (sys.executable, "-W", "error")
    assert run(tmp_path, *python, "-m", "compileall", "-q", python_sdk / "pulumi_cosjob_sdk") == ""
    program = """
import pulumi_cosjob_sdk as sdk
assert sdk.Status.COMPLETE.value == "Complete"
documentation = " ".join(sdk.outputs.ManifestSpec.format.__doc__.split())
assert documentation.startswith("A list made by hand, or an inventory that COS made. Known values: `COSBatch")
print(sdk.ManifestFormat.COS_BATCH_OPERATIONS_CSV_V1.value, sdk.AllJobsCompletion.__name__, sdk.get_job_output.__name__)
"""
    output = run(tmp_path, *python, "-c", program, PYTHONPATH=str(python_sdk))
    assert output.split() == ["COSBatchOperations_CSV_V1", "AllJobsCompletion", "get_job_output"]
    package = python_sdk / "pulumi_cosjob_sdk"
    assert other_languages("".join(path.read_text() for path in package.glob("*.py"))) == ["python"]
    readme = python_sdk.with_name("sdk") / package.name / "README.md"
    assert readme.read_text() == SCHEMA["language"]["python"]["readme"]


@pytest.fixture(scope="module")
def python_sdk(tmp_path_factory: pytest.TempPathFactory, sdk: Sdk) -> Path:
    """Return a folder in which the SDK for Python is installed, with the dependencies that this environment lacks."""
    folder = tmp_path_factory.mktemp("python")
    sdk("python", folder / "sdk")
    pip = (
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--target",
        folder / "site",
    )
    run(folder, *pip, "--no-deps", folder / "sdk", "parver")
    return folder / "site"


@pytest.fixture(scope="module")
def other_sdk(tmp_path_factory: pytest.TempPathFactory) -> Sdk:
    """Return a function that writes the SDK for Java or .NET, whose generators `cosjob-sdkgen` cannot contain."""
    folder = tmp_path_factory.mktemp("sdkgen")
    build = ("go", "build", "-o", folder / "sdkgen", ".")
    run(ROOT / "tests" / "sdkgen", *build, **GO)
    schema = folder / "schema.json"
    schema.write_text(json.dumps(SCHEMA))

    def write(language: str, target: Path) -> None:
        run(folder, folder / "sdkgen", language, schema, target)

    return write


@pytest.mark.extra
@pytest.mark.timeout(1200)
def test_java(tmp_path: Path, other_sdk: Sdk) -> None:
    """The SDK and the examples of the documentation compile with the dependencies that the schema lists."""
    other_sdk("java", tmp_path)
    pom = (ROOT / "tests" / "sdkgen" / "pom.xml").read_text()
    required = re.findall(r"<groupId>(.+)</groupId>\s+<artifactId>(.+)</artifactId>\s+<version>(.+)</version>", pom)[1:]
    dependencies = {f"{group}:{artifact}": version for group, artifact, version in required}
    assert dependencies == SCHEMA["language"]["java"]["dependencies"]
    (tmp_path / "pom.xml").write_text(pom)
    for name, code in documented("java").items():
        package = tmp_path / "src" / "main" / "java" / "documented" / name.lower()
        package.mkdir(parents=True)
        (package / "App.java").write_text(f"package documented.{name.lower()};\n\n{code}")
    run(tmp_path, "mvn", "-q", "-B", "compile")
    sources = tmp_path / "src" / "main" / "java" / Path(*JAVA_PACKAGE.split(".")) / "cosjob"
    gate = (sources / "JobCompletion.java").read_text()
    assert "### Example: release after a job has completed" in gate
    assert "public Output<String> status()" in gate
    assert "Ended; some tasks may have failed.\n" in (sources / "enums" / "Status.java").read_text()


@pytest.mark.extra
@pytest.mark.timeout(1200)
def test_csharp(tmp_path: Path, other_sdk: Sdk) -> None:
    """The SDK has our names. Tests do not compile it, so its documentation has no code."""
    other_sdk("csharp", tmp_path)
    project = (tmp_path / f"{CSHARP_NAMESPACE}.Cosjob.csproj").read_text()
    assert f"<Version>{__version__}</Version>" in project
    assert '<PackageReference Include="Pulumi" Version="3.*" />' in project
    gate = (tmp_path / "JobCompletion.cs").read_text()
    assert f"namespace {CSHARP_NAMESPACE}.Cosjob\n" in gate
    assert "Example" not in gate
    assert other_languages(gate) == []
    assert "/// Ended; some tasks may have failed.\n" in (tmp_path / "Enums.cs").read_text()


# ------------------------------------------------------------------------------------------------------------ examples


@pytest.fixture
def service() -> Iterator[CosBatchEmulator]:
    """An emulator whose clock is held until a test releases it."""
    with CosBatchEmulator() as emulator:
        emulator.clock.hold()
        yield emulator


@pytest.mark.extra
def test_example_in_typescript(plugin: Path, typescript: Path, tmp_path: Path) -> None:
    """The lines of its page open the gate, at the emulator and with an account."""
    for run_lines in (run_at_the_emulator, run_with_an_account):
        folder = tmp_path / run_lines.__name__ / "program"
        shutil.copytree(typescript, folder, symlinks=True)
        name_plugin(folder, plugin)
        run_lines("typescript", folder)


def test_example_in_go(plugin: Path, go: Path, tmp_path: Path) -> None:
    """The lines of its page open the gate; the language host compiles the program."""
    folder = tmp_path / "program"
    shutil.copytree(go, folder)
    name_plugin(folder, plugin)
    run_at_the_emulator("go", folder, **GO)


def test_what_replaces_the_lines_for_sdks() -> None:
    """Beside the fixtures above, the lines of the pages that make an SDK are no others than these."""
    lines = {name: [step.command for step in sections(page(name))[SDK]] for name in ("typescript", "go")}
    add = "pulumi package add ../../plugin"
    assert lines == {"typescript": [add, "npm install"], "go": [add, "go mod tidy"]}


def test_documented_examples_in_python(
    tmp_path: Path, plugin: Path, python_sdk: Path, service: CosBatchEmulator
) -> None:
    """They run as one program. Of the environment, an explicit provider's account alone reaches the state."""
    create_completed_jobs(service)
    program = "\n".join([*documented("python").values(), 'cosjob.Provider("bare")'])
    waiting = service.create_job(description="nightly copy", starts="first-request", seconds=0)
    variables = {**service.environment(), "COSJOB_UIN": "100000000001"}
    stack = Stack(tmp_path / "stack", program, {**variables, "PYTHONPATH": str(python_sdk)}, plugin=plugin)
    service.clock.release()
    assert "7 created" in stack.up().ok().text
    outputs = stack.outputs()
    assert (outputs["found"], outputs["waitedFor"]) == (["nightly copy"], [waiting])
    assert (outputs["status"], outputs["statuses"], outputs["failedTasks"]) == ("Complete", ["Complete"] * 2, 0)
    assert outputs["terminatedAt"].endswith("Z")
    inputs = {resource["urn"].rpartition("::")[2]: resource.get("inputs", {}) for resource in stack.resources()}
    account = {"uin": variables["COSJOB_UIN"], "region": variables["TENCENTCLOUD_REGION"]}
    assert {name: inputs["bare"].get(name) for name in SCHEMA["provider"]["inputProperties"]} == {
        **dict.fromkeys(SCHEMA["provider"]["inputProperties"]),
        **account,
    }
    gate = {"appid": "1250000000", "failWhenSuspended": False, "jobId": JOB, "maxFailedTasks": 0, "timeout": "2h"}
    assert {name: value for name, value in inputs["copied"].items() if not name.startswith("__")} == gate
    files = "".join(path.read_text(errors="replace") for path in stack.folder.rglob("*") if path.is_file())
    for secret in ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY"):
        assert variables[secret] not in files


NEW_STATUS = (
    f"""<DescribeJobResult><Job><JobId>{OTHER_JOB}</JobId><Status>Archiving</Status></Job></DescribeJobResult>"""
)
UNKNOWN_VALUES = {
    "status": "Archiving",
    "storageClass": "DEEP_COLD",
    "unknownOfGate": [
        f"/DescribeJobResult/Job/Operation/COSPutObjectCopy/{each}"
        for each in (
            "CannedAccessControlList: default",
            "NewObjectMetadata/SSEAlgorithm: cos/kms",
            "StorageClass: DEEP_COLD",
            "TaggingDirective: Replace",
        )
    ],
    "unknownOfRead": ["/DescribeJobResult/Job/Status: Archiving"],
    "unknownElements": ["/DescribeJobResult/Job/ProgressSummary/AutoManifestStatus"],
}
"""Outputs for a gate whose job has values that the schema does not list, and for a job with such a status."""


def serve_unknown_values(service: CosBatchEmulator) -> None:
    """Serve a completed job with unknown values, and one with an unknown status."""
    service.replay(JOB, (RESPONSES / "new-words.xml").read_text().replace("copy-to-the-archive", JOB))
    service.replay(OTHER_JOB, NEW_STATUS)


def test_unknown_values_in_python(tmp_path: Path, plugin: Path, python_sdk: Path, service: CosBatchEmulator) -> None:
    """The SDK returns them as texts: no property has the type of an enumeration."""
    serve_unknown_values(service)
    program = f"""
import pulumi
import pulumi_cosjob_sdk as cosjob

gate = cosjob.JobCompletion("gate", job_id="{JOB}", appid="1250000000")
read = cosjob.get_job_output(job_id="{OTHER_JOB}", appid="1250000000")
many = cosjob.get_jobs(job_ids=["{OTHER_JOB}"], appid="1250000000")
pulumi.export("status", read.status)
pulumi.export("ofMany", many.jobs["{OTHER_JOB}"].status)
pulumi.export("storageClass", gate.operation.apply(lambda done: done.cos_put_object_copy.storage_class))
pulumi.export("unknownOfGate", gate.unknown_values)
pulumi.export("unknownOfRead", read.unknown_values)
pulumi.export("unknownElements", gate.unknown_elements)
"""
    variables = {**service.environment(), "PYTHONPATH": str(python_sdk)}
    stack = Stack(tmp_path / "stack", program, variables, plugin=plugin)
    stack.up().ok()
    assert stack.outputs() == {**UNKNOWN_VALUES, "ofMany": "Archiving"}


@pytest.mark.extra
def test_unknown_values_in_typescript(
    plugin: Path, typescript: Path, service: CosBatchEmulator, tmp_path: Path
) -> None:
    """For the compiler they are texts too."""
    serve_unknown_values(service)
    folder = tmp_path / "program"
    # Another test may have run the program there.
    shutil.copytree(typescript, folder, symlinks=True, ignore=shutil.ignore_patterns("state", "home", "Pulumi.*"))
    shutil.copyfile(ROOT / "examples" / "typescript" / "Pulumi.yaml", folder / "Pulumi.yaml")
    (folder / "index.ts").write_text(
        f"""
import * as cosjob from "@pulumi/cosjob";

const gate = new cosjob.JobCompletion("gate", {{ jobId: "{JOB}", appid: "1250000000" }});
const read = cosjob.getJobOutput({{ jobId: "{OTHER_JOB}", appid: "1250000000" }});
const word: string = "Archiving";
export const status = read.status.apply((each) => (each === word ? each : "another"));
export const storageClass = gate.operation.apply((done) => done?.cosPutObjectCopy?.storageClass);
export const unknownOfGate = gate.unknownValues;
export const unknownOfRead = read.unknownValues;
export const unknownElements = gate.unknownElements;
""".replace("@pulumi/cosjob", NPM_PACKAGE)
    )
    stack = Stack(folder, folder, service.environment(), plugin=plugin)
    stack.up().ok()
    assert stack.outputs() == UNKNOWN_VALUES
