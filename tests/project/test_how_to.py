"""The how-to pages do what they show: each block of code runs, and each output is that of a real run."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from test_words import offences

from page_blocks import Page, Shell, call, run, shows
from places import ROOT
from pulumi_cosjob import __version__
from pulumi_cosjob.testing import CosBatchEmulator
from sdk_programs import JOB, documented
from servers import read_request, serving
from stacks import Stack

HOW_TO = ROOT / "docs" / "how-to"
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted(HOW_TO.glob("*.md"))}
SECRETS = {"TENCENTCLOUD_SECRET_ID": "emulator-id", "TENCENTCLOUD_SECRET_KEY": "emulator-key"}
OTHER_JOB = JOB[:-1] + "f"
LANGUAGES = frozenset({"console", "go", "ini", "python", "text", "typescript", "yaml"})


@contextmanager
def page(name: str) -> Iterator[Page]:
    """Yield the blocks of a page, all of which have to be used."""
    blocks = Page(PAGES[name])
    yield blocks
    assert blocks.blocks == [], "blocks that the test does not use"


def fails(stack: Stack, command: str, *messages: str) -> None:
    """Check that a command of the Pulumi CLI fails with what the page shows."""
    # The host of YAML colours its messages, whatever it is given.
    text = re.sub(r"\x1b\[[0-9;]*m", "", stack.run(*command.split()).failed().text)
    for message in messages:
        shows(message, text.replace(f"v{__version__}", "v…"))


@pytest.fixture
def service() -> Iterator[CosBatchEmulator]:
    """An emulator with a job that begins at the first request and is Active for three seconds."""
    with CosBatchEmulator() as emulator:
        emulator.create_job(job_id=JOB, seconds=3, starts="first-request")
        yield emulator


def project(tmp_path: Path, service: CosBatchEmulator, program: str, **variables: str) -> Stack:
    """Return a stack of a program at the emulator."""
    return Stack(tmp_path / "stack", program, {**service.environment(), **variables})


# ------------------------------------------------------------------------------------------------------ all pages


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_short_and_its_links_lead_somewhere(name: str) -> None:
    """It has 40 to 120 lines of plain words, a title, languages that tests run, and links to files and headings."""
    text = PAGES[name]
    assert 40 <= len(text.splitlines()) <= 120
    assert max(len(line) for line in text.splitlines() if not line.startswith("|")) <= 160
    assert text.startswith("# ")
    # The console's page has its name.
    assert offences(text.replace("Access Management > API Keys", "…")) == []
    assert {language for language, _ in Page(text).blocks} <= LANGUAGES
    for link in re.findall(r"\]\(([^)]+)\)", text):
        path, _, anchor = link.partition("#")
        target = (HOW_TO / path) if path else HOW_TO / name
        assert target.exists(), link
        headings = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE) if anchor else []
        anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert not anchor or anchor in anchors, link


def test_each_page_has_a_test() -> None:
    """A page without one would show what nothing checks."""
    assert set(re.findall(r'\bpage\("(.+)"\) as shown', Path(__file__).read_text(encoding="utf-8"))) == set(PAGES)


# ------------------------------------------------------------------------------------------------ pages, on the engine


@pytest.mark.engine
def test_accounts_and_regions(tmp_path: Path, service: CosBatchEmulator) -> None:
    """Discovery works without a uin and an APPID, each account has its own credentials, and both can be set."""
    with (
        page("accounts-and-regions.md") as shown,
        CosBatchEmulator(secret_id="other-id", secret_key="other-key", appid="1250000009") as other,
    ):
        stack = project(tmp_path, service, shown.take("python"))
        run(stack, shown.take("console"))
        assert stack.outputs() == {"status": "New"}
        run(stack, shown.take("console"))
        printed = call(stack, "python", "-c", shown.take("python")).stdout
        shows(shown.take("text"), printed)
        elsewhere = {name: stack.variables[name] for name in stack.variables.keys() - service.environment().keys()}
        failed = call(Shell(tmp_path, {**elsewhere, **SECRETS}), "cosjob", "describe", JOB)
        shows(shown.take("text"), failed.stderr)
        stack.write(shown.take("python"))
        settings: list[str] = []
        for name, account in {"archive": service, "live": other}.items():
            account.create_job(job_id="done", seconds=0, appid="1250000009" if account is other else "1250000000")
            account.clock.advance(60)
            variables = account.environment()
            for key, value in {
                "jobId": "done",
                "endpoint": account.endpoint,
                "secretId": variables["TENCENTCLOUD_SECRET_ID"],
                "secretKey": variables["TENCENTCLOUD_SECRET_KEY"],
            }.items():
                settings += ["--secret" if "secret" in key else "--plaintext", f"{name}:{key}={value}"]
        stack.run("config", "set-all", *settings).ok()
        stack.up().ok()
        assert stack.outputs() == {"appids": ["1250000000", "1250000009"]}
        run(stack, shown.take("console"))
        assert 'cosjob:appid: "1250000000"' in (stack.folder / "Pulumi.dev.yaml").read_text()


@pytest.mark.engine
def test_many_jobs(tmp_path: Path, service: CosBatchEmulator) -> None:
    """Jobs are read and found; a gate refuses an empty list, and fails for a job that has failed before."""
    with page("many-jobs.md") as shown:
        stack = project(tmp_path, service, shown.take("python"))
        stack.run("config", "set", "--path", "jobIds[0]", JOB).ok()
        stack.run("config", "set", "--path", "jobIds[1]", "gone").ok()
        stack.up().ok()
        assert stack.outputs() == {"statuses": {JOB: "New"}, "missing": ["gone"]}
        stack.write(shown.take("python"))
        found, typed = shown.take("console"), shown.take("console")
        stack.run("config", "set", "description", "nightly copy of 2026-11-25*").ok()
        assert "no job has this description" in stack.preview().failed().text
        for name in ("nightly-a", "nightly-b"):
            service.create_job(
                "completes-with-failed-tasks",
                job_id=name,
                description="nightly copy of 2026-11-25",
                seconds=2,
                starts="first-request",
            )
            service.clock.advance(1)
        run(stack, found)
        run(stack, typed)
        assert stack.outputs() == {"statuses": dict.fromkeys(("nightly-a", "nightly-b"), "Complete")}
        run(stack, shown.take("console"))
        service.create_job("fails", job_id="nightly-c", description="nightly copy of 2026-11-25", seconds=0)
        service.clock.advance(60)
        assert "job nightly-c" in stack.preview().failed().text


@pytest.mark.engine
def test_gates(tmp_path: Path, service: CosBatchEmulator) -> None:
    """The messages are those of gates, and the outputs those of an update and of the command."""
    with page("gates.md") as shown:
        stack = project(tmp_path, service, shown.take("python"))
        run(stack, shown.take("console"))
        messages = [shown.take("text") for _ in range(6)]
        scenarios = ("fails", "completes-with-failed-tasks", "cancelled", "stalls", "waits-for-confirmation")
        for scenario in scenarios:
            service.create_job(scenario, job_id=scenario, seconds=1)
        service.clock.advance(100)
        stack.write(
            "from pulumi_cosjob.native import JobCompletion\n"
            + "".join(
                f"JobCompletion({each!r}, job_id={each!r}, timeout=4, fail_when_suspended=True)\n" for each in scenarios
            )
        )
        *ended, missing, suspended = messages
        suspended = suspended.replace(JOB, "waits-for-confirmation")
        fails(stack, "up --yes --skip-preview --continue-on-error", *ended, suspended)
        stack.write('from pulumi_cosjob.native import JobCompletion\nJobCompletion("gate", job_id="gone")\n')
        fails(stack, "preview", missing)
        run(stack, shown.take("console").replace(JOB, "waits-for-confirmation"))


@pytest.mark.engine
def test_restore_then_copy(tmp_path: Path, service: CosBatchEmulator) -> None:
    """The copy is refused until 48 hours after the end of the job, while the gate stays open."""
    with page("restore-then-copy.md") as shown:
        service.reset()
        service.create_job("restore", job_id=JOB, seconds=0)
        service.clock.advance(10)
        stack = project(tmp_path, service, shown.take("python"))
        warning, refused = shown.take("text"), shown.take("text")
        typed = shown.take("console")
        stack.run("config", "set", "restoreJobId", JOB).ok()
        fails(stack, "up --yes --skip-preview", warning, refused)
        run(stack, shown.take("console"))
        # The same program two days later.
        program = (stack.folder / "__main__.py").read_text()
        stack.write(program.replace("datetime.now(timezone.utc)", "datetime.now(timezone.utc) + timedelta(hours=49)"))
        service.stop()
        run(stack, typed)
        assert {each["type"] for each in stack.resources()} >= {"cosjob:index:JobCompletion", "pulumi:index:Stash"}


@pytest.mark.engine
def test_languages(tmp_path: Path, service: CosBatchEmulator) -> None:
    """The programs run, or are those that `test_sdks` compiles."""
    with page("languages.md") as shown:
        for language in ("typescript", "go"):
            # Without the APPID, which is optional.
            compiled = re.sub(r".*1250000000.*\n", "", documented(language)["JobCompletion"])
            assert shown.take(language) == compiled
        program = tmp_path / "yaml"
        program.mkdir()
        (program / "Pulumi.yaml").write_text(shown.take("yaml"))
        yaml_stack = Stack(tmp_path / "in-yaml", program, service.environment())
        python_stack = project(tmp_path, service, shown.take("python"))
        call(yaml_stack, "cosjob", "plugin", "install").check_returncode()
        yaml_stack.up().ok()
        service.clock.advance(60)
        python_stack.up().ok()
        shown_by_yaml = yaml_stack.outputs()
        assert shown_by_yaml.pop("terminatedAt").endswith("Z")
        assert shown_by_yaml == {"statusBefore": "New", "status": "Complete", "copied": 100}
        assert python_stack.outputs()["terminatedAt"].endswith("Z")


@pytest.mark.engine
def test_plugin(tmp_path: Path, service: CosBatchEmulator) -> None:
    """It is installed, attached or named by a project; without it the messages are the engine's."""
    with page("plugin.md") as shown:
        service.clock.advance(60)
        never = {**service.environment(), "COSJOB_PLUGIN_INSTALL": "never"}
        program = tmp_path / "yaml"
        program.mkdir()
        (program / "Pulumi.yaml").write_text(Page(PAGES["languages.md"]).take("yaml"))
        yaml_stack = Stack(tmp_path / "in-yaml", program, never)
        python_stack = project(tmp_path, service, Page(PAGES["gates.md"]).take("python"), COSJOB_PLUGIN_INSTALL="never")
        python_stack.run("config", "set", "jobId", JOB).ok()
        in_yaml, elsewhere, without_download = (shown.take("text") for _ in range(3))
        fails(python_stack, "up --yes --skip-preview", without_download)
        install, serve, typed = (shown.take("console") for _ in range(3))

        with _served(python_stack, serve) as attached:
            python_stack.variables["PULUMI_DEBUG_PROVIDERS"] = attached
            python_stack.preview().ok()
            del python_stack.variables["PULUMI_DEBUG_PROVIDERS"]

        for stack, message in ((yaml_stack, in_yaml), (python_stack, elsewhere)):
            # As for users: the engine attempts a download, for which it gets no connection.
            stack.variables.pop("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION")
            stack.variables["HTTPS_PROXY"] = "http://127.0.0.1:9"
            fails(stack, "up --yes --skip-preview", message)
        run(yaml_stack, install)
        yaml_stack.up().ok()
        run(python_stack, typed)
        python_stack.up().ok()
        [installed] = (python_stack.folder / "home" / "plugins").glob("resource-cosjob-v*/")
        installed.rename(python_stack.folder / "launcher")
        fails(python_stack, "destroy --yes --skip-preview", elsewhere)
        declared = yaml.safe_load(shown.take("yaml"))
        settings = python_stack.folder / "Pulumi.yaml"
        settings.write_text(yaml.safe_dump({**yaml.safe_load(settings.read_text()), "plugins": declared["plugins"]}))
        python_stack.run("destroy", "--yes", "--skip-preview").ok()


