"""The schema, loaded once: validates answers and decodes them into a `JobDescription`."""

from __future__ import annotations

import dataclasses
import functools
import re
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeVar
from xml.etree import ElementTree as ET

from pulumi_cosjob._details import MOST_PROBLEMS
from pulumi_cosjob._errors import (
    CosJobWarning,
    InvalidArgumentError,
    InvalidResponseError,
    NotXmlError,
    Problem,
    SchemaError,
)
from pulumi_cosjob._messages import Message
from pulumi_cosjob._model.job import Element, JobDescription, element_fields, xml_name
from pulumi_cosjob._text import format_value, kind_of, quoted, truncate
from pulumi_cosjob._xml.fast_validator import XML_SPACE, Declared, compile_schema

if TYPE_CHECKING:
    import xmlschema

__all__ = [
    "DEFAULT_VALIDATION",
    "MOST_BYTES",
    "VALIDATIONS",
    "Validation",
    "find_problems",
    "parse_describe_job_result",
    "schema_path",
]

Validation = Literal["strict", "lenient"]
VALIDATIONS: tuple[Validation, ...] = ("strict", "lenient")
DEFAULT_VALIDATION: Validation = "lenient"

# The largest answer that is read, from wherever it comes.
MOST_BYTES = 1024 * 1024

_FILE = "describe_job_result.xsd"
_JOB = "/DescribeJobResult/Job"
# What a gate rests on: it is never left out, nor anything below it.
_DECISIVE = frozenset({"JobId", "Status", "ProgressSummary"})
_DEEPEST = 100
# What an answer may hold that is not recognised at once: the time of the XSD processor grows with its square in places,
# to minutes for the largest answer. A real one has dozens, and a few for each reason where many tasks failed.
_MOST_NODES = 5_000
_MOST_ATTRIBUTES = 100
# The longest path of a declared element, with positions, has half of that.
_LONGEST_PATH = 200
_LONGEST_RULE = 200
# Each time costs a whole validation; an answer that needs more is not worth it.
_MOST_PRUNINGS = 10
# Of words that the schema does not list, as outputs list them. A longer one is no word: outputs give its length.
_MOST_UNKNOWN_VALUES = 100
_LONGEST_UNKNOWN_VALUE = 64
_INSTANCE_NAMESPACE = "{http://www.w3.org/2001/XMLSchema-instance}"
_INSTANCE = re.compile(rf"{re.escape(_INSTANCE_NAMESPACE)}(?:type|nil)")
_loading = threading.Lock()
_E = TypeVar("_E", bound=Element)


def schema_path() -> Path:
    """Return where the schema lies: inside the installed package, or in the project's own tree."""
    package = Path(__file__).parents[1]
    installed = package / _FILE
    return installed if installed.exists() else package.parent / "schema" / _FILE


@functools.cache
def _load() -> xmlschema.XMLSchema11:
    import xmlschema  # noqa: PLC0415  half a second with the schema, paid where an answer is not recognised

    return xmlschema.XMLSchema11(schema_path(), allow="local", defuse="always")


def _schema() -> xmlschema.XMLSchema11:
    with _loading:
        return _load()


@functools.cache
def _compiled() -> Declared:
    root = ET.parse(schema_path()).getroot()  # noqa: S314  our own file
    return compile_schema(root)["DescribeJobResult"]


# --------------------------------------------------------------------------------------------------------- documents


# Where the root has a namespace, an element without one is not of the schema, whatever its name.
_NO_NAMESPACE = "{no namespace}"


