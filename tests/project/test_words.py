"""Public texts use one word for each thing: the glossary's other words stand in none of them."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import pytest

import pulumi_cosjob
from places import ROOT
from pulumi_cosjob._cli.main import main
from pulumi_cosjob._plugin.package_schema import package_schema

PACKAGE = Path(pulumi_cosjob.__file__).parent

# What a text says instead, and the words that it does not use for it. A space stands for any white space.
GLOSSARY: Mapping[str, str] = {
    "request; poll (while waiting)": r"questions?|ask(s|ed|ing)?",
    "response": r"answer(s|ed|ing)?",
    "attempt": r"tries|tried|(a|an|the|one|each|every|this|that|single|another|first|second|last|next|final|its) try",
    "poll; read; check before waiting": r"look(s|ed|ing)? at|(a|one|each|every|last) look|looks(?! (for|up))",
    "report; show; list; return": r"tell(s|ing)?|told|say(s|ing)?|said",
    "advance (a clock)": r"turn(s|ed|ing)? ([a-z]+ ){0,4}clocks?|clocks? ([a-z]+ ){0,3}turn(s|ed)?",
    "credentials; secret key": r"keys?",
    "the subject's own name": r"nobody|somebody|anybody|everybody|whoever|no one",
    "at most; at least": r"at the (most|least)",
    "no longer keeps (the job); removed from the state": r"forg[eo]t(s|ten|ting)?",
    "default": r"(make|makes|made|making) up",
    "treat as; decide": r"(take|takes|took|taking) it that|would have it",
}

# What these words mean in other places, taken out of a text before it is searched.
EXCEPTIONS: Mapping[str, str] = {
    r"secret[ -]keys?|secretKey|--secret[a-z-]*": "the secret half of the credentials, and options of its name",
    r"signing keys?": "what the signature is made with, derived from the secret key",
    r"access key ids?": "the service's own name of a secret id, in its messages",
    r"(config(uration)?|mapping|object|source|target) keys?|one key with its value": "names of values",
    r"(report's|tag) keys?|keys? of (the|an) object": "the names of objects and tags at the service",
    r"API Keys": "a page of the console",
    r"AES with keys": "what the service encrypts objects with",
    r"\"Key\"": "a column of a manifest",
    r"> API Keys": "a page of the console",
    r"key: engine-": "the name of a cache in a workflow",
    r"KeyError|KeyboardInterrupt|emulator-key": "names",
    r"(service|it) asks to (slow down|wait)": "what the service does; a request is ours",
}


def _any_of(patterns: Mapping[str, str]) -> dict[str, re.Pattern[str]]:
    """Return the patterns, where white space of any length separates the words."""
    return {
        pattern: re.compile(rf"(?<![\w`.])(?:{pattern.replace(' ', chr(92) + 's+')})(?!\w)", re.IGNORECASE)
        for pattern in patterns.values()
    }


_WORDS = dict(zip(GLOSSARY, _any_of(GLOSSARY).values(), strict=True))
_EXCEPTIONS = re.compile("|".join(pattern.replace(" ", r"\s+") for pattern in EXCEPTIONS), re.IGNORECASE)


def offences(text: str) -> list[str]:
    """Return each line of a text that has a word of the glossary's left column, with the word and what replaces it."""
    without = _EXCEPTIONS.sub(lambda match: re.sub(r"\S", "·", match[0]), text)
    found = []
    for instead, word in _WORDS.items():
        for match in word.finditer(without):
            number = text.count("\n", 0, match.start())
            line = text.splitlines()[number].strip()
            found.append((number, f"line {number + 1}: {' '.join(match[0].split())!r} (use: {instead}): {line}"))
    return [line for _, line in sorted(found)]


# ----------------------------------------------------------------------------------------------------- the public texts