@contextmanager
def _served(stack: Stack, block: str) -> Iterator[str]:
    """Run a plugin in a shell of its own; yield the value of the variable that it prints."""
    line, printed = block.removeprefix("$ ").splitlines()
    command = [str(Path(sys.executable).with_name("cosjob")), *line.split()[1:]]
    with subprocess.Popen(command, env=stack.variables, stdout=subprocess.PIPE, text=True) as plugin:
        assert plugin.stdout is not None
        export = plugin.stdout.readline()
        shows(printed, export)
        yield export.strip().partition("=")[2]
        plugin.terminate()


@pytest.mark.engine
def test_reads(tmp_path: Path, service: CosBatchEmulator) -> None:
    """A field of a job that lacks its parent is None, and parts have attributes and items."""
    with page("reads.md") as shown:
        new, typed = shown.take("console"), shown.take("console")
        stack = project(tmp_path, service, shown.take("python"))
        *before, requirement, _ = new.splitlines()
        assert before[-1] == "$ pulumi new python"  # which downloads a template
        run(stack, requirement)
        assert (stack.folder / "requirements.txt").read_text() == "pulumi-cosjob[pulumi]\n"
        run(stack, typed)
        # An output that is None is not among those of the stack.
        assert stack.outputs() == {"status": "New", "report": stack.outputs()["report"]}
        service.clock.advance(60)
        stack.up().ok()
        assert stack.outputs()["progress"]["number_of_tasks_failed"] == stack.outputs()["failed"] == 0
        stack.write(shown.take("python"))
        stack.up().ok()
        assert stack.outputs() == dict.fromkeys(("attribute", "item", "plain"), "COSBatchOperations_CSV_V1")


