"""Cassettes, and the same as recordings of others: what YAML can be made to cost."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial

from tests.attacks.files import ASKED, DEEP, READ, URL, Content, FileAttack

_BODY = json.dumps(ASKED)
_HEAD = f"""\
interactions:
- request: {{method: POST, uri: "{URL}", body: '{_BODY}', headers: {{}}}}
  response:
    status: {{code: 200, message: ''}}
    headers: {{content-type: [application/json]}}
    body: {{string: '{{"created": 1, "data": []}}'}}
"""
_METADATA = """\
  case: dall-e-3/hostile
  edition: an-edition
  elapsed: 0.1
  failures: {}
  recorded_at: '2026-11-24T04:48:28+00:00'
  schema: 1
  target: http://127.0.0.1:9/v1
  tool: a tool
version: 1
"""


def cassette(member: str = "") -> bytes:
    """Write a cassette with one more member of what nobody reads, which stands in line 8."""
    return f"{_HEAD}notes:\n  {member or 'more: 1'}\nmetadata:\n{_METADATA}".encode()


def _laughs(width: int = 9, deep: int = 12) -> str:
    lines = ["more: {a0: &a0 [lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, deep)]
    return ", ".join(lines) + "}"


def _merges(width: int = 9, deep: int = 12) -> str:
    lines = ["more: {a0: &a0 {x: 1}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * width)}]}}" for n in range(1, deep)]
    return ", ".join(lines) + "}"


def _tags() -> bytes:
    return b"".join(b"%%TAG !a%d! tag:x\n" % n for n in range(200_000)) + b"---\n"


def _base64() -> str:
    return "more: !!binary |\n" + ("    " + "QUJD" * 19 + "\n") * 270_000


YAML: Mapping[str, tuple[str, Callable[[], str], str]] = {
    "lists": (
        "Lists within lists end the process in the C stack.",
        lambda: "more: " + "[" * DEEP,
        "nests deeper than 100 levels",
    ),
    "dashes": (
        "The same, in block style.",
        lambda: "more:\n  " + "- " * DEEP,
        "nests deeper than 100 levels",
    ),
    "objects": (
        "Objects within objects.",
        lambda: "more: " + "{a: " * DEEP,
        "nests deeper than 100 levels",
    ),
    "names": (
        "Names of members that are objects themselves.",
        lambda: "? " * DEEP,
        "nests deeper than 100 levels",
    ),
    "closed-lists": (
        "A nesting that is well formed.",
        lambda: "more: " + "[" * DEEP + "]" * DEEP,
        "nests deeper than 100 levels",
    ),
    "laughs": (
        "Aliases of aliases: a kilobyte that is 9^11 values to whoever walks them.",
        _laughs,
        "values, aliases included",
    ),
    "texts": (
        "An alias of a long text, many times.",
        lambda: "more: [&a " + "x" * 1_000_000 + ", *a" * 300 + "]",
        "characters, aliases included",
    ),
    "itself": (
        "An alias of what it stands in.",
        lambda: "more: &a [*a]",
        "repeats *a, which is not there",
    ),
    "nowhere": (
        "An alias of nothing.",
        lambda: "more: *nothing",
        "repeats *nothing, which is not there",
    ),
    "merges": (
        "Merge keys of merge keys double what is copied at each level.",
        _merges,
        "values, aliases included",
    ),
    "merge-of-text": (
        "A merge key that merges no object.",
        lambda: "<<: text",
        "merges what is no object",
    ),
    "sexagesimal": (
        "A number to the base of sixty, of 200,000 places, takes its square to read.",
        lambda: "more: 1" + ":59" * 200_000,
        READ,
    ),
    "digits": (
        "A number of a million digits.",
        lambda: "more: " + "9" * 1_000_000,
        "a number of 1,000,000 characters",
    ),
    "400-digits": (
        "A number that no arithmetic expects.",
        lambda: "more: " + "9" * 400,
        "a number of 400 characters",
    ),
    "beyond-double": (
        "A number that becomes infinite.",
        lambda: "more: 1.0e+999",
        "beyond the range of a double",
    ),
    "hexadecimal": (
        "A number that Python would read from a million hexadecimal digits.",
        lambda: "more: 0x" + "f" * 1_000_000,
        READ,
    ),
    "timestamp": ("A day that no calendar has.", lambda: "more: 2026-13-45", READ),
    "python-object": (
        "A tag that makes an object and calls a function.",
        lambda: "more: !!python/object/apply:os.system ['touch owned']",
        READ,
    ),
    "base64-of-20-MB": ("No attack: a picture of 20 MB as vcrpy writes it.", _base64, READ),
    "no-base64": (
        "Marked as bytes, and none.",
        lambda: "more: !!binary 'a'",
        "is marked as base64 and is none",
    ),
    "values": (
        "Hundreds of thousands of values.",
        lambda: "more: [" + "1, " * 250_000 + "]",
        "holds more than 200,000 values",
    ),
    "anchors": (
        "As many anchors.",
        lambda: "more: [" + ", ".join(f"&a{n} x" for n in range(250_000)) + "]",
        "holds more than 200,000 values",
    ),
    "control": ("A control character.", lambda: "more: \x07", "is no YAML"),
    "cut": ("It ends within a text.", lambda: "more: 'x", "is no YAML"),
    "second-document": (
        "A second document, which nobody looks at.",
        lambda: "more: 1\n---\nmore: 2\n...\n",
        "holds a second document",
    ),
    "list-as-name": (
        "A list as the name of a member.",
        lambda: "? [a]\n  : 1",
        "a member whose name is no text",
    ),
}
WHOLE: Mapping[str, tuple[str, Content, str]] = {
    "comments": (
        "Comments without end before anything begins.",
        lambda: b"#" * 10_000_000 + b"\n" + cassette(),
        "bytes before its first value",
    ),
    "directives": (
        "Directives, each compared with all others.",
        lambda: _tags() + cassette(),
        "bytes before its first value",
    ),
    "utf-16": ("Another encoding.", cassette().decode().encode("utf-16"), READ),
    "not-utf-8": ("No encoding at all.", b"\xff\xfe\xfa" + cassette(), ""),
    "zeros": ("Nothing but zeros.", bytes(1_000_000), ""),
    "one-list": ("A list where an object is wanted.", b"[" * DEEP, ""),
}
MEMBERS: Mapping[str, tuple[str, str, str]] = {
    "status-of-400-digits": ("code: 200", "code: " + "9" * 400, "a number of 400 characters"),
    "status-true": ("code: 200", "code: true", "$.interactions[0].response.status"),
    "status-object": ("code: 200", "code: {a: 1}", "$.interactions[0].response.status"),
    "headers-list": (
        "headers: {content-type: [application/json]}",
        "headers: [a]",
        ".response.headers",
    ),
    "headers-number": ("[application/json]", "[1]", ".response.headers"),
    "body-list": ("body: {string:", "body: {string: [1]} #", "neither text nor bytes"),
    "method-object": ("method: POST", "method: {}", ".request.method"),
    "unknown-member": ("method: POST", "method: POST, evil: 1", "unknown field `evil`"),
    "elapsed-negative": ("elapsed: 0.1", "elapsed: -5", "$.elapsed"),
    "elapsed-object": ("elapsed: 0.1", "elapsed: {}", "$.elapsed"),
    "time-of-nowhere": (
        "'2026-11-24T04:48:28+00:00'",
        "'0001-01-01T00:00:00+23:59'",
        "is no time",
    ),
    "failures-list": ("failures: {}", "failures: [a]", "$.failures"),
    "failure-of-more": (
        "failures: {}",
        "failures: {a: {kind: a, message: b, c: d}}",
        "unknown field `c`",
    ),
    "attempt-of-26-digits": (
        "failures: {}",
        f"failures: {{}}\n  retried: [{{status: {10**25}, reason: a}}]",
        "$.retried[0].status",
    ),
    "tool-object": ("tool: a tool", "tool: {}", "$.tool"),
    "no-interactions": ("interactions:", "others:", "field `interactions`"),
}


NUMBERS = frozenset({"digits", "400-digits", "beyond-double"})
"""What only replay takes for numbers: in recordings of others a plain text stays a text."""


def cassettes() -> list[FileAttack]:
    """Return the attacks of both readers of YAML."""
    attacks = []
    for name, (harm, member, said) in YAML.items():
        content_of = partial(_with_member, member)
        said_of_recording = READ if name in NUMBERS else said
        attacks += [
            FileAttack(name, "cassette", harm, content_of, said),
            FileAttack(name, "YAML recording", harm, content_of, said_of_recording),
        ]
    for name, (harm, content, said) in WHOLE.items():
        attacks += [
            FileAttack(name, "cassette", harm, content, said),
            FileAttack(name, "YAML recording", harm, content, READ if said == READ else ""),
        ]
    for name, (was, now, said) in MEMBERS.items():
        data = cassette().replace(was.encode(), now.encode())
        assert data != cassette()
        attacks.append(FileAttack(name, "cassette", "A member of another kind.", data, said))
    return attacks


def _with_member(member: Callable[[], str]) -> bytes:
    return cassette(member())
