"""The parameters of the endpoint as an OpenAPI document has them; the document may be anybody's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from conformance.contract import Edition
from conformance.errors import ConformanceError, nearest
from conformance.output.printing import printable
from conformance.parsing.json_text import JSONBounds, JSONFaultError, load_json
from conformance.parsing.yaml_text import YAMLFaultError, read_yaml

MOST_BYTES = 64 * 1024 * 1024
_MOST_SCHEMAS = 5000
"""Schemas that are looked at in all, whatever refers to what."""
_MOST_PARAMETERS = 500
_MOST_VALUES = 500
_CHOICES = ("allOf", "anyOf", "oneOf")
LOOSEST = {"minimum": min, "minLength": min, "maximum": max, "maxLength": max}
"""The bounds of parameters, and which of several holds for all alternatives together."""


class DocumentError(ConformanceError):
    """A document that is no OpenAPI document of this endpoint."""


@dataclass(slots=True)
class DocumentedParameter:
    """What a document says of a parameter in all its alternatives together."""

    types: set[str] = field(default_factory=set)
    values: list[Any] = field(default_factory=list)  # of enums
    is_closed: bool = True  # whether no alternative allows other values
    bounds: dict[str, float] = field(default_factory=dict)  # the loosest of each
    default: Any = None
    descriptions: list[str] = field(default_factory=list)

    def add(self, part: Mapping[str, Any]) -> None:
        """Add what one alternative says."""
        type_ = part.get("type")
        type_names = type_ if isinstance(type_, list) else [type_]
        types = {name for name in type_names if isinstance(name, str)}
        self.types |= types | ({"null"} if part.get("nullable") is True else set())
        values = [part["const"]] if "const" in part else _list(part, "enum")
        if len(self.values) < _MOST_VALUES:
            self.values += [value for value in values[:_MOST_VALUES] if value not in self.values]
        if types - {"null"} and not values:
            self.is_closed = False
        for name, loosest in LOOSEST.items():
            bound = part.get(name)
            if isinstance(bound, int | float) and not isinstance(bound, bool):
                self.bounds[name] = loosest(bound, self.bounds.get(name, bound))
        if self.default is None:
            self.default = part.get("default")
        text = part.get("description")
        if isinstance(text, str):
            self.descriptions.append(text[:20_000])


@dataclass(frozen=True, slots=True)
class Document:
    """The request of the endpoint as a document has it."""

    parameters: Mapping[str, DocumentedParameter]
    required: frozenset[str]
    unread: tuple[str, ...]  # references that lead nowhere, or too far


def read_document(path: Path, edition: Edition) -> Document:
    """Read the request of an edition's endpoint in a document, JSON or YAML.

    Raises DocumentError for what cannot be read, and for a document without the endpoint.
    """
    content = _load(path)
    body = _request_schema(content, edition, path)
    reader = _SchemaReader(content)
    members: dict[str, list[Any]] = {}
    for schema in reader.alternatives(body):
        for name, member in _object(schema, "properties").items():
            members.setdefault(str(name), []).append(member)
    if not members:
        raise DocumentError(f"{path}: the request of {edition.endpoint.path} has no parameters")
    parts = reader.alternatives(body, ("allOf",))
    names = (name for part in parts for name in _list(part, "required"))
    required = {name for name in names if isinstance(name, str)}
    if len(members) > _MOST_PARAMETERS:
        reader.unread.append(f"what comes after the first {_MOST_PARAMETERS} parameters")
    first = [*members.items()][:_MOST_PARAMETERS]
    parameters = {name: reader.parameter({"anyOf": schemas}) for name, schemas in first}
    return Document(parameters, frozenset(required), tuple(dict.fromkeys(reader.unread)))


def _load(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise DocumentError(f"{path}: has more than {MOST_BYTES:,} bytes")
        if path.suffix in (".yaml", ".yml"):
            return read_yaml(data)
        return load_json(data, JSONBounds(characters=MOST_BYTES))
    except OSError as error:
        raise DocumentError(f"{path}: cannot be read: {error.strerror}") from None
    except (JSONFaultError, YAMLFaultError) as error:
        fault = printable(str(error), 300)
        raise DocumentError(
            f"{path}: {fault}; name an OpenAPI document as JSON, or as YAML that ends in .yaml"
        ) from None


def _request_schema(content: Any, edition: Edition, path: Path) -> Any:
    """Return the schema of the request body; a server may have the rest of the path in its URL."""
    endpoint, method = edition.endpoint.path, edition.endpoint.method.lower()
    paths = _object(content, "paths")
    names = [name for name in paths if isinstance(name, str) and name.endswith(endpoint)]
    for name in sorted(names, key=len):  # the shortest is least likely a variant of the endpoint
        operation = _object(_object(paths, name), method)
        body = _SchemaReader(content).resolve(operation.get("requestBody"))
        media = _object(_object(body, "content"), edition.endpoint.content_type)
        if "schema" in media:
            return media["schema"]
    known_paths = [printable(str(name), 60) for name in [*paths][:1000]]
    raise DocumentError(
        f"{path}: has no {edition.endpoint.method} {endpoint} with a JSON body; "
        f"{nearest(endpoint, known_paths) if known_paths else 'it has no paths'}"
    )


class _SchemaReader:
    """Follows the references of one document, within bounds."""

    def __init__(self, content: Any) -> None:
        self._content = content
        self._looked_at = 0
        self.unread: list[str] = []

    def parameter(self, schema: Any) -> DocumentedParameter:
        """Put the alternatives of a parameter together."""
        parameter = DocumentedParameter()
        for part in self.alternatives(schema):
            parameter.add(part)
        parameter.is_closed = bool(parameter.values) and parameter.is_closed
        return parameter

    def alternatives(
        self, schema: Any, choices: Sequence[str] = _CHOICES
    ) -> Iterator[Mapping[str, Any]]:
        """Yield a schema and all that it is put together from, each once, as far as it goes."""
        waiting, visited = [schema], set[int]()
        while waiting:
            part = self.resolve(waiting.pop())
            if not isinstance(part, dict) or id(part) in visited:
                continue
            if self._looked_at >= _MOST_SCHEMAS:
                self.unread.append(f"what comes after the first {_MOST_SCHEMAS} schemas")
                return
            self._looked_at += 1
            visited.add(id(part))
            yield part
            for name in choices:
                waiting += reversed(_list(part, name))

    def resolve(self, schema: Any) -> Any:
        """Return what a schema refers to, through any number of references, or itself."""
        visited: set[str] = set()
        while isinstance(schema, dict) and isinstance(schema.get("$ref"), str):
            reference = schema["$ref"]
            if reference in visited or not reference.startswith("#/"):
                self.unread.append(f"$ref {printable(reference, 100)}")
                return None
            visited.add(reference)
            schema = self._content
            for step in reference.removeprefix("#/").split("/")[:100]:
                name = unquote(step).replace("~1", "/").replace("~0", "~")
                schema = schema.get(name) if isinstance(schema, dict) else None
            if schema is None:
                self.unread.append(f"$ref {printable(reference, 100)}")
        return schema


def _object(node: Any, name: str) -> Mapping[Any, Any]:
    value = node.get(name) if isinstance(node, dict) else None
    return value if isinstance(value, dict) else {}


def _list(node: Any, name: str) -> list[Any]:
    value = node.get(name) if isinstance(node, dict) else None
    return value[:10_000] if isinstance(value, list) else []