@pytest.mark.engine
def test_credentials(tmp_path: Path, service: CosBatchEmulator) -> None:
    """The command takes them from the environment and the file, a program from its configuration."""
    with page("credentials.md") as shown:
        elsewhere = {"COSJOB_ENDPOINT": service.endpoint, "HOME": str(tmp_path)}
        environment = here(tmp_path, **elsewhere)
        run(environment, shown.take("console"))
        assert call(environment, "cosjob", "describe", JOB).returncode == 2
        file = tmp_path / ".tencentcloud" / "credentials"
        file.parent.mkdir()
        file.write_text(shown.take("ini"))
        call(environment, "cosjob", "describe", JOB).check_returncode()
        program = Page(PAGES["accounts-and-regions.md"]).take("python")
        stack = project(tmp_path, service, program, TENCENTCLOUD_SECRET_ID="", TENCENTCLOUD_SECRET_KEY="")
        stack.run("config", "set", "jobId", JOB).ok()
        for line, value in zip(shown.take("console").splitlines(), SECRETS.values(), strict=True):
            run(stack, f"$ printf {value} | {line.removeprefix('$ ')}")
        stack.up().ok()
        state = stack.run("stack", "export").ok().text
        assert not [value for value in SECRETS.values() if value in state]


@pytest.mark.engine
def test_drift_checks(tmp_path: Path, service: CosBatchEmulator) -> None:
    """A job that goes on is no drift, another job of a gate is; jobs that failed are found."""
    with page("drift-checks.md") as shown:
        service.reset()
        service.clock.hold()
        service.create_job(job_id=JOB, seconds=0)
        service.clock.advance(60)
        service.create_job(job_id="running", seconds=60)
        service.clock.advance(30)
        stack = project(tmp_path, service, shown.take("python"))
        stack.run("config", "set-all", "--plaintext", f"jobId={JOB}", "--plaintext", "runningJobId=running").ok()
        stack.up().ok()
        service.clock.advance(60)
        shows(shown.take("text"), stack.preview("--expect-no-changes").ok().text)
        checks = shown.take("console")
        run(stack, checks)
        service.create_job("fails", job_id=OTHER_JOB, seconds=0)
        run(stack, shown.take("console"))
        check = shown.take("console")
        run(stack, check)
        service.clock.advance(60)
        assert "cosjob list" in check
        with pytest.raises(AssertionError):
            run(stack, check)
        stack.write(shown.take("python"))
        fails(stack, "preview", shown.take("text"))