def read_xml(document: bytes) -> ET.Element:
    """Read an untrusted XML document, without DTDs or entities; a default namespace of the root is taken off.

    Raises:
        NotXmlError: It is no XML document, or one that may not be read.
        InvalidResponseError: It is too large.
    """
    if len(document) > MOST_BYTES:
        raise InvalidResponseError(f"the answer is larger than {MOST_BYTES} bytes")
    if not document.strip():
        raise NotXmlError("the answer is empty")
    try:
        root = _parse(document)
    except (ET.ParseError, ValueError, LookupError) as error:
        raise NotXmlError(f"the answer cannot be read as XML: {error}; it begins with {_beginning(document)}") from None
    if root.tag.startswith("{"):
        namespace = root.tag[: root.tag.index("}") + 1]
        for element in root.iter():
            own = element.tag.startswith((namespace, "{"))
            element.tag = element.tag.removeprefix(namespace) if own else f"{_NO_NAMESPACE}{element.tag}"
    return root


def _parse(document: bytes) -> ET.Element:
    """Read a document with no more care than it needs."""
    builder = None if _is_harmless(document) else _Builder()
    parser = ET.XMLParser(target=builder)  # noqa: S314  the builder refuses
    start = 0
    while builder is not None and not builder.begun and start < len(document):
        # What the builder refuses comes to light only when the parser has dealt with all that it was fed: so it gets
        # nothing that a document type could make to grow.
        if start >= _LONGEST_PROLOG:
            raise ValueError(f"no element begins in the first {_LONGEST_PROLOG} bytes")
        parser.feed(document[start : start + _CHUNK_SIZE])
        start += _CHUNK_SIZE
    parser.feed(document[start:])
    root: ET.Element = parser.close()
    return root


_CHUNK_SIZE = 32
_LONGEST_PROLOG = 4096

# How a document in UTF-8 usually begins, whether it says that it is or not.
_USUAL_BEGINNING = re.compile(
    rb"""(?:\xef\xbb\xbf)?(?:<\?xml\s+version=["']1\.0["'](?:\s+encoding=["'][Uu][Tt][Ff]-8["'])?\s*\?>)?\s*<[A-Za-z]"""
)


def _is_harmless(document: bytes) -> bool:
    """Tell, before it is read, whether a document has nothing to refuse: the parser's own builder then will do.

    It is faster. A document type begins with `<!`, and to be nested a hundred deep takes two hundred tags.
    """
    few_tags = document.count(b"<") <= 2 * _DEEPEST
    return few_tags and b"<!" not in document and _USUAL_BEGINNING.match(document) is not None


class _Builder(ET.TreeBuilder):
    """Refuses document types, and with them all entities and external files, and bottomless nesting.

    Attributes:
        begun: Whether the root has begun: no document type can follow.
    """

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0
        self.begun = False

    def doctype(self, *_declared: object) -> NoReturn:
        raise ValueError("a document type declaration is not allowed")

    def start(self, tag: Any, attrs: Any, /) -> ET.Element:
        self.begun = True
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError(f"elements are nested more than {_DEEPEST} deep")
        return super().start(tag, attrs)

    def end(self, tag: Any, /) -> ET.Element:
        self._depth -= 1
        return super().end(tag)


def _beginning(document: bytes) -> str:
    return quoted(" ".join(document[:200].decode("utf-8", "replace").split()))


# -------------------------------------------------------------------------------------------------------- validation


def _is_recognised(root: ET.Element) -> bool:
    """Tell whether a document is surely valid; if not, it may still be."""
    return root.tag == "DescribeJobResult" and _compiled().accepts(root)


@dataclasses.dataclass(frozen=True)
class _Violation:
    """Something wrong, with the element that has to go for the rest to be valid.

    Attributes:
        culprit: That element.
        tell: Says what is wrong. Finding out takes the longer the larger the document is.
        is_repeated: Whether it stands more than once where it may stand only once.
    """

    offending: ET.Element
    tell: Callable[[], Problem]
    is_repeated: bool = False


