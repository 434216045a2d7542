"""Results as data: JSON, YAML, and the part of them that a JMESPath expression selects."""

from __future__ import annotations

import json
import re
from typing import Any

from pulumi_cosjob._cli.output import is_printable, printable, write_output
from pulumi_cosjob._errors import InvalidArgumentError
from pulumi_cosjob._text import quoted, truncate

__all__ = ["Query", "compile_query", "print_data", "print_json", "print_yaml"]


class Query:
    """A JMESPath expression, which selects a part of a result.

    Args:
        text: The expression.

    Raises:
        InvalidArgumentError: It is none.
    """

    def __init__(self, text: str) -> None:
        import jmespath  # noqa: PLC0415  only where an expression is given

        self._text = text
        try:
            self._expression = jmespath.compile(text)
        except (ValueError, RecursionError) as error:
            raise self._refused(error) from None
        # A function that does not exist is an error of the evaluation: better before an hour of waiting than after.
        try:
            self._expression.search(None)
        except jmespath.exceptions.UnknownFunctionError as error:
            raise self._refused(error) from None
        except (ValueError, RecursionError):
            pass

    def select(self, value: Any) -> Any:
        """Return what the expression selects from a value of plain data.

        Raises:
            InvalidArgumentError: A function of the expression does not accept what it is given.
        """
        try:
            return self._expression.search(value)
        except (ValueError, RecursionError) as error:
            raise self._refused(error) from None

    def _refused(self, error: Exception) -> InvalidArgumentError:
        lines = str(error).splitlines() if isinstance(error, ValueError) else []
        reason = truncate(lines[0].rstrip(":"), 200) if lines else "it is nested too deeply"
        hint = "It is a JMESPath expression, such as progress_summary.number_of_tasks_failed."
        return InvalidArgumentError("query", f"cannot be {quoted(self._text)}: {reason}", hint=hint)


def compile_query(text: str | None) -> Query | None:
    """Return the expression; None if there is none.

    Raises:
        InvalidArgumentError: It is malformed.
    """
    return None if text is None else Query(text)


def print_data(value: Any, output: str, query: Query | None = None) -> None:
    """Print a result, or what an expression selects from it.

    Args:
        value: The result.
        output: `json` or `yaml`; otherwise a text that is selected is printed as it is, a list of texts and numbers as
            a line for each, and everything else as JSON.
        query: The expression.
    """
    value = json.loads(json.dumps(value))
    if query is not None:
        value = query.select(value)
    if output == "yaml":
        print_yaml(value)
    elif output == "json":
        print_json(value)
    else:
        _print_plain(value)


def _print_plain(value: Any) -> None:
    items = value if isinstance(value, list) else [value]
    if any(isinstance(each, (dict, list)) for each in items):
        print_json(value)
        return
    for each in items:
        write_output(printable(each) if isinstance(each, str) else json.dumps(each))


# ---------------------------------------------------------------------------------------------------------------- JSON


def print_json(value: Any) -> None:
    """Print a value as JSON, with unprintable characters escaped."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    write_output(re.sub(r"[^\n -~]", lambda match: _in_json(match[0]), text))


def _in_json(character: str) -> str:
    if is_printable(character):
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


# ---------------------------------------------------------------------------------------------------------------- YAML

# What version 1.1 or 1.2 of YAML, or a reader between them, may read as something else than text: whatever begins as a
# number or a date does, and these words.
_AMBIGUOUS = re.compile(
    r"[-+]?\.?[0-9].*|[-+]?\.[0-9._]*(?:e.*)?|[-+]?\.inf|\.nan|~|null|y|n|yes|no|on|off|true|false",
    re.IGNORECASE | re.DOTALL,
)


def print_yaml(value: Any) -> None:
    """Print plain data as YAML; a text that some reader would read as a number, a date or the like is in quotes."""
    import yaml  # noqa: PLC0415  not needed for the other formats

    class Dumper(yaml.SafeDumper):
        """Quotes what is ambiguous."""

        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  the signature is that of the base class
            """Write equal parts out each time."""
            return True

    def text(dumper: yaml.SafeDumper, data: str) -> yaml.ScalarNode:
        style = "'" if _AMBIGUOUS.fullmatch(data) else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=style)

    Dumper.add_representer(str, text)
    options: dict[str, Any] = {"sort_keys": False, "default_flow_style": False}
    written = yaml.dump(value, Dumper=Dumper, allow_unicode=True, **options)
    if not all(each == "\n" or is_printable(each) for each in written):
        written = yaml.dump(value, Dumper=Dumper, **options)
    # A text or a number alone is followed by the mark of the document's end.
    write_output(written.removesuffix("...\n"), newline=False)