@pytest.mark.engine
def test_dynamic_to_native(tmp_path: Path, service: CosBatchEmulator) -> None:
    """The gate stays the same resource, and no request is made for it."""
    with page("dynamic-to-native.md") as shown:
        before, after = shown.take("python"), shown.take("python")
        assert after == before.replace("pulumi_cosjob import", "pulumi_cosjob.native import")
        stack = project(tmp_path, service, before)
        stack.run("config", "set", "jobId", JOB).ok()
        stack.up().ok()
        [opened] = [each["id"] for each in stack.resources() if "JobCompletion" in each["type"]]
        stack.write(after)
        expected = shown.take("text")
        lines = shown.take("console").splitlines()
        run(stack, f"{lines[0]}\n{expected}\n" + "\n".join(lines[1:]))
        gates = [(each["type"], each["id"]) for each in stack.resources() if "cosjob" in each["type"]]
        assert ("cosjob:index:JobCompletion", opened) in gates
        assert not [kind for kind, _ in gates if "dynamic" in kind]


@pytest.mark.engine
def test_automation_api(tmp_path: Path, service: CosBatchEmulator) -> None:
    """The program waits and prints the gate's lines; the script lists the job."""
    with page("automation-api.md") as shown:
        stack = project(tmp_path, service, "")
        (stack.folder / "wait_and_release.py").write_text(shown.take("python"))
        (stack.folder / "Pulumi.yaml").unlink()
        stack.variables.pop("PULUMI_STACK")
        run(stack, shown.take("console"))
        assert call(stack, "python", "-c", shown.take("python")).stdout == f"{JOB} Complete\n"
        service.create_job("fails", job_id="failed", seconds=0)
        service.clock.advance(60)
        failed = call(stack, "python", "wait_and_release.py", "failed")
        assert failed.returncode == 1
        assert failed.stderr.startswith("not released: ")
        assert "the job failed; " in failed.stderr