def _violations(root: ET.Element) -> Iterator[_Violation]:
    import xmlschema  # noqa: PLC0415  as in _load

    if root.tag != "DescribeJobResult":
        rule = f"the document must be a DescribeJobResult, not {root.tag!r}"
        yield _Violation(root, lambda: Problem(f"/{root.tag}", None, rule))
        return
    excess = _excess(root)
    if excess:
        yield _Violation(root, lambda: Problem(f"/{root.tag}", None, excess))
        return
    try:
        # The schema hints of a document are nobody's business but its author's: they could name a file or a host.
        for error in _schema().iter_errors(root, use_location_hints=False):
            element = error.elem if isinstance(error.elem, ET.Element) else root
            child = getattr(error, "invalid_child", None)
            offending = element if child is None else child
            repeated = child is not None and len(element.findall(child.tag)) > 1
            yield _Violation(offending, functools.partial(_problem, error, element), is_repeated=repeated)
    except xmlschema.XMLSchemaException as error:  # an xsi:type that there is not
        reason = " ".join(str(error).split())
        yield _Violation(root, lambda: Problem(f"/{root.tag}", None, f"cannot be validated: {reason}"))
    yield from _foreign_spaces(_compiled(), root, f"/{root.tag}")


def _excess(root: ET.Element) -> str:
    """Say of what there is more than is worth validating, if of anything."""
    nodes = 0
    for element in root.iter():
        nodes += 1 + len(element.attrib)
        if len(element.attrib) > _MOST_ATTRIBUTES:
            return f"must not hold an element with more than {_MOST_ATTRIBUTES} attributes"
    return f"must hold at most {_MOST_NODES} elements and attributes" if nodes > _MOST_NODES else ""


def _problem(error: xmlschema.XMLSchemaValidationError, element: ET.Element) -> Problem:
    import xmlschema  # noqa: PLC0415  as in _load

    path = error.path or f"/{element.tag}"
    if isinstance(error, xmlschema.XMLSchemaChildrenValidationError):
        return Problem(path, None, _children_rule(error))
    if isinstance(error.validator, xmlschema.validators.XsdAttributeGroup):
        names = [name for name in element.attrib if not name.startswith(_INSTANCE_NAMESPACE)]
        return Problem(path, None, f"must not have the attribute {', '.join(map(repr, names))}")
    is_about_text = not len(element) and not isinstance(error.validator, xmlschema.XsdElement)
    return Problem(path, element.text or "" if is_about_text else None, _rule(error, path))


def _presentable(problem: Problem, shown: Callable[[str], str]) -> Problem:
    """Return a problem as it may be told; until then it holds the document's own texts, whole."""
    return Problem(
        truncate(shown(problem.path), _LONGEST_PATH),
        None if problem.value is None else quoted(shown(problem.value)),
        truncate(shown(problem.rule), _LONGEST_RULE),
    )


def _problems(root: ET.Element, shown: Callable[[str], str] = str) -> list[Problem]:
    """Return what is wrong, each thing once, and not more than anybody reads."""
    if _is_recognised(root):
        return []
    found: dict[Problem, None] = {}
    for violation in _violations(root):
        found[_presentable(violation.tell(), shown)] = None
        if len(found) == MOST_PROBLEMS:
            break
    return list(found)


_SPACE_AROUND = "must not begin or end with white space that XML does not know"
_SPACE_BETWEEN = "must not hold white space that XML does not know between its elements"


def _foreign_spaces(declared: Declared, element: ET.Element, path: str) -> Iterator[_Violation]:
    """Yield what xmlschema takes for blank and no other processor does: white space that XML does not know."""
    if declared.simple is not None:
        text = element.text or ""
        # Where any word will do, it is one that nobody knows.
        if declared.simple.collapse and declared.simple.checks and text.strip() != text.strip(XML_SPACE):
            yield _Violation(element, functools.partial(Problem, path, text, _SPACE_AROUND))
        return
    if any(text.strip(XML_SPACE) and not text.strip() for text in _texts(element)):
        yield _Violation(element, functools.partial(Problem, path, None, _SPACE_BETWEEN))
    for child in element:
        if child.tag in declared.children:
            yield from _foreign_spaces(declared.children[child.tag], child, f"{path}/{child.tag}")


def _texts(element: ET.Element) -> Iterator[str]:
    """Yield the texts beside an element's children."""
    yield element.text or ""
    for child in element:
        yield child.tail or ""


