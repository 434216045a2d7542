"""The native plugin in every language: its schema, the SDKs made of it, and the examples on the real engine."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from places import RESPONSES, ROOT
from pulumi_cosjob import __version__
from pulumi_cosjob._plugin.install import EXECUTABLE, write_launcher
from pulumi_cosjob._plugin.package_schema import package_schema
from pulumi_cosjob._plugin.publication import CSHARP_NAMESPACE, GO_MODULE, JAVA_PACKAGE, NPM_PACKAGE
from pulumi_cosjob.testing import CosBatchEmulator
from pulumi_environment import engine_path, pulumi_environment
from stacks import Stack

pytestmark = pytest.mark.engine

# The vendor's own example, which programs in YAML name: this engine's host for them has no configuration.
JOB = "53dc6228-c50b-46f7-8ad7-65e7159f1aae"
# The second one of the examples that the schema has.
OTHER_JOB = "7b1f7f0e-2c5d-4a39-9a53-0d8c1c1c6f4e"
SCHEMA = package_schema(__version__)

Sdk = Callable[[str, Path], None]


def run(folder: Path, *command: str | Path, **variables: str) -> str:
    """Run a tool that has to be there and to succeed; return all that it says."""
    path = os.pathsep.join([engine_path(all_languages=True), os.environ["PATH"]])
    done = subprocess.run(
        command,
        executable=shutil.which(command[0], path=path),
        cwd=folder,
        env={**os.environ, "PATH": path, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stdout}"
    return done.stdout


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the plugin of this environment; the host for YAML leaves a file beside it."""
    folder = tmp_path_factory.mktemp("plugin") / "cosjob"
    folder.mkdir()
    write_launcher(folder)
    return folder


def documented(language: str) -> dict[str, str]:
    """Return the examples of the schema in a language, by what they are about."""
    described = {"Provider": SCHEMA["provider"], **SCHEMA["functions"], **SCHEMA["resources"]}
    fence = re.compile(f"```{language}\n(.*?)```", re.DOTALL)
    return {
        name.rpartition(":")[2]: code for name, each in described.items() for code in fence.findall(each["description"])
    }


def other_languages(text: str) -> list[str]:
    """Return in which languages code stands in a text, and what is left of the schema's own marks."""
    return sorted(set(re.findall("```([a-z]+)", text)) | set(re.findall("{{%.*?%}}", text)))


# ------------------------------------------------------------------------------------------------------ schema and SDKs


@pytest.fixture(scope="module")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Sdk:
    """Write the SDK of a language into a folder; the generator takes every warning for an error."""
    schema = tmp_path_factory.mktemp("schema") / "schema.json"
    schema.write_text(json.dumps(SCHEMA))

    def write(language: str, folder: Path) -> None:
        assert run(schema.parent, "cosjob-sdkgen", language, schema, folder) == ""

    return write


@pytest.fixture(scope="module")
def typescript(tmp_path_factory: pytest.TempPathFactory, sdk: Sdk) -> Iterator[Path]:
    """Provide the example in TypeScript with its SDK in `sdks/cosjob`, as `pulumi package add` lays it out."""
    folder = tmp_path_factory.mktemp("typescript") / "program"
    shutil.copytree(ROOT / "examples" / "typescript", folder)
    package = folder / "sdks" / "cosjob"
    sdk("nodejs", package)
    # So that command's own generator does: what is compiled finds its version beside it.
    metadata = json.loads((package / "package.json").read_text())
    (package / "bin").mkdir()
    for place in (package, package / "bin"):
        (place / "package.json").write_text(json.dumps({**metadata, "main": "bin/index.js"}))
    npm = ("npm", "install", "--no-package-lock", "--no-fund", "--no-audit", "--loglevel=error")
    run(folder, *npm)
    assert run(package, folder / "node_modules" / ".bin" / "tsc") == ""
    yield folder
    # Too large to be kept with what tests leave behind.
    shutil.rmtree(folder / "node_modules")


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory, sdk: Sdk) -> Path:
    """Return the example in Go with its SDK, and all that its go.mod needs."""
    folder = tmp_path_factory.mktemp("go") / "program"
    shutil.copytree(ROOT / "examples" / "go", folder)
    sdk("go", folder / "sdks" / "cosjob")
    # The engine's own modules: what it was built of need not be compiled again.
    pinned = ROOT / "scripts" / "engine" / "pulumi"
    required = re.compile(r"^(?:require|replace|\)|\t(?!github.com/pulumi/pulumi/sdk)).*\n", re.MULTILINE)
    with (folder / "go.mod").open("a") as file:
        file.writelines(required.findall((pinned / "go.mod").read_text()))
    shutil.copyfile(pinned / "go.sum", folder / "go.sum")
    return folder


