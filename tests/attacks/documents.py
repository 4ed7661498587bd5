"""Recordings in JSON, manifests, provider files and run files: the other readers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from tests import runs
from tests.attacks.files import ASKED, DEEP, READ, URL, FileAttack

_ENTRY = {
    "startedDateTime": "2026-01-01T00:00:00Z",
    "request": {
        "method": "POST",
        "url": URL,
        "headers": [],
        "postData": {"text": json.dumps(ASKED)},
    },
    "response": {"status": 200, "headers": [], "content": {"text": "{}", "size": 2}},
}
_LINE = {
    "request": {"method": "POST", "url": URL, "headers": {}, "body": ASKED},
    "response": {"status": 200, "headers": {}, "body": {"created": 1, "data": []}},
}
JSON: Mapping[str, tuple[str, Callable[[], str], str]] = {
    "lists": (
        "Lists within lists: a path for each took the square of their number.",
        lambda: "[" * DEEP,
        "nests deeper than 200 levels",
    ),
    "objects": ("Objects within objects.", lambda: '{"a": ' * DEEP, "nests deeper than 200 levels"),
    "closed-lists": (
        "A nesting that is well formed.",
        lambda: "[" * DEEP + "]" * DEEP,
        "nests deeper than 200 levels",
    ),
    "both": (
        "Lists and objects in turns.",
        lambda: '[{"a": ' * DEEP,
        "nests deeper than 200 levels",
    ),
    "values": ("More than a million values.", lambda: "[" + "0," * 1_100_000 + "0]", "values"),
    "digits": ("A number of 100,000 digits.", lambda: "9" * 100_000, "number"),
    "400-digits": ("A number that no arithmetic expects.", lambda: "9" * 400, "number"),
    "beyond-double": ("A number that becomes infinite.", lambda: "1e999", "number"),
    "nan": ("What is no number and no JSON.", lambda: "NaN", "is no JSON"),
    "cut": ("It ends within a text.", lambda: '"x', ""),
    "half-character": ("Half of a character.", lambda: '"\\ud800"', READ),
}


def _with(value: Mapping[str, Any], text: str) -> str:
    return json.dumps({**value, "more": "@@"}).replace('"@@"', text)


def _har(text: str) -> bytes:
    return f'{{"log": {{"entries": [{_with(_ENTRY, text)}]}}}}'.encode()


def line_of_json(text: str) -> bytes:
    """Write an exchange as a line, with one more member."""
    return _with(_LINE, text).encode() + b"\n"


def recordings() -> list[FileAttack]:
    """Return the attacks of what is recorded in JSON."""
    kinds: Mapping[str, Callable[[str], bytes]] = {
        "HAR": _har,
        "JSON lines": line_of_json,
        "JSON array": lambda text: f"[{_with(_LINE, text)}]".encode(),
    }
    attacks = [
        FileAttack(name, kind, harm, partial(_document, enclose, text_of), said)
        for kind, enclose in kinds.items()
        for name, (harm, text_of, said) in JSON.items()
    ]
    return [*attacks, *_beside_the_entries()]


def _document(enclose: Callable[[str], bytes], text_of: Callable[[], str]) -> bytes:
    return enclose(text_of())


def _beside_the_entries() -> list[FileAttack]:
    """Nesting in parts of an archive that nobody reads, which is passed over."""
    deep = "[" * DEEP + "]" * DEEP
    har = f'{{"log": {{"pages": {deep}, "entries": [{json.dumps(_ENTRY)}]}}}}'
    return [
        FileAttack("lists-beside", "HAR", "Lists where no entry is.", har.encode(), READ),
        FileAttack("text-beside", "HAR", "A text that is read anew with each chunk.", _long, READ),
        *(
            FileAttack(f"{name}-in-a-body", "HAR", harm, partial(_with_body, body), READ)
            for name, (harm, body) in BODIES.items()
        ),
    ]


def _long() -> bytes:
    """Return an archive with a text of 40 MB, as large pictures are, where no entry is."""
    return f'{{"log": {{"x": "{"a" * 40_000_000}", "entries": [{json.dumps(_ENTRY)}]}}}}'.encode()


BODIES: Mapping[str, tuple[str, str]] = {
    "digits": ("A number that Python turns into none.", '{"created": ' + "9" * 5000 + "}"),
    "400-digits": ("A number that no arithmetic expects.", '{"created": ' + "9" * 400 + "}"),
    "lists": ("Lists within lists, in an answer.", "[" * DEEP),
    "objects": ("Objects within objects, in an answer.", '{"data": ' * DEEP),
    "beyond-double": ("A number that becomes infinite.", '{"created": 1e999}'),
    "values": ("Hundreds of thousands of values.", '{"data": [' + "{}," * 300_000 + "{}]}"),
}


def _with_body(body: str) -> bytes:
    content = {"text": body, "size": len(body)}
    response = {"status": 200, "headers": [], "content": content}
    return json.dumps({"log": {"entries": [{**_ENTRY, "response": response}]}}).encode()


def _manifest(**changes: object) -> bytes:
    example = {
        "property": "p",
        "check": "accepts_valid",
        "example": {"body": ASKED},
        "cassettes": [],
    }
    return json.dumps({"schema": 1, "examples": [{**example, **changes}]}).encode()


def other_files() -> list[FileAttack]:
    """Return the attacks of files that are no recordings."""
    provider = 'title = "A"\nbase_url = "https://api.test/v1"\nfree = true\n'
    models = '[models]\n"dall-e-3" = "dall-e-3"\n'
    header = json.dumps(runs.header()).encode() + b"\n"
    contents = {
        "manifest of drawn requests": {
            "lists": (b"[" * DEEP, "nests deeper"),
            "path-as-name": (_manifest(cassettes=["../../treasure"]), "matching regex"),
            "text-as-body": (_manifest(example={"body": "x"}), "`$.body`"),
            "no-body": (_manifest(example={}), "field `body`"),
            "unknown-check": (_manifest(check="__init__"), "KeyError: '__init__'"),
            "list-as-check": (_manifest(check=[]), "is no manifest"),
            "400-digits": (b'{"schema": ' + b"9" * 400 + b"}", "a number of 400"),
            "object-as-cassettes": (_manifest(cassettes=[{}]), "is no manifest"),
        },
        "provider file": {
            "lists": (f"x = {'[' * 50_000}".encode(), "nests too deep"),
            "tables": (f"x = {'{a = ' * 50_000}".encode(), "nests too deep"),
            "dotted": (
                f"{provider}{'.'.join('a' * 100_000)} = 1\n{models}".encode(),
                "nests deeper than 20",
            ),
            "digits": (f"{provider}x = {'9' * 5000}\n{models}".encode(), "is not TOML"),
            "400-digits": (
                f"{provider}x = {'9' * 400}\n{models}".encode(),
                "a whole number beyond",
            ),
            "infinite": (f"{provider}x = inf\n{models}".encode(), "has the number inf"),
            "megabytes": (provider.encode() + b"#" * 2_000_000, "is larger than"),
            "not-utf-8": (b"\xff\xfe", "is not TOML"),
        },
        "run file": {
            "lists": (header + b"[" * DEEP + b"\n", ":2: is no record"),
            "lists-first": (b"[" * DEEP + b"\n", ":1: is no header"),
            "digits": (header + b'{"type": ' + b"9" * 5000 + b"}\n", ":2: is no record"),
            "values": (header + b"[" + b"0," * 1_100_000 + b"0]\n", ":2: is no record"),
        },
    }
    harm = "The readers of recordings are not the only ones."
    return [
        FileAttack(name, kind, harm, data, said)
        for kind, files in contents.items()
        for name, (data, said) in files.items()
    ]
