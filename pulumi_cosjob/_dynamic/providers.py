"""The dynamic providers: they run in the process that the SDK starts for them, not in the program's.

State files name the providers by this module and their class names, and `refresh` and `destroy` load them from there:
none of these names may change. Programs import this module and never call a provider: what a call does is in
`read_calls` and `gate_calls`, which a call imports.
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
        from pulumi_cosjob._dynamic.provider_errors import show_sentences
        from pulumi_cosjob._engine.log import pass_on_messages
        from pulumi_cosjob._engine.watch import CancellableClock
        from pulumi_cosjob._service.clients import Clients

        show_sentences()
        self._clients = Clients(req.config.get, CancellableClock())
        pass_on_messages()


class JobProvider(ConfiguredProvider):
    """Reads a job."""

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Read the job for a program."""
        from pulumi_cosjob._dynamic import read_calls

        return ReadResult(id_, read_calls.read_job(self._clients, props))


class JobsProvider(ConfiguredProvider):
    """Reads many jobs."""

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Read the jobs for a program."""
        from pulumi_cosjob._dynamic import read_calls

        return ReadResult(id_, read_calls.read_jobs(self._clients, props))


class JobListProvider(ConfiguredProvider):
    """Lists jobs."""

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """List the jobs for a program."""
        from pulumi_cosjob._dynamic import read_calls

        return ReadResult(id_, read_calls.list_jobs(self._clients, props))


class _GateProvider(ConfiguredProvider):
    """Opens a gate."""

    target: TargetInput

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Refuse malformed inputs and, before the gate waits for them, jobs that never complete."""
        from pulumi_cosjob._dynamic import gate_calls

        failures = gate_calls.check(self._clients, self.target, _olds, news)
        return CheckResult(news, [CheckFailure(name, reason) for name, reason in failures])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compare the gate with the state."""
        from pulumi_cosjob._dynamic import gate_calls

        changed, replacing = gate_calls.differences(self.target, _olds, _news)
        return DiffResult(changes=changed, replaces=replacing)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Wait for the jobs."""
        from pulumi_cosjob._dynamic import gate_calls

        id_, outputs = gate_calls.create(self._clients, self.target, props)
        return CreateResult(id_, outputs)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Wait for the new jobs only."""
        from pulumi_cosjob._dynamic import gate_calls

        return UpdateResult(gate_calls.update(self._clients, self.target, _olds, _news))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Keep the gate as it is."""
        from pulumi_cosjob._dynamic import gate_calls

        return ReadResult(id_, gate_calls.keep(id_, props))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Do nothing: a gate owns no job."""


class JobCompletionProvider(_GateProvider):
    """Waits for one job."""

    target = "job_id"


class AllJobsCompletionProvider(_GateProvider):
    """Waits for many jobs."""

    target = "job_ids"