# What the engine itself was not built of is added to the sums, as `go mod tidy` does.
GO = {"GOFLAGS": f"{os.environ.get('GOFLAGS', '')} -trimpath -mod=mod".strip(), "GOWORK": "off"}


def test_the_engine_reads_the_schema(plugin: Path, tmp_path: Path) -> None:
    """What the plugin says of itself passes the engine's check, and is all there."""
    variables = pulumi_environment(tmp_path, all_languages=True)
    printed = run(tmp_path, "pulumi", "package", "get-schema", plugin / EXECUTABLE, **variables)
    assert json.loads(printed) == json.loads(json.dumps(SCHEMA), object_hook=without_empty)
    assert run(tmp_path, "pulumi", "schema", "check", plugin / EXECUTABLE, **variables) == ""


def without_empty(values: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is empty, as the engine does: one type has no properties."""
    return {name: value for name, value in values.items() if value != {}}


def test_typescript(typescript: Path) -> None:
    """The SDK compiles, and so do the example and those of its documentation, strictly; all read well."""
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
    """The SDK compiles and is vetted, and so are the example and those of its documentation; all read well."""
    for name, code in documented("go").items():
        (go / "documented" / name).mkdir(parents=True)
        (go / "documented" / name / "main.go").write_text(code)
    # What the engine's modules lack is added here: the checksum of one that only the SDK's config package needs.
    said = run(go, "go", "vet", "-mod=mod", "./...", f"{GO_MODULE}/...", **GO)
    assert [line for line in said.splitlines() if not line.startswith("go: downloading ")] == []
    assert run(go, "gofmt", "-l", "main.go", "documented") == ""
    package = go / "sdks" / "cosjob" / "cosjob"
    source = "".join(path.read_text() for path in sorted(package.glob("*.go")))
    for declared in (
        "\nfunc GetJob(ctx ",
        "func GetJobsOutput(ctx ",
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
    """The SDK compiles and is imported without a warning, under a name of its own, and reads well."""
    python = (sys.executable, "-W", "error")
    assert run(tmp_path, *python, "-m", "compileall", "-q", python_sdk / "pulumi_cosjob_sdk") == ""
    program = """
import pulumi_cosjob_sdk as sdk
assert sdk.Status.COMPLETE.value == "Complete"
documentation = " ".join(sdk.outputs.ManifestSpec.format.__doc__.split())
assert documentation.startswith("A list made by hand, or an inventory that COS made. Known values: `COSBatch")
print(sdk.ManifestFormat.COS_BATCH_OPERATIONS_CSV_V1.value, sdk.AllJobsCompletion.__name__, sdk.get_job_output.__name__)
"""
    said = run(tmp_path, *python, "-c", program, PYTHONPATH=str(python_sdk))
    assert said.split() == ["COSBatchOperations_CSV_V1", "AllJobsCompletion", "get_job_output"]
    package = python_sdk / "pulumi_cosjob_sdk"
    assert other_languages("".join(path.read_text() for path in package.glob("*.py"))) == ["python"]
    readme = python_sdk.with_name("sdk") / package.name / "README.md"
    assert readme.read_text() == SCHEMA["language"]["python"]["readme"]


@pytest.fixture(scope="module")
def python_sdk(tmp_path_factory: pytest.TempPathFactory, sdk: Sdk) -> Path:
    """Return a folder in which the SDK for Python is installed, with what it needs and this environment lacks."""
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
    """Write the SDK for Java or .NET, by generators that `cosjob-sdkgen` cannot be built with."""
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
    """The SDK compiles with what the schema says that it needs, and so do the examples of its documentation."""
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
    """The SDK is written under our own names; nothing here compiles it, so its documentation has no code."""
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
    """Serve jobs whose clock stands until a test lets it go."""
    with CosBatchEmulator() as emulator:
        emulator.clock.hold()
        yield emulator


def live(stack: Stack, release: Callable[[], None], created: int) -> dict[str, Any]:
    """Take an example through its life: a preview, then its jobs run, an update, another one, its end.

    Args:
        stack: The example.
        release: Lets its jobs run.
        created: How many resources it has, the stack among them.

    Returns:
        Its outputs.
    """
    assert f"{created} to create" in stack.preview().ok().text
    release()
    up = stack.up().ok()
    assert "warning" not in up.text
    assert re.search(r"copied creating \([0-9]+s\) .*\d+ %, .*\d+ of 100 tasks", up.text), "live progress is shown"
    # The last word on a gate is said before the first one on what depends on it.
    assert up.text.rindex("copied created") < up.text.index("release creating")
    outputs = stack.outputs()
    assert f"{created} unchanged" in stack.up("--expect-no-changes").ok().text
    assert stack.outputs() == outputs or "statusBefore" in outputs
    assert f"{created} deleted" in stack.destroy().ok().text
    return outputs


def test_example_in_yaml(tmp_path: Path, plugin: Path, service: CosBatchEmulator) -> None:
    """A program without a line of code."""
    service.create_job("completes", seconds=3, job_id=JOB, description="Copy for the archive")
    stack = Stack(tmp_path / "stack", ROOT / "examples" / "yaml", service.environment(), plugin=plugin)
    outputs = live(stack, service.clock.release, 3)
    assert outputs["statusBefore"] in ("New", "Preparing", "Ready", "Active")
    assert outputs["terminatedAt"].endswith("Z")
    assert {name: outputs[name] for name in ("description", "status", "copied", "released")} == {
        "description": "Copy for the archive",
        "status": "Complete",
        "copied": 100,
        "released": [JOB],
    }


def test_example_in_typescript(plugin: Path, typescript: Path, service: CosBatchEmulator) -> None:
    """A program on the generated SDK; what it reads after the gate is the final state."""
    job_id = service.create_job("completes", seconds=3)
    stack = Stack(typescript, typescript, service.environment(), plugin=plugin)
    stack.run("config", "set", "jobId", job_id).ok()
    outputs = live(stack, service.clock.release, 3)
    assert outputs.pop("terminatedAt").endswith("Z")
    assert outputs == {"released": "2026.11", "isComplete": True, "objects": 100}


def test_example_in_go(tmp_path: Path, plugin: Path, go: Path, service: CosBatchEmulator) -> None:
    """The same, compiled by the engine's host."""
    job_id = service.create_job("completes", seconds=3)
    stack = Stack(tmp_path / "stack", go, {**service.environment(), **GO}, plugin=plugin)
    stack.run("config", "set", "jobId", job_id).ok()
    outputs = live(stack, service.clock.release, 3)
    assert outputs.pop("terminatedAt").endswith("Z")
    assert outputs == {"released": "2026.11", "isComplete": True, "objects": 100}


def test_documented_examples_in_python(
    tmp_path: Path, plugin: Path, python_sdk: Path, service: CosBatchEmulator
) -> None:
    """They run as one program, and of the environment only an account reaches the state, by an explicit provider."""
    completed(service)
    program = "\n".join([*documented("python").values(), 'cosjob.Provider("bare")'])
    variables = service.environment()
    stack = Stack(tmp_path / "stack", program, {**variables, "PYTHONPATH": str(python_sdk)}, plugin=plugin)
    assert "6 created" in stack.up().ok().text
    outputs = stack.outputs()
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
    kept = "".join(path.read_text(errors="replace") for path in stack.folder.rglob("*") if path.is_file())
    for secret in ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY"):
        assert variables[secret] not in kept


NEW_STATUS = (
    f"""<DescribeJobResult><Job><JobId>{OTHER_JOB}</JobId><Status>Archiving</Status></Job></DescribeJobResult>"""
)
NEW_WORDS = {
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
"""What a program reads of a gate whose job has words that nobody listed, and of a job with such a status."""


def gain_words(service: CosBatchEmulator) -> None:
    """Serve a Complete job with new words, and one whose status is new."""
    service.replay(JOB, (RESPONSES / "new-words.xml").read_text().replace("copy-to-the-archive", JOB))
    service.replay(OTHER_JOB, NEW_STATUS)


def test_new_words_in_python(tmp_path: Path, plugin: Path, python_sdk: Path, service: CosBatchEmulator) -> None:
    """The generated SDK, which makes members of enumerations where a schema names some, reads them as texts."""
    gain_words(service)
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
    assert stack.outputs() == {**NEW_WORDS, "ofMany": "Archiving"}


def test_new_words_in_typescript(plugin: Path, typescript: Path, service: CosBatchEmulator, tmp_path: Path) -> None:
    """They are texts for the compiler as well."""
    gain_words(service)
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
    assert stack.outputs() == NEW_WORDS


@pytest.mark.parametrize("name", documented("yaml"))
def test_documented_example_in_yaml(tmp_path: Path, plugin: Path, service: CosBatchEmulator, name: str) -> None:
    """It does what its title says; YAML takes no defaults from a schema, and means the same."""
    completed(service)
    folder = tmp_path / "program"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text(f"name: documented\nruntime: yaml\n{documented('yaml')[name]}")
    stack = Stack(tmp_path / "stack", folder, service.environment(), plugin=plugin)
    assert "warning" not in stack.up().ok().text
    outputs = stack.outputs()
    assert outputs
    assert None not in outputs.values()
    assert outputs.get("status", "Complete") == "Complete"
    assert set(outputs.get("jobs", (JOB, OTHER_JOB))) == {JOB, OTHER_JOB}


def completed(service: CosBatchEmulator) -> None:
    """Provide the jobs that the schema's examples name."""
    for job_id in (JOB, OTHER_JOB):
        service.create_job("completes", seconds=3, job_id=job_id)
    service.clock.advance(60)


def test_example_of_two_accounts(tmp_path: Path) -> None:
    """Each account is asked with its own key, refuses the other's, and no key is kept in the open."""
    with (
        CosBatchEmulator(uin="100000000001", secret_id="archive-id", secret_key="archive-key") as archive,
        CosBatchEmulator(uin="100000000002", secret_id="live-id", secret_key="live-key") as other,
    ):
        accounts = {"archive": archive, "live": other}
        settings: list[str] = []
        for name, account in accounts.items():
            account.clock.hold()
            job_id = account.create_job("completes", seconds=3)
            uin = account.environment()["COSJOB_UIN"]
            for key, value in {"jobId": job_id, "uin": uin, "endpoint": account.endpoint}.items():
                settings += ["--plaintext", f"{name}:{key}={value}"]
        stack = Stack(tmp_path / "stack", ROOT / "examples" / "native", {})
        stack.run("config", "set-all", *settings, *keys(archive="live", live="archive")).ok()
        refused = stack.preview().failed().diagnostics()
        assert refused.count("the service does not know the secret id") == 2
        for account in accounts.values():
            assert f"endpoint {account.endpoint}" in refused
        stack.run("config", "set-all", *keys(archive="archive", live="live")).ok()

        def release() -> None:
            for account in accounts.values():
                account.clock.release()

        outputs = live(stack, release, 6)
        kept = "".join(path.read_text(errors="replace") for path in stack.folder.rglob("*") if path.is_file())
        assert "archive-copied" in kept
        assert not [key for key in ("archive-id", "archive-key", "live-id", "live-key") if key in kept]
        assert outputs["released"] == "2026.11"
        assert outputs["objects"] == 200
        assert set(outputs["terminated_at"]) == set(accounts)


def test_messages_in_yaml(tmp_path: Path, plugin: Path, service: CosBatchEmulator) -> None:
    """What is wrong in a program without types is told by name, and a secret that is wrong is not shown."""
    job_id = service.create_job("fails", seconds=1)
    folder = tmp_path / "program"
    folder.mkdir()
    project = folder / "Pulumi.yaml"
    project.write_text("name: wrong\nruntime: yaml\n")
    stack = Stack(tmp_path / "stack", folder, service.environment(), plugin=plugin)
    head = (stack.folder / project.name).read_text()

    def said(properties: str, options: str = "", others: str = "") -> str:
        gate = f"{{type: cosjob:JobCompletion, properties: {{{properties}}}, options: {{{options}}}}}"
        (stack.folder / project.name).write_text(f"{head}resources:\n  gate: {gate}\n{others}")
        return stack.preview().failed().diagnostics()

    assert "Missing required property 'jobId'" in said('appid: "1250000000"')
    assert "Property retries does not exist on 'cosjob:index:JobCompletion'" in said(
        f'jobId: {job_id}, appid: "1250000000", retries: 3'
    )
    assert "timeout cannot be '2 hours'" in said(f'jobId: {job_id}, appid: "1250000000", timeout: 2 hours')
    provider = "  account: {type: pulumi:providers:cosjob, properties: {secretId: an id, secretKey: a pasted key}}\n"
    refused = said(f'jobId: {job_id}, appid: "1250000000"', 'provider: "${account}"', provider)
    assert "cosjob:secretId must be printable ASCII without white space" in refused
    assert "an id" not in refused
    assert "pasted" not in refused
    service.clock.advance(60)
    assert "jobId: the job failed; 10 of 100 tasks succeeded, 30 failed; reasons: " in said(
        f'jobId: {job_id}, appid: "1250000000"'
    )


def keys(**whose: str) -> list[str]:
    """Return settings by which accounts are asked with the keys of accounts."""
    secrets = [f"{name}:secret{part}={key}-{part.lower()}" for name, key in whose.items() for part in ("Id", "Key")]
    return [word for secret in secrets for word in ("--secret", secret)]
