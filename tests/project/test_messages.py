"""Messages with placeholders: what each audience reads."""

from __future__ import annotations

import ast
import dataclasses
import pickle
import string
from collections.abc import Iterator

import click
import pytest
from test_rooms import sources

from pulumi_cosjob._cli.cancel import cancel
from pulumi_cosjob._cli.describe import describe
from pulumi_cosjob._cli.list_jobs import list_jobs
from pulumi_cosjob._cli.output import COMMAND_LINE
from pulumi_cosjob._cli.wait import wait
from pulumi_cosjob._errors import InvalidArgumentError, JobsFailedError, NoSuchJobError
from pulumi_cosjob._messages import PYTHON, Audience, Message, render
from pulumi_cosjob._places import PLACES
from pulumi_cosjob._plugin.inputs import PLUGIN

AUDIENCES = {"Python": PYTHON, "the command line": COMMAND_LINE, "the plugin": PLUGIN}
# What looks like a placeholder, and what `str.format` does not accept.
BRACES = "{job_id} {0} {} {{x}} {uin:places} {job_id.__class__} { }"


@pytest.mark.parametrize(
    ("audience", "text"),
    [
        (PYTHON, "Set job_id, max_failed_tasks and uin, or None."),
        (COMMAND_LINE, "Set JOB_ID, --max-failed-tasks and --uin, or any."),
        (PLUGIN, "Set jobId, maxFailedTasks and uin, or -1."),
    ],
    ids=AUDIENCES,
)
def test_each_audience_reads_its_own_names(audience: Audience, text: str) -> None:
    """A placeholder becomes the audience's name for the argument."""
    assert Message("Set {job_id}, {max_failed_tasks} and {uin}, or {any_number}.").render(audience) == text


@pytest.mark.parametrize(
    ("audience", "text"),
    [
        (
            PYTHON,
            (
                "argument request_timeout, Pulumi config cosjob:requestTimeout or environment variable "
                "COSJOB_REQUEST_TIMEOUT"
            ),
        ),
        (COMMAND_LINE, "option --request-timeout or environment variable COSJOB_REQUEST_TIMEOUT"),
        (PLUGIN, "Pulumi config cosjob:requestTimeout or environment variable COSJOB_REQUEST_TIMEOUT"),
    ],
    ids=AUDIENCES,
)
def test_each_audience_reads_the_places_that_it_can_use(audience: Audience, text: str) -> None:
    """The command line names no configuration, and the plugin no input that it lacks."""
    assert Message("{request_timeout:places}").render(audience) == text


@pytest.mark.parametrize("audience", AUDIENCES.values(), ids=AUDIENCES)
def test_values_are_not_parsed(audience: Audience) -> None:
    """Braces in values, nested messages, problems and plain hints stay as they are."""
    assert Message("{value}!", {"value": BRACES}).render(audience) == f"{BRACES}!"
    nested = Message("first {inner}", {"inner": Message("{value}", {"value": BRACES})})
    assert nested.render(audience) == f"first {BRACES}"
    assert render(BRACES, audience) == BRACES
    error = InvalidArgumentError("appid", f"cannot be {BRACES}", hint=f"Not {BRACES}.")
    assert error.render(audience).endswith(f"appid cannot be {BRACES}. Not {BRACES}.")
    missing = NoSuchJobError(f"there is no {BRACES}", job_id=BRACES, hint=Message("Check {job_id}."))
    whole = JobsFailedError([missing], 2).render(audience)
    assert whole.splitlines()[1] == f"  there is no {BRACES} (job {BRACES}). Check {audience.name('job_id')}."


def test_python_is_the_default() -> None:
    """`str` and the attributes of an error are for Python programs."""
    error = InvalidArgumentError("job_id", "cannot be 'x'", hint=Message("Check {max_failed_tasks}."))
    assert (error.argument, error.problem) == ("job_id", "cannot be 'x'")
    assert (error.what, error.hint) == ("job_id cannot be 'x'", "Check max_failed_tasks.")
    assert str(error) == error.render(PYTHON) == "job_id cannot be 'x'. Check max_failed_tasks."
    assert error.render(COMMAND_LINE) == "JOB_ID cannot be 'x'. Check --max-failed-tasks."
    assert str(Message("{job_id}")) == "job_id"


def test_a_pickled_error_can_still_be_rendered_for_others() -> None:
    """Its templates cross processes with it."""
    error = InvalidArgumentError("job_id", "cannot be 'x'", hint=Message("Check {value}.", {"value": Message("{uin}")}))
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  our own pickle
    assert again.render(COMMAND_LINE) == "JOB_ID cannot be 'x'. Check --uin."


# Options that stand for no argument, and about which there is no message of ours.
FORMS = {"output", "quiet", "full", "fail_fast", "yes"}


def test_options_are_those_of_the_commands() -> None:
    """Each option of these commands that stands for an argument has its name in messages, and no other has."""
    options = {
        parameter.name: parameter.opts[0]
        for command in (cancel, describe, list_jobs, wait)
        for parameter in command.params
        if isinstance(parameter, click.Option) and parameter.name not in FORMS
    }
    assert {name: COMMAND_LINE.name(name or "") for name in options} == options
    assert set(options) == COMMAND_LINE.arguments
    for name in ("secret_id", "TENCENTCLOUD_SECRET_ID", "cosjob:secretId", "opts"):
        assert COMMAND_LINE.name(name) == name


def templates(source: str) -> Iterator[str]:
    """Yield the templates of messages that a module writes as literals."""
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Call)
            and ast.unparse(node.func) == "Message"
            and isinstance(node.args[0], ast.Constant)
        ):
            yield str(node.args[0].value)


ARGUMENTS = {
    *(parameter.name for command in (cancel, describe, list_jobs, wait) for parameter in command.params),
    *("job_id", "any_number", "credentials"),
}


def test_placeholders_are_names_of_arguments() -> None:
    """A misspelled placeholder would only be seen in the message: so all of them are known here."""
    found = {template for _room, source in sources() for template in templates(source)}
    placeholders = {
        (name, form)
        for template in found
        for _, name, form, _ in string.Formatter().parse(template)
        if name is not None
    }
    # Values of messages of `_service.responses` and `_errors`.
    own = {(name, "") for name in ("key", "hint", "actions", "first", "second", "command")}
    assert len(placeholders) > 8
    assert {name for name, _ in placeholders - own} <= ARGUMENTS
    assert {name for name, form in placeholders if form == "places"} <= {*PLACES, "credentials"}
    assert {form for _, form in placeholders} == {"", "places"}


def test_a_message_cannot_be_changed() -> None:
    """Hints are shared by all errors that have them."""
    message = Message("{job_id}")
    with pytest.raises(dataclasses.FrozenInstanceError):
        message.template = ""  # type: ignore[misc]
