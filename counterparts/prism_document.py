"""Write the OpenAPI document that the Prism counterpart mocks, to standard output.

Without options the document is made from an edition in schemas/. With --openai it is OpenAI's own
openapi.json, cut down to the one path and repaired, because Prism validates no body at all with
the document as published. Only the second one judges by rules that nobody here wrote.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EDITION = Path(__file__).resolve().parent.parent / "schemas" / "cometapi-2026-03-12"
PREFIX = "#/components/schemas/"
NULLABLE_STRING = {"type": ["string", "null"]}
ERROR_SCHEMA = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": NULLABLE_STRING,
                "code": NULLABLE_STRING,
            },
        }
    },
}


def error_answer(message: str, code: str | None, schema: Any) -> dict[str, Any]:
    """Describe one error answer; Prism sends its example when a request breaks the document."""
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    content = {"schema": schema, "example": {"error": error}}
    return {"description": "error", "content": {"application/json": content}}


def error_answers(schema: Any) -> dict[str, Any]:
    """Give the answers without which Prism falls back to a problem document of its own."""
    return {
        "400": error_answer("Invalid request", None, schema),
        "401": error_answer("Incorrect API key provided", "invalid_api_key", schema),
    }


def document(
    title: str, version: str, path: str, operation: Any, schemas: dict[str, Any]
) -> dict[str, Any]:
    """Wrap one POST operation into a whole document that asks for a bearer key."""
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "security": [{"ApiKeyAuth": []}],
        "paths": {path: {"post": operation}},
        "components": {
            "securitySchemes": {"ApiKeyAuth": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas,
        },
    }


def with_null(schema: Any) -> Any:
    """Say null the way JSON Schema 2020-12 does, wherever the 3.0 keyword `nullable` stands."""
    if isinstance(schema, list):
        return [with_null(member) for member in schema]
    if not isinstance(schema, dict):
        return schema
    mended = {name: with_null(value) for name, value in schema.items() if name != "nullable"}
    if schema.get("nullable") is not True:
        return mended
    return allow_null(mended)


def allow_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Add null to the type and enum of a schema, or to its alternatives where it has no type."""
    if isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            schema[keyword] = [*schema[keyword], {"type": "null"}]
    if "enum" in schema and None not in schema["enum"]:
        schema["enum"] = [*schema["enum"], None]
    return schema


def references(schema: Any) -> Iterator[str]:
    """Yield the name of every component that a part of a document points to."""
    if isinstance(schema, list):
        for member in schema:
            yield from references(member)
    elif isinstance(schema, dict):
        target = schema.get("$ref")
        if isinstance(target, str) and target.startswith(PREFIX):
            yield target.removeprefix(PREFIX).split("/")[0]
        for value in schema.values():
            yield from references(value)


def reachable(start: Any, components: dict[str, Any]) -> dict[str, Any]:
    """Pick the components that `start` needs, directly or through one another."""
    found: dict[str, Any] = {}
    waiting = list(references(start))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = components[name]
            waiting.extend(references(components[name]))
    return found


def from_openai(source: Path) -> dict[str, Any]:
    """Cut OpenAI's published document down to image generation and make it validate."""
    published = json.loads(source.read_text(encoding="utf-8"))
    operation = published["paths"]["/images/generations"]["post"]
    operation["responses"] |= error_answers(ERROR_SCHEMA)
    schemas = reachable(operation, published["components"]["schemas"])
    info = published["info"]
    path = "/v1/images/generations"
    return document(info["title"], info["version"], path, operation, with_null(schemas))


def component(file: Path) -> str:
    """Name the component that holds a schema file: request/dall-e-3.json is request-dall-e-3."""
    return "-".join(file.with_suffix("").parts)


def rewrite(schema: Any, resolve: Callable[[str], str]) -> Any:
    """Copy a schema with its references resolved and without its own identity."""
    if isinstance(schema, list):
        return [rewrite(member, resolve) for member in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: resolve(value)
        if name == "$ref" and isinstance(value, str)
        else rewrite(value, resolve)
        for name, value in schema.items()
        if name not in ("$id", "$schema") or not isinstance(value, str)
    }


def bundle(folder: Path, waiting: list[str]) -> dict[str, Any]:
    """Load schema files and whatever files they refer to, as components of one document."""
    root, found = folder.resolve(), dict[str, Any]()
    while waiting:
        file = Path(waiting.pop())
        if component(file) in found:
            continue

        def resolve(reference: str, file: Path = file) -> str:
            target, _, fragment = reference.partition("#")
            other = (root / file.parent / target).resolve().relative_to(root) if target else file
            waiting.append(str(other))
            return PREFIX + component(other) + fragment

        schema = json.loads((root / file).read_text(encoding="utf-8"))
        found[component(file)] = rewrite(schema, resolve)
    return found


def from_edition(folder: Path) -> dict[str, Any]:
    """Make a document of an edition: each model's request schema holds when it is the model."""
    edition = json.loads((folder / "edition.json").read_text(encoding="utf-8"))
    requests = {name: Path(model["request"]) for name, model in edition["models"].items()}
    always, error = Path(edition["request"]), Path(edition["error"])
    answers = [Path(file) for file in edition["responses"].values()]
    schemas = bundle(folder, [str(file) for file in (*requests.values(), *answers, always, error)])
    body = {"allOf": [pointer(always), *(when(name, file) for name, file in requests.items())]}
    answer = {"anyOf": [pointer(file) for file in answers]}
    operation = {
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {
            "200": {"description": "images", "content": {"application/json": {"schema": answer}}},
            **error_answers(pointer(error)),
        },
    }
    path = "/v1" + edition["endpoint"]["path"]
    return document(edition["title"], edition["id"], path, operation, schemas)


def pointer(file: Path) -> dict[str, str]:
    """Refer to the component made of a schema file."""
    return {"$ref": PREFIX + component(file)}


def when(model: str, file: Path) -> dict[str, Any]:
    """Bind a request schema to the requests that name its model."""
    named = {"properties": {"model": {"const": model}}, "required": ["model"]}
    return {"if": named, "then": pointer(file)}


def main() -> None:
    """Read the options and print the document."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--openai", type=Path, help="OpenAI's published openapi.json")
    parser.add_argument("--edition", type=Path, default=EDITION, help="a folder of schemas/")
    options = parser.parse_args()
    try:
        made = from_openai(options.openai) if options.openai else from_edition(options.edition)
    except (OSError, ValueError, KeyError) as fault:
        source = options.openai or options.edition
        sys.exit(f"cannot make a document for Prism from {source}: {fault!r}")
    json.dump(made, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