def _children_rule(error: xmlschema.XMLSchemaChildrenValidationError) -> str:
    if error.invalid_tag is not None:
        children = () if error.elem is None else error.elem
        if len([child for child in children if child.tag == error.invalid_tag]) > 1:
            return _once(error.invalid_tag)
        return f"must not hold {error.invalid_tag} here"
    missing = ", ".join(str(getattr(each, "local_name", each)) for each in error.expected or ())
    return f"must hold {missing}" if missing else str(error.reason)


def _once(name: str) -> str:
    return f"must hold {name} only once"


def _rule(error: xmlschema.XMLSchemaValidationError, path: str) -> str:
    """Say what should have been: in the schema's own words where it has some, else in the validator's."""
    import xmlschema  # noqa: PLC0415  as in _load

    components: list[Any] = [error.validator]
    if not isinstance(error.validator, xmlschema.XsdElement):
        # The words of an element's type tell what its value has to be, and nothing of what is wrong beside that.
        components.append(getattr(_schema().find(_without_positions(path)), "type", None))
    for component in components:
        annotation = getattr(component, "annotation", None)
        words = [str(each.text) for each in getattr(annotation, "documentation", ()) if each.text]
        rule = next((each for each in words if each.startswith("must ")), None)
        if rule is not None:
            return rule
    return " ".join(str(error.reason or error.message).split())


def _without_positions(path: str) -> str:
    return "/".join(step.partition("[")[0] for step in path.split("/"))


def find_problems(document: bytes) -> list[Problem]:
    """Return every place where an answer breaks the schema, or the first hundred.

    Args:
        document: The answer, in UTF-8, UTF-16 or the encoding that it declares.

    Raises:
        NotXmlError: The answer is no XML document.
        InvalidResponseError: It is too large.
    """
    return _problems(read_xml(document))


def parse_describe_job_result(document: bytes, *, validation: Validation = DEFAULT_VALIDATION) -> JobDescription:
    """Validate the response to a DescribeJob request and return the job that it describes.

    Args:
        document: The response's body, in UTF-8, UTF-16 or the encoding that it declares.
        validation: `strict` refuses a response that violates the schema. `lenient` leaves out the elements that violate
            it, with a warning for each, and returns the rest. Neither accepts a response without one job, one JobId,
            one Status and counts of tasks that are whole numbers, or with an element that stands twice.

    Raises:
        NotXmlError: The response is no XML document.
        SchemaError: The response violates the schema; all problems are in the error.
        InvalidResponseError: The response is too large.
    """
    if not isinstance(document, (bytes, bytearray)):
        raise InvalidArgumentError("document", f"must be bytes, not {kind_of(document)}")
    if validation not in VALIDATIONS:
        told = f"must be one of {', '.join(VALIDATIONS)}, not {format_value(validation)}"
        raise InvalidArgumentError("validation", told)
    described, left_out = describe(read_xml(bytes(document)), validation=validation)
    for text in warnings_of(left_out, set()):
        warnings.warn(text, CosJobWarning, stacklevel=2)
    return described


def describe(
    root: ET.Element, *, validation: Validation = DEFAULT_VALIDATION, shown: Callable[[str], str] = str
) -> tuple[JobDescription, Sequence[Problem]]:
    """Do what `parse_describe_job_result` does, from a document that was read already, and without warnings.

    Args:
        root: The document; lenient validation takes out of it what violates the schema.
        validation: As there.
        shown: Returns of a text of the document what may be quoted.

    Returns:
        The job, and the problems for which something was left out: `warnings_of` makes warnings of them.
    """
    problems: Sequence[Problem] = _problems(root, shown)
    if problems and root.tag != "DescribeJobResult":
        raise SchemaError(problems, hint=_FOREIGN_HINT)
    if problems and validation == "strict":
        raise SchemaError(problems, hint=_STRICT_HINT)
    if problems:
        problems = _prune(root, problems)
    job = root.find("Job")
    assert job is not None  # noqa: S101  the schema requires it
    beyond = _Beyond()
    for child in root:
        if child is not job:
            beyond.add_element(f"/DescribeJobResult/{child.tag}")
    described = _decode(JobDescription, job, _JOB, beyond)
    listed = dataclasses.replace(
        described, unknown_elements=tuple(beyond.elements), unknown_values=tuple(beyond.values)
    )
    return listed, problems