@pytest.mark.engine
def test_virtual_environments(tmp_path: Path, service: CosBatchEmulator) -> None:
    """The dynamic provider fails as shown; with each remedy the program runs."""
    with page("virtual-environments.md") as shown:
        stack = project(tmp_path, service, "")
        (stack.folder / "infra").mkdir()
        (stack.folder / "venv").symlink_to(Path(sys.executable).parent.parent)
        settings = stack.folder / "Pulumi.yaml"
        program = stack.folder / "infra" / "__main__.py"
        relative, absolute = shown.take("yaml"), shown.take("yaml")
        settings.write_text(relative.replace("copies", "tests"))
        dynamic, native, one_line = (shown.take("python") for _ in range(3))
        program.write_text(dynamic)
        fails(stack, "preview", shown.take("text"))
        program.write_text(native)
        stack.preview().ok()
        program.write_text(dynamic)
        run(stack, shown.take("console"))
        stack.preview().ok()
        (stack.folder / "infra" / "venv").unlink()
        absolute = absolute.replace("/opt/copies/venv", str(stack.folder / "venv"))
        settings.write_text(f"name: tests\nmain: infra\n{absolute}")
        stack.preview().ok()
        (stack.folder / "__main__.py").write_text(one_line)
        settings.write_text(relative.replace("copies", "tests").replace("main: infra\n", ""))
        stack.preview().ok()
        assert yaml.safe_load(relative)["main"] == "infra"


