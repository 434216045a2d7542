"""`make demo`: the life of a job, read by a real `pulumi up`, without any account.

Starts the emulator, creates a job through its API, runs `examples/quickstart` on a backend in a temporary folder until
the job is complete, and removes all of it.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import requests

import engine
from pulumi_cosjob._service.credentials import Credentials
from pulumi_cosjob._service.signing import sign
from pulumi_environment import engine_path, pulumi_environment

ROOT = Path(__file__).parent.parent
APPID, REGION = "1250000000", "ap-chengdu"
SECRET_ID, SECRET_KEY = "demo-id", "demo-key"
# Seconds by which the emulator's clock advances before each update: created, active, active, complete.
STEPS = (0, 6, 4, 20)

CREATE_JOB = """<CreateJobRequest>
  <ClientRequestToken>{token}</ClientRequestToken>
  <ConfirmationRequired>false</ConfirmationRequired>
  <Description>Copy last year to the archive</Description>
  <Manifest>
    <Location>
      <ETag>"15150651828fa9cdcb8356b6d1c7638b"</ETag>
      <ObjectArn>qcs::cos:ap-chengdu:uid/1250000000:source-1250000000/manifest.csv</ObjectArn>
    </Location>
    <Spec><Fields><member>Bucket</member><member>Key</member></Fields><Format>COSBatchOperations_CSV_V1</Format></Spec>
  </Manifest>
  <Operation>
    <COSPutObjectCopy>
      <StorageClass>ARCHIVE</StorageClass>
      <TargetResource>qcs::cos:ap-chengdu:uid/1250000000:archive-1250000000</TargetResource>
    </COSPutObjectCopy>
  </Operation>
  <Priority>10</Priority>
  <Report>
    <Bucket>qcs::cos:ap-chengdu:uid/1250000000:reports-1250000000</Bucket>
    <Enabled>true</Enabled>
    <Format>Report_CSV_V1</Format>
    <ReportScope>AllTasks</ReportScope>
  </Report>
  <RoleArn>qcs::cam::uin/100000000001:roleName/COSBatch_QcsRole</RoleArn>
</CreateJobRequest>"""


def headline(text: str) -> None:
    """Print a line that stands out from the engine's output."""
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n== {text}", flush=True)


@contextlib.contextmanager
def emulator() -> Iterator[str]:
    """Run `cosjob emulator` and yield its endpoint."""
    command = ["cosjob", "emulator", "--port", "0", "--secret-id", SECRET_ID, "--secret-key", SECRET_KEY]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None  # noqa: S101  it is piped
            line = process.stdout.readline()
            if not line.startswith("listening on "):
                sys.exit("demo: the emulator did not start")
            yield line.split()[-1]
        finally:
            process.terminate()