_STRICT_HINT = Message(
    "Report this response if it came from the service itself. {validation}=lenient, the default, reads all parts "
    "that are valid; it is set by {validation:places}."
)
_FOREIGN_HINT = "Check the endpoint: this is no answer of COS Batch."


def warnings_of(left_out: Sequence[Problem], warned: set[str]) -> list[str]:
    """Return the warnings about what was left out of a response: one for each element and rule.

    Args:
        left_out: The problems.
        warned: What was warned of before; what is new is added. A wait of days may see a response that changes all the
            time: however it does, this stays small.
    """
    texts = []
    for problem in left_out:
        key = _fixed_part(problem)
        if key not in warned:
            warned.add(key)
            texts.append(f"a part of the response violates the schema and was left out: {problem}")
    return texts


def _fixed_part(problem: Problem) -> str:
    """Return what a problem is about, without anything that the document says by itself."""
    paths, rules = _fixed_words()
    path = _without_positions(problem.path)
    path = path if path in paths else _JOB
    return f"{path}: {problem.rule}" if problem.rule in rules else path


@functools.cache
def _fixed_words() -> tuple[frozenset[str], frozenset[str]]:
    """Return the paths of all declared elements, and the rules that are the same for every document."""

    def walk(declared: Declared, path: str) -> Iterator[str]:
        yield path
        for name, child in declared.children.items():
            yield from walk(child, f"{path}/{name}")

    paths = frozenset(walk(_compiled(), "/DescribeJobResult"))
    rules = {_SPACE_AROUND, _SPACE_BETWEEN, *map(_once, {path.rpartition("/")[2] for path in paths})}
    for component in _schema().iter_components():
        words = getattr(getattr(component, "annotation", None), "documentation", ())
        rules.update(str(each.text) for each in words if each.text)
    return paths, frozenset(rules)


def _prune(root: ET.Element, problems: Sequence[Problem]) -> Sequence[Problem]:
    """Take out of the document what violates the schema, until it is valid; return the problems that this was for.

    Raises:
        SchemaError: That cannot be done without losing what a gate rests on, or an element stands twice.
    """
    refusal = SchemaError(problems, hint=_DECISIVE_HINT)
    if any(_is_distorted(part) for job in root.iterfind("Job") for part in _decisive_parts(job)):
        raise refusal
    excess = _excess(root)
    _strip(root)
    if excess:
        problems = _take_out_unrecognised(root, excess)
    for _ in range(_MOST_PRUNINGS):
        if _is_recognised(root):
            return problems
        parents = {child: parent for parent in root.iter() for child in parent}
        decisive = {part for job in root.iterfind("Job") for part in _decisive_parts(job)}
        to_remove: set[ET.Element] = set()
        for violation in _violations(root):
            offending = violation.offending
            if offending is root or parents[offending] is root or offending in decisive or violation.is_repeated:
                raise refusal
            to_remove.add(offending)
        if not to_remove:
            return problems
        for parent in {parents[element] for element in to_remove}:
            parent[:] = [child for child in parent if child not in to_remove]
    raise SchemaError(problems, hint="Too much of it does for the rest to be of use, even to lenient validation.")


_DECISIVE_HINT = (
    "Report this response if it came from the service itself. Even lenient validation needs one job, with one JobId, "
    "one Status and counts of tasks that are whole numbers, and no element twice."
)


def _take_out_unrecognised(root: ET.Element, rule: str) -> list[Problem]:
    """Take out of a document that is too large to be validated the parts of its job that are not surely valid."""
    problems = []
    declared = _compiled().find("Job")
    for job in root.iterfind("Job"):
        for child in list(job):
            known = declared.children.get(child.tag)
            if known is not None and child.tag not in _DECISIVE and not known.accepts(child):
                job.remove(child)
                problems.append(Problem(f"{_JOB}/{child.tag}", None, rule))
    return problems[:MOST_PROBLEMS]


