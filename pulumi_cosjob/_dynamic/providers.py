"""The dynamic providers: they run in the process that the SDK starts for them, not in the program's.

State files name the providers by this module and their class names, and `refresh` and `destroy` load them from there:
none of these names may change. Programs import this module and never call a provider: what a call does is in `calls`,
which each call imports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi.dynamic
from pulumi.dynamic import CheckFailure, CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult

if TYPE_CHECKING:
    from pulumi_cosjob._waiting.gate import TargetInput

__all__ = [
    "CUSTOM_TIMEOUTS",
    "PREVIEW",
    "AllJobsCompletionProvider",
    "ConfiguredProvider",
    "JobCompletionProvider",
    "JobListProvider",
    "JobProvider",
    "JobsProvider",
]

PREVIEW = "preview"
"""The input that marks a preview for `check`. It is never stored.

Only a preview fails for a missing job: during an update the job may still appear.
"""

CUSTOM_TIMEOUTS = "custom_timeouts"
"""The input with the custom timeouts: the engine does not pass them to a dynamic provider."""


class ConfiguredProvider(pulumi.dynamic.ResourceProvider):
    """A provider that can send requests. It is pickled into the state, so it has no attributes until `configure`."""

    serialize_as_secret_always = False

    def configure(self, req: pulumi.dynamic.ConfigureRequest) -> None:
        """Keep the stack's configuration, with its secrets, in this process only."""
        from pulumi_cosjob._dynamic import calls

        self._clients = calls.configure(req.config.get)


class JobProvider(ConfiguredProvider):
    """Reads a job."""

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Read the job for a program."""
        from pulumi_cosjob._dynamic import calls

        return ReadResult(id_, calls.read_job(self._clients, props))


class JobsProvider(ConfiguredProvider):
    """Reads many jobs."""

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Read the jobs for a program."""
        from pulumi_cosjob._dynamic import calls

        return ReadResult(id_, calls.read_jobs(self._clients, props))


class JobListProvider(ConfiguredProvider):
    """Lists jobs."""

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """List the jobs for a program."""
        from pulumi_cosjob._dynamic import calls

        return ReadResult(id_, calls.list_jobs(self._clients, props))


class _GateProvider(ConfiguredProvider):
    """Opens a gate."""

    target: TargetInput

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Refuse malformed inputs and, before the gate waits for them, jobs that never complete."""
        from pulumi_cosjob._dynamic import calls

        failures = calls.check_gate(self._clients, self.target, _olds, news)
        return CheckResult(news, [CheckFailure(name, reason) for name, reason in failures])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compare the gate with the state."""
        from pulumi_cosjob._dynamic import calls

        changed, replacing = calls.differences(self.target, _olds, _news)
        return DiffResult(changes=changed, replaces=replacing)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Wait for the jobs."""
        from pulumi_cosjob._dynamic import calls
        from pulumi_cosjob._waiting.gate import make_id

        return CreateResult(make_id(), calls.opened(self._clients, self.target, props, "create"))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Wait for the new jobs only."""
        from pulumi_cosjob._dynamic import calls

        return UpdateResult(calls.opened(self._clients, self.target, _news, "update", _olds))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Keep the gate as it is."""
        from pulumi_cosjob._dynamic import calls

        return ReadResult(id_, calls.read_gate(id_, props))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Do nothing: a gate owns no job."""


class JobCompletionProvider(_GateProvider):
    """Waits for one job."""

    target = "job_id"


class AllJobsCompletionProvider(_GateProvider):
    """Waits for many jobs."""

    target = "job_ids"
