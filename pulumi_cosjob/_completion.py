"""`JobCompletion` and `AllJobsCompletion`: resources that exist once jobs have completed.

What depends on one of them does not start before. State files name the providers by this module and their names, and
`refresh` and `destroy` load them from there: both stay.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi.dynamic
from pulumi.dynamic import CheckFailure, CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult
from pulumi.runtime import rpc

from pulumi_cosjob._dynamic import AskingProvider, without_traceback
from pulumi_cosjob._errors import CosJobError, InvalidArgumentError
from pulumi_cosjob._gate_inputs import (
    HOW,
    changed_inputs,
    check_inputs,
    job_ids_of,
    limits_of,
    new_job_ids,
    replacing_inputs,
)
from pulumi_cosjob._job import JobDescription, from_plain, to_plain
from pulumi_cosjob._outputs import JobOutputs, carried, described, described_jobs, received
from pulumi_cosjob._program import Timeout, check_plain, check_plain_ids, in_program
from pulumi_cosjob._settings import SETTINGS, check_count, check_flag, check_timeout
from pulumi_cosjob._waiting import Failed, judge_end

__all__ = ["AllJobsCompletion", "AllJobsCompletionProvider", "JobCompletion", "JobCompletionProvider"]

# Said by the program to `check`, and kept out of the state: only a preview fails for a job that may still appear.
_PREVIEW = "preview"


# ------------------------------------------------------------------------------------------- in the provider's process


class _GateProvider(AskingProvider):
    """What both gates have in common."""

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Refuse malformed inputs and, before the gate exists, jobs that can never complete."""
        preview = bool(news.pop(_PREVIEW, False))
        try:
            known = _known(news)
            check_inputs(known)
            if known == news:
                self._look(news, new_job_ids(_olds, news), preview=preview)
        except InvalidArgumentError as error:
            return CheckResult(news, [CheckFailure(error.argument, str(error))])
        except CosJobError as error:
            return CheckResult(news, [CheckFailure("job_ids" if "job_ids" in news else "job_id", str(error))])
        return CheckResult(news, [])

    def _look(self, props: Mapping[str, Any], job_ids: Sequence[str], *, preview: bool) -> None:
        """Look at jobs once; raise where one will never complete."""
        if not job_ids:
            return
        from pulumi_cosjob._gates import look_at_jobs  # noqa: PLC0415  programs import this module, and never wait

        look_at_jobs(self._clients.get(props), job_ids, props["appid"], limits_of(props), preview=preview)

    def wait(self, props: Mapping[str, Any], job_ids: Sequence[str]) -> Mapping[str, JobDescription]:
        """Wait until jobs have completed; return them as they were then."""
        from pulumi_cosjob._engine_log import EngineLog, to_engine  # noqa: PLC0415  as in _look
        from pulumi_cosjob._engine_watch import EngineClock  # noqa: PLC0415  as in _look
        from pulumi_cosjob._gates import wait_for_jobs  # noqa: PLC0415  as in _look

        try:
            client = self._clients.get(props)
            report = EngineLog(to_engine(), len(set(job_ids)))
            limits = limits_of(props)
            done = wait_for_jobs(client, job_ids, props["appid"], limits, report=report, clock=EngineClock())
        except CosJobError as error:
            raise without_traceback(error) from None
        return done

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Leave the gate be, also after the jobs have aged out: what it stands for has happened."""
        if not props.get("result") and not props.get("results"):
            what = "a gate cannot be looked up: declare it, and it opens at once where its job is complete"
            raise without_traceback(InvalidArgumentError("id", f"cannot be {id_!r}; {what}"))
        return ReadResult(id_, props)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Touch nothing: a gate owns no job."""