def _pages() -> Iterator[tuple[str, str]]:
    """Yield the pages, and the programs of the examples."""
    patterns = (
        "*.md",
        "LICENSE",
        "docs/**/*.md",
        "examples/*.md",
        "examples/*/*.md",
        "examples/*/*.py",
        "examples/*/*.ts",
        "examples/*/*.go",
    )
    for pattern in (*patterns, "examples/*/*.yaml", ".github/**/*.md", ".github/**/*.yml"):
        for path in sorted(ROOT.glob(pattern)):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def _docstrings(node: ast.AST) -> Iterator[str]:
    """Yield the docstrings of a class or a function, and those of its public methods and attributes."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant) and isinstance(child.value.value, str):
            yield child.value.value
        elif not getattr(child, "name", "public").startswith("_"):
            yield from _docstrings(child)


def _documented(value: Any) -> str:
    """Return the docstrings of a public name."""
    try:
        return "\n".join(_docstrings(ast.parse(inspect.getsource(value))))
    except (OSError, TypeError):  # made at run time, or no class and no function
        return inspect.getdoc(value) or ""


def _public_docstrings() -> Iterator[tuple[str, str]]:
    """Yield the docstrings of each public name."""
    for module_name in ("pulumi_cosjob", "pulumi_cosjob.native", "pulumi_cosjob.testing", "pulumi_cosjob.types"):
        module = importlib.import_module(module_name)
        yield f"{module_name} (docstring)", module.__doc__ or ""
        for name in module.__all__:
            if not name.isupper():
                yield f"{module_name}.{name}", _documented(getattr(module, name))


def _messages(path: Path) -> str:
    """Return the texts of more than one word in a module that are not docstrings: messages, hints, help, warnings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docstrings]
    return "\n".join(node.value for node in constants if isinstance(node.value, str) and " " in node.value.strip())


def _help(command: click.Command, name: str) -> Iterator[tuple[str, str]]:
    """Yield the help texts of a command and of those below it."""
    context = click.Context(command, info_name=name)
    yield f"{name} --help", command.get_help(context)
    if isinstance(command, click.Group):
        for listed in command.list_commands(context):
            below = command.get_command(context, listed)
            assert below is not None
            yield from _help(below, f"{name} {listed}")


def _descriptions(value: Any) -> Iterator[str]:
    """Yield the texts of the plugin's schema."""
    if isinstance(value, dict):
        for name, below in value.items():
            if name in ("description", "readme", "deprecationMessage") and isinstance(below, str):
                yield below
            yield from _descriptions(below)
    elif isinstance(value, list):
        for below in value:
            yield from _descriptions(below)


def _public_texts() -> Iterator[tuple[str, str]]:
    yield from _pages()
    yield from _public_docstrings()
    for path in sorted(PACKAGE.rglob("*.py")):
        yield f"messages of {path.relative_to(PACKAGE).as_posix()}", _messages(path)
    yield from _help(main, "cosjob")
    yield (
        "the plugin's schema",
        "\n".join(_descriptions(json.loads(json.dumps(package_schema(pulumi_cosjob.__version__))))),
    )


TEXTS = dict(_public_texts())


@pytest.mark.newest
@pytest.mark.parametrize("name", TEXTS)
def test_a_public_text_uses_the_glossary(name: str) -> None:
    """A reader meets one word for each thing, and it is the one to search for."""
    found = offences(TEXTS[name])
    assert not found, "\n".join([f"{name} uses words that the glossary replaces:", *found])


@pytest.mark.parametrize("word", GLOSSARY)
def test_each_word_is_found_somewhere(word: str) -> None:
    """The search finds each pattern, across lines and in capitals."""
    samples = {
        "request; poll (while waiting)": "Ask about a job.",
        "response": "no answer came",
        "attempt": "within a\ntry",
        "poll; read; check before waiting": "Look at a job.",
        "report; show; list; return": "The page tells why.",
        "advance (a clock)": "a clock to turn",
        "credentials; secret key": "The key of an account",
        "the subject's own name": "Whoever runs it",
        "at most; at least": "ten at the\nmost",
        "no longer keeps (the job); removed from the state": "jobs are forgotten",
        "default": "that uin and region make up",
        "treat as; decide": "Take it that it is over.",
    }
    [found] = offences(f"Fine.\n{samples[word]}\nFine.")
    assert found.startswith("line 2: ")
    assert word in found


@pytest.mark.parametrize(
    "text",
    ["A name is looked up.", "The secret key is kept.", "Try again later.", "`ask` and --secret-key", "a monkey"],
)
def test_other_meanings_are_left_alone(text: str) -> None:
    """A word in another meaning is no offence."""
    assert offences(text) == []