def _strip(root: ET.Element) -> None:
    """Take off attributes, and texts between elements: neither has a meaning."""
    for element in root.iter():
        element.attrib.clear()
        if len(element):
            element.text = None
            for child in element:
                child.tail = None


def _decisive_parts(job: ET.Element) -> Iterator[ET.Element]:
    """Yield the job and all that says whether it has completed."""
    yield job
    for child in job:
        if child.tag in _DECISIVE:
            yield from child.iter()


def _is_distorted(element: ET.Element) -> bool:
    """Tell whether an element has what would change its meaning, beside what it holds."""
    texts = _texts(element) if len(element) and element.tag != "Job" else ()
    return any(map(_INSTANCE.match, element.attrib)) or any(text.strip(XML_SPACE) for text in texts)


# ---------------------------------------------------------------------------------------------------------- decoding


@dataclasses.dataclass(frozen=True)
class _Plan:
    """How one child element becomes the value of a field."""

    field: str
    type: type[Any]
    item: str | None
    collapse: bool
    known: frozenset[str]


@dataclasses.dataclass
class _Beyond:
    """What a response holds beyond what the schema lists, in its order."""

    elements: dict[str, None] = dataclasses.field(default_factory=dict)
    values: dict[str, None] = dataclasses.field(default_factory=dict)

    def add_element(self, path: str) -> None:
        self.elements[path] = None

    def add_value(self, path: str, value: str) -> None:
        if len(self.values) < _MOST_UNKNOWN_VALUES:
            # Not a part of it: of a secret that the response echoes, a part would not be recognised.
            listed = value if len(value) <= _LONGEST_UNKNOWN_VALUE else f"a text of {len(value)} characters"
            self.values[f"{path}: {listed}"] = None


@functools.cache
def _plans(cls: type[Element], path: str) -> Mapping[str, _Plan]:
    """Return the plan for each child of an element of this class, by the child's name."""
    plans = {}
    for name, field in element_fields(cls).items():
        tag = xml_name(name)
        leaf = "/".join(filter(None, (path, tag, field.item)))
        simple = _compiled().find(leaf.removeprefix("/DescribeJobResult/")).simple
        collapse, known = (False, frozenset()) if simple is None else (simple.collapse, simple.known)
        plans[tag] = _Plan(name, field.type, field.item, collapse, known)
    return plans


def _decode(cls: type[_E], element: ET.Element, path: str, beyond: _Beyond) -> _E:
    plans = _plans(cls, path)
    values: dict[str, Any] = {}
    for child in element:
        plan = plans.get(child.tag)
        where = f"{path}/{child.tag}"
        if plan is None:
            beyond.add_element(where)
        elif plan.item is None:
            values[plan.field] = _value(plan, child, where, beyond)
        else:
            items = []
            for item in child:
                if item.tag == plan.item:
                    value = _value(plan, item, f"{where}/{plan.item}", beyond)
                    # An empty item keeps the place of a column.
                    items.append("" if value is None else value)
                else:
                    beyond.add_element(f"{where}/{item.tag}")
            values[plan.field] = tuple(items)
    return cls(**values)


def _value(plan: _Plan, element: ET.Element, path: str, beyond: _Beyond) -> Any:
    if issubclass(plan.type, Element):
        return _decode(plan.type, element, path, beyond)
    text = element.text or ""
    if not plan.collapse:
        return text
    text = text.strip(XML_SPACE)
    if not text:
        return None
    if plan.known and text not in plan.known:
        # No known word has a space in it, nor has a number, a boolean or a time.
        text = _SPACES.sub(" ", text)
        beyond.add_value(path, text)
    if plan.type is bool:
        return text in ("true", "1")
    return int(text) if plan.type is int else text


_SPACES = re.compile(f"[{XML_SPACE}]+")
