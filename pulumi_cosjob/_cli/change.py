"""What the commands that change a job share: the request, and what is printed of its result."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pulumi_cosjob._cli.formats import print_json
from pulumi_cosjob._cli.options import INTERRUPTED, exit_code, open_client
from pulumi_cosjob._cli.output import fail, printable, write_output
from pulumi_cosjob._errors import CosJobError
from pulumi_cosjob._model.states import state_of

if TYPE_CHECKING:
    from pulumi_cosjob._service.client import CosBatchClient
    from pulumi_cosjob._service.job_updates import JobUpdate

__all__ = ["OUTPUT_FORMATS", "change"]

OUTPUT_FORMATS = ("text", "json")

_INTERRUPTED = "interrupted: the service may have received the request; read the job before you repeat it"


def change(make: Callable[[CosBatchClient], JobUpdate], output: str, settings: Mapping[str, str | None]) -> None:
    """Change a job, and print what the service reports about it: a line, or the result as JSON.

    Args:
        make: Changes it, with a client.
        output: One of `OUTPUT_FORMATS`.
        settings: As `open_client` takes them.
    """
    try:
        with open_client(settings) as client:
            update = make(client)
    except CosJobError as error:
        fail(error, exit_code(error))
    except KeyboardInterrupt:
        fail(_INTERRUPTED, INTERRUPTED)
    if output == "json":
        print_json(_result(update))
    else:
        write_output(printable(_line(update)))


def _result(update: JobUpdate) -> dict[str, Any]:
    """Return the fields of the result, without those that the other kind of change has."""
    others = ("priority",) if update.priority is None else ("status", "status_update_reason")
    return {name: value for name, value in dataclasses.asdict(update).items() if name not in others}


def _line(update: JobUpdate) -> str:
    if update.status is None:
        return f"job {update.job_id}: priority {update.priority}"
    reason = f" (reason: {update.status_update_reason})" if update.status_update_reason else ""
    return f"job {update.job_id}: {update.status}, {state_of(update.status).meaning}{reason}"
