"""Messages with placeholders, which each audience reads with its own names.

A placeholder is the Python name of an argument or a setting in braces:

- `{job_id}` becomes the audience's name: `job_id` in Python, `JOB_ID` on the command line, `jobId` in the plugin.
- `{region:places}` becomes the places that the audience can set it in: an argument or option, configuration keys and
  environment variables. `{credentials:places}` does the same for the credentials.
- `{any_number}` becomes the audience's way to write "any number".

Only the template is parsed. Values and nested messages are inserted as they are, whatever braces they contain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace

from pulumi_cosjob._places import CREDENTIALS, CREDENTIALS_FILES, NAMESPACES, PLACES
from pulumi_cosjob._records import Record
from pulumi_cosjob._text import join_words

__all__ = ["PYTHON", "SCRIPT", "Audience", "Message", "render"]


class Audience(Record):
    """How the readers of a message name things, and which places of settings they use.

    Attributes:
        name: Returns their name for an argument.
        argument: What they call an argument.
        arguments: The settings that they can pass as arguments, by their Python names.
        namespaces: The namespaces of the stack's configuration that are read for them.
        any_number: How they write "any number".
    """

    name: Callable[[str], str]
    argument: str
    arguments: frozenset[str]
    namespaces: tuple[str, ...]
    any_number: str

    def places(self, setting: str) -> str:
        """Return the places that a setting can be set in, as part of a sentence."""
        if setting == "credentials":
            return join_words(self._credentials(), "or")
        arguments = [f"{self.argument} {self.name(setting)}"] if setting in self.arguments else []
        config = [f"Pulumi config {key}" for key in self._read(PLACES[setting].config)]
        environment = [f"environment variable {name}" for name in PLACES[setting].environment]
        return join_words([*arguments, *config, *environment], "or")

    def _read(self, keys: Iterable[str]) -> list[str]:
        return [key for key in keys if key.partition(":")[0] in self.namespaces]

    def _credentials(self) -> Iterable[str]:
        # No arguments: credentials do not belong in a program's text.
        for kind, (secret_id, secret_key, *_) in CREDENTIALS:
            if kind == "config" and self._read([secret_id]):
                yield f"Pulumi config {secret_id} and {secret_key} (--secret)"
            elif kind == "environment":
                yield f"environment variables {secret_id} and {secret_key}"
        yield f"the file {' or '.join(CREDENTIALS_FILES)}"
        yield "a role of this machine"


PYTHON = Audience(
    name=str,
    argument="argument",
    arguments=frozenset(PLACES),
    namespaces=NAMESPACES,
    any_number="None",
)
"""Pulumi programs in Python. This is how messages are rendered by default."""

SCRIPT = replace(PYTHON, namespaces=())
"""Plain Python scripts, which have no stack and so no configuration."""


class Message(Record):
    """A message that each audience reads with its own names.

    Attributes:
        template: Our own words, with placeholders.
        values: What else the template names: texts from outside and other messages, by their names.
    """

    template: str
    values: Mapping[str, object] = field(default_factory=dict)

    def render(self, audience: Audience = PYTHON) -> str:
        """Return the text for an audience."""
        return self.template.format_map(_Placeholders(self.values, audience))

    def __str__(self) -> str:
        """Return the text for Python programs."""
        return self.render()


def render(text: str | Message, audience: Audience = PYTHON) -> str:
    """Return a text as it is, or a message for an audience."""
    return text.render(audience) if isinstance(text, Message) else text


class _Placeholders(dict[str, object]):
    """What the placeholders of a template stand for: given values, else names."""

    def __init__(self, values: Mapping[str, object], audience: Audience) -> None:
        super().__init__(
            {name: value.render(audience) if isinstance(value, Message) else value for name, value in values.items()}
        )
        self._audience = audience

    def __missing__(self, name: str) -> object:
        return self._audience.any_number if name == "any_number" else _Name(name, self._audience)


class _Name(Record):
    """An argument or a setting in a template."""

    name: str
    audience: Audience

    def __format__(self, form: str) -> str:
        return self.audience.places(self.name) if form == "places" else self.audience.name(self.name)