# -------------------------------------------------------------------------------------------- pages without the engine


def here(folder: Path, **variables: str) -> Shell:
    """Return a folder and this environment, in which `python` and `cosjob` are those of the tests."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return Shell(folder, {**os.environ, "PATH": path, **variables})


def test_unit_tests(tmp_path: Path) -> None:
    """The tests pass as they stand; the emulator prints the lines."""
    with page("unit-tests.md") as shown:
        for name in ("release.py", "test_release.py", "conftest.py", "test_wait.py"):
            (tmp_path / name).write_text(shown.take("python"))
        done = call(here(tmp_path), "python", "-m", "pytest", "-q", "-p", "no:cacheprovider")
        assert "5 passed" in done.stdout, done.stdout + done.stderr
        [install] = re.findall(r'"pulumi-cosjob\[(.+)\]"', shown.take("console"))
        assert set(install.split(",")) <= {"pulumi", "emulator"}
        line, _, printed = shown.take("console").removeprefix("$ ").partition("\n")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        command = line.replace("cosjob", str(Path(sys.executable).with_name("cosjob"))).replace("8080", port)
        with subprocess.Popen(command.split(), stdout=subprocess.PIPE, text=True) as emulator:
            assert emulator.stdout is not None
            lines = [emulator.stdout.readline() for _ in printed.splitlines()]
            emulator.terminate()
        assert "".join(lines) == printed.replace("8080", port)


def test_scripts(tmp_path: Path, service: CosBatchEmulator) -> None:
    """Each script prints what the page shows."""
    with page("scripts.md") as shown:
        service.reset()
        service.clock.hold()
        for name, scenario in {"nightly-b": "completes-with-failed-tasks", "nightly-a": "completes"}.items():
            service.create_job(scenario, job_id=name, seconds=0, description="nightly copy")
            service.clock.advance(60)
        service.create_job("waits-for-confirmation", job_id="waits")
        service.create_job(job_id=JOB, seconds=60)
        service.clock.advance(10)
        shutil.copy(ROOT / "tests" / "responses" / "full.xml", tmp_path / "response.xml")
        place = here(tmp_path, **service.environment())
        for _ in range(4):
            done = call(place, "python", "-c", shown.take("python"))
            shows(shown.take("text"), done.stdout + done.stderr)
        assert call(place, "python", "-c", shown.take("python")).stdout == f"{JOB}\n"


def test_proxy(tmp_path: Path, service: CosBatchEmulator) -> None:
    """Loopback needs no proxy; the messages are those of the command, with a proxy that requires a password."""
    with page("proxy.md") as shown, serving(_requires_a_password) as port:
        service.reset()
        service.create_job("stalls", job_id=JOB)
        service.clock.advance(5)

        def message(*options: str, **variables: str) -> str:
            place = here(tmp_path, TENCENTCLOUD_REGION="ap-chengdu", **SECRETS, **variables)
            return call(place, "cosjob", "describe", "job", *options).stderr

        account = ("--uin", "100000000001", "--appid", "1250000000")
        proxy = {"HTTPS_PROXY": f"http://127.0.0.1:{port}"}
        shows(shown.take("text"), message(*account, **proxy))
        shows(shown.take("text"), message(**proxy))
        shows(shown.take("text"), message(*account, HTTPS_PROXY="socks5://user:password@proxy.example.com:1080"))
        shows(shown.take("text"), message(*account, REQUESTS_CA_BUNDLE="/etc/ssl/company.pem"))
        run(here(tmp_path, **service.environment()), shown.take("console"))


def _requires_a_password(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