def _known(props: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs that are known, of a list its items that are."""

    def known(value: Any) -> Any:
        return [each for each in value if each != rpc.UNKNOWN] if isinstance(value, list) else value

    return {name: known(value) for name, value in props.items() if value != rpc.UNKNOWN}


def _inputs(props: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the state keeps of the inputs."""
    names = ("job_id", "job_ids", "appid", *SETTINGS, *HOW)
    return {name: props[name] for name in names if props.get(name) is not None}


def _diff(olds: Mapping[str, Any], news: Mapping[str, Any]) -> DiffResult:
    return DiffResult(changes=bool(changed_inputs(olds, news)), replaces=replacing_inputs(olds, news))


def _judge_again(jobs: Mapping[str, Any], olds: Mapping[str, Any], news: Mapping[str, Any]) -> None:
    """Hold jobs that have been waited for against another number of failed tasks; nothing has to be asked for that."""
    if "max_failed_tasks" in changed_inputs(olds, news):
        from pulumi_cosjob._gates import raise_failed  # noqa: PLC0415  programs import this module, and never wait

        limits = limits_of(news)
        verdicts = {
            job_id: judge_end(from_plain(JobDescription, received(job)), limits.max_failed_tasks)
            for job_id, job in jobs.items()
        }
        try:
            raise_failed({each: got.error for each, got in verdicts.items() if isinstance(got, Failed)}, len(jobs), "")
        except CosJobError as error:
            raise without_traceback(error) from None


class JobCompletionProvider(_GateProvider):
    """Waits for one job."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Wait for the job."""
        done = self.wait(props, job_ids_of(props))
        return CreateResult(props["job_id"], {**_inputs(props), "result": carried(done[props["job_id"]])})

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Another job or account is another gate; another way of waiting changes only what the state says."""
        return _diff(_olds, _news)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Keep what is known: the job is not asked about again."""
        _judge_again({_news["job_id"]: _olds["result"]}, _olds, _news)
        return UpdateResult({**_inputs(_news), "result": _olds["result"]})


class AllJobsCompletionProvider(_GateProvider):
    """Waits for many jobs. They travel as JSON text: the engine takes a second over 200 of them as properties."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Wait for the jobs."""
        results = to_plain(self.wait(props, job_ids_of(props)))
        return CreateResult(props["appid"], {**_inputs(props), "results": json.dumps(results)})

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Another account is another gate; jobs that are added are waited for, those taken out forgotten."""
        return _diff(_olds, _news)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Wait for the jobs that are new."""
        known: dict[str, Any] = json.loads(_olds["results"])
        job_ids = job_ids_of(_news)
        _judge_again({job_id: known[job_id] for job_id in job_ids if job_id in known}, _olds, _news)
        new = self.wait(_news, [job_id for job_id in job_ids if job_id not in known])
        results = {**known, **to_plain(new)}
        kept = {job_id: results[job_id] for job_id in job_ids}
        return UpdateResult({**_inputs(_news), "results": json.dumps(kept)})


# -------------------------------------------------------------------------------------------- in the program's process


def _how(
    timeout: pulumi.Input[Timeout],
    max_failed_tasks: pulumi.Input[int] | None,
    fail_when_suspended: pulumi.Input[bool],
) -> dict[str, Any]:
    """Return how to wait, as inputs: what is known already is checked here."""
    in_program(fail_when_suspended, lambda value: check_flag("fail_when_suspended", value))
    in_program(max_failed_tasks, lambda value: check_count("max_failed_tasks", value))
    return {
        "timeout": in_program(timeout, check_timeout),
        "max_failed_tasks": max_failed_tasks,
        "fail_when_suspended": fail_when_suspended,
        _PREVIEW: pulumi.runtime.is_dry_run(),
    }


class JobCompletion(JobOutputs, pulumi.dynamic.Resource, module="cosjob", name="JobCompletion"):
    """Stands for "this job has completed": it exists once that is so, and what depends on it waits.

    All fields of the job are outputs, as they were then. A preview never waits; it fails at once for malformed
    arguments and for a job that is missing, failed or cancelled. A gate that failed leaves nothing behind: the next
    `up` waits again. Deleting it touches nothing, and `refresh` leaves it be, also after the job has aged out.

    Args:
        resource_name: Name in the stack.
        job_id: Id of the job. Another job replaces the gate.
        appid: APPID of the account that owns the job, such as `1250000000`.
        timeout: For how long to wait at the most: seconds, `"90s"`, `"2h"`, `"1d12h"` or a timedelta; 1 h by default.
        max_failed_tasks: Failed tasks that a complete job may have: 0 by default, None for any number.
        fail_when_suspended: Whether to give up when the job waits for a person to confirm it.
        uin: As for `get_job`.
        region: As for `get_job`.
        endpoint: As for `get_job`.
        opts: Options as any resource takes them.

    Raises:
        InvalidArgumentError: An argument is malformed.
    """

    appid: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        job_id: pulumi.Input[str],
        appid: pulumi.Input[str],
        timeout: pulumi.Input[Timeout] = "1h",
        max_failed_tasks: pulumi.Input[int] | None = 0,
        fail_when_suspended: pulumi.Input[bool] = False,
        uin: pulumi.Input[str] | None = None,
        region: pulumi.Input[str] | None = None,
        endpoint: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        for name, value in (("job_id", job_id), ("appid", appid), ("uin", uin), ("region", region)):
            check_plain(name, value)
        props = {"job_id": job_id, "appid": appid, "uin": uin, "region": region, "endpoint": endpoint}
        how = _how(timeout, max_failed_tasks, fail_when_suspended)
        super().__init__(JobCompletionProvider(), resource_name, {**props, **how, "result": None}, opts)
        self.result = described(self.result)


class AllJobsCompletion(pulumi.dynamic.Resource, module="cosjob", name="AllJobsCompletion"):
    """Stands for "all these jobs have completed", asked about at the same time; see `JobCompletion`.

    It fails as soon as one job has failed, and names all that have by then. A job that is added later is waited for by
    the next `up`; those that have completed are not asked about again.

    Args:
        resource_name: Name in the stack.
        job_ids: Ids of the jobs.
        appid: APPID of the account that owns the jobs.
        timeout: As for `JobCompletion`, for all of them together.
        max_failed_tasks: As for `JobCompletion`, for each of them.
        fail_when_suspended: As for `JobCompletion`.
        uin: As for `get_job`.
        region: As for `get_job`.
        endpoint: As for `get_job`.
        opts: Options as any resource takes them.

    Raises:
        InvalidArgumentError: An argument is malformed.
    """

    results: pulumi.Output[str]
    jobs: pulumi.Output[Mapping[str, JobDescription]]
    """The jobs as they were when they had completed, by job id."""

    appid: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        job_ids: pulumi.Input[Sequence[pulumi.Input[str]]],
        appid: pulumi.Input[str],
        timeout: pulumi.Input[Timeout] = "1h",
        max_failed_tasks: pulumi.Input[int] | None = 0,
        fail_when_suspended: pulumi.Input[bool] = False,
        uin: pulumi.Input[str] | None = None,
        region: pulumi.Input[str] | None = None,
        endpoint: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check_plain_ids(job_ids)
        for name, value in (("appid", appid), ("uin", uin), ("region", region)):
            check_plain(name, value)
        props = {"job_ids": job_ids, "appid": appid, "uin": uin, "region": region, "endpoint": endpoint}
        how = _how(timeout, max_failed_tasks, fail_when_suspended)
        super().__init__(AllJobsCompletionProvider(), resource_name, {**props, **how, "results": None}, opts)
        self.jobs = described_jobs(self.results)