def signed(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Sign a request with the emulator's credentials, as the `auth` of `requests`."""
    sign(request, Credentials(SECRET_ID, SECRET_KEY), time.time())
    return request


def create_job(endpoint: str) -> str:
    """Create a job by a signed CreateJob request; return its id."""
    response = requests.post(
        f"{endpoint}/jobs",
        data=CREATE_JOB.format(token=uuid.uuid4()).encode(),
        headers={"x-cos-appid": APPID, "Content-Type": "application/xml"},
        auth=signed,
        timeout=10,
    )
    response.raise_for_status()
    return ET.fromstring(response.content).findtext("JobId") or sys.exit("demo: no job was created")  # noqa: S314  our own


def service_environment(endpoint: str) -> dict[str, str]:
    """Return the settings of the service, as environment variables."""
    return {
        "COSJOB_ENDPOINT": endpoint,
        "TENCENTCLOUD_REGION": REGION,
        "TENCENTCLOUD_SECRET_ID": SECRET_ID,
        "TENCENTCLOUD_SECRET_KEY": SECRET_KEY,
    }


def environment(endpoint: str, folder: Path) -> dict[str, str]:
    """Return the environment variables of `cosjob` and `pulumi`, with a backend in a folder."""
    engine.heed_interrupts()
    return {**pulumi_environment(folder), **service_environment(endpoint)}


class Shell:
    """Runs commands in one folder and environment, and prints them."""

    def __init__(self, folder: Path, variables: dict[str, str]) -> None:
        self.folder = folder
        self.variables = variables

    def run(self, *command: str) -> None:
        """Run a command that prints to the terminal."""
        print(f"$ {' '.join(command)}", flush=True)
        subprocess.run(command, cwd=self.folder, env=self.variables, timeout=300, check=True)

    def read(self, *command: str) -> str:
        """Run a command and return its output."""
        done = subprocess.run(
            command, cwd=self.folder, env=self.variables, timeout=300, check=True, capture_output=True, text=True
        )
        return done.stdout


def advance_clock(endpoint: str, seconds: float) -> None:
    """Advance the emulator's clock, and hold it there."""
    requests.post(f"{endpoint}/_emulator/clock", json={"hold": True, "advance": seconds}, timeout=10).raise_for_status()


def watch(shell: Shell, endpoint: str) -> Iterator[str]:
    """Update the stack while the job advances; yield what the program read each time."""
    for seconds in STEPS:
        advance_clock(endpoint, seconds)
        headline(f"{seconds} s later, the program reads the job again" if seconds else "The program reads the job")
        shell.run("pulumi", "up", "--yes", "--skip-preview", "--suppress-progress")
        outputs = json.loads(shell.read("pulumi", "stack", "output", "--json"))
        progress = outputs.get("progress")
        tasks = f"{progress['number_of_tasks_succeeded']} of {progress['total_number_of_tasks']}" if progress else "-"
        yield f"{outputs['status']:10} {tasks}"
    if outputs["status"] != "Complete":
        sys.exit("demo: the job never became complete")


def open_gate(endpoint: str, folder: Path) -> None:
    """Hold a deployment until another job, on the real clock, has completed."""
    requests.post(f"{endpoint}/_emulator/reset", timeout=10).raise_for_status()
    shutil.copytree(ROOT / "examples" / "gate_deployment", folder / "gate_deployment")
    shell = Shell(folder / "gate_deployment", environment(endpoint, folder))
    shell.read("pulumi", "stack", "init", "demo-gate")
    job_id = create_job(endpoint)
    headline("A gate: the release starts when a second job has completed, and not before")
    shell.run("pulumi", "config", "set", "jobId", job_id)
    shell.run("pulumi", "up", "--yes", "--skip-preview")
    shell.run("pulumi", "destroy", "--yes", "--skip-preview", "--suppress-progress")


def main() -> None:
    """Run the demo."""
    headline("Finding a Pulumi engine; if there is none, it is built once")
    engine_path()
    with tempfile.TemporaryDirectory(prefix="cosjob-demo-") as temporary, emulator() as endpoint:
        folder = Path(temporary)
        headline(f"COS Batch is emulated on {endpoint}; a job is created there, as by any client")
        advance_clock(endpoint, 0)
        job_id = create_job(endpoint)
        shutil.copytree(ROOT / "examples" / "quickstart", folder / "quickstart")
        shell = Shell(folder / "quickstart", environment(endpoint, folder))
        shell.run("cosjob", "describe", job_id, "--appid", APPID)
        headline("The quickstart, on a backend in a temporary folder")
        shell.read("pulumi", "stack", "init", "demo")
        shell.run("pulumi", "config", "set", "jobId", job_id)
        seen = list(watch(shell, endpoint))
        headline("The job's life, as the program read it")
        print("\n".join(seen))
        headline("Deleting the stack does not delete the job")
        shell.run("pulumi", "destroy", "--yes", "--skip-preview", "--suppress-progress")
        open_gate(endpoint, folder)
    headline("Done; the emulator and the stack are removed. `make test` runs all tests.")


if __name__ == "__main__":
    main()
