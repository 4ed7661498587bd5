"""A case as an HTTP request and as a curl line: what is sent is what was meant."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess

import pytest

from conformance.cases import build_request, curl
from conformance.cases.model import UNKNOWN_KEY, UNKNOWN_MODEL, Authorization, Case
from conformance.errors import ConformanceError
from conformance.exchange.model import Exchange, Request
from conformance.exchange.sent_request import read_request
from tests.cases import EDITION, LEAD, cases_of, ids, reading

BASE_URL, KEY = "https://images.example/v1", "sk-secret-0123456789abcdef"
SENDABLE = list(cases_of(LEAD).values())


def sent(case: Case, served_as: str | None = None) -> Exchange:
    """Return a case as an exchange without an answer."""
    made = build_request(case, base_url=BASE_URL, key=KEY, served_as=served_as)
    request = Request(made.method, made.url, made.headers, made.body)
    return Exchange("any", case.model, case.id, request, None, served_as=served_as)


@pytest.mark.parametrize("served_as", [None, "vendor/painter"])
def test_what_is_sent_reads_as_what_was_meant(served_as: str | None) -> None:
    for case in SENDABLE:
        read = read_request(sent(case, served_as), EDITION)
        if case.billed:
            assert read.expectation == reading(case), case.id
        else:
            assert read.expectation == ("refused" if case.control else "accepted"), case.id
        assert read.authorization is case.authorization, case.id


@pytest.mark.parametrize(
    ("id_", "fault"),
    [
        ("json-malformed", "json"),
        ("body-array", "not-object"),
        ("method-get", "method"),
        ("content-type-text", "content-type"),
        ("model-unknown", "model-unknown"),
    ],
)
def test_faulty_request_has_one_fault(id_: str, fault: str) -> None:
    assert read_request(sent(cases_of(LEAD)[id_]), EDITION).faults == {fault}


HEADERS = {
    Authorization.VALID: f"Bearer {KEY}",
    Authorization.MISSING: None,
    Authorization.MALFORMED: "Bearer",
    Authorization.UNKNOWN: f"Bearer {UNKNOWN_KEY}",
}


@pytest.mark.parametrize("authorization", HEADERS)
def test_authorization_header(authorization: Authorization) -> None:
    case = Case("any", LEAD, body={}, authorization=authorization)
    headers = dict(build_request(case, base_url=BASE_URL, key=KEY).headers)
    assert headers.get("authorization") == HEADERS[authorization]


def test_wrong_scheme_never_holds_the_key() -> None:
    case = Case("any", LEAD, body={}, authorization=Authorization.WRONG_SCHEME)
    header = dict(build_request(case, base_url=BASE_URL, key=KEY).headers)["authorization"]
    scheme, _, text = header.partition(" ")
    assert scheme == "Basic"
    assert KEY.encode() not in base64.b64decode(text)


def test_model_list_is_a_bare_get() -> None:
    made = build_request(cases_of(LEAD)["models-list"], base_url=f"{BASE_URL}/", key=KEY)
    assert (made.method, made.url, made.body) == ("GET", f"{BASE_URL}/models", b"")
    assert "content-type" not in dict(made.headers)


def test_equal_bodies_give_equal_bytes() -> None:
    body = {"size": None, "prompt": "등대 \U0001f6b2", "n": 2, "model": LEAD}
    made = [
        build_request(Case("any", LEAD, body=ordered), base_url=BASE_URL, key=KEY).body
        for ordered in (body, dict(reversed(body.items())))
    ]
    assert made[0] == made[1]
    assert made[0].decode() == (
        f'{{"model":"{LEAD}","prompt":"등대 \U0001f6b2","n":2,"size":null}}'
    )


@pytest.mark.parametrize("id_", ["baseline", "json-malformed", "body-array"])
def test_model_is_sent_under_the_name_it_is_served_as(id_: str) -> None:
    request = sent(cases_of(LEAD)[id_], "vendor/painter").request
    assert b'"model":"vendor/painter"' in request.body
    assert LEAD.encode() not in request.body


def test_unknown_model_is_not_renamed() -> None:
    body = sent(cases_of(LEAD)["model-unknown"], "vendor/painter").request.body
    assert json.loads(body)["model"] == UNKNOWN_MODEL


def run_curl(line: str) -> list[str]:
    """Let a shell read a curl line, and return the words that curl would have been given."""
    script = f"curl() {{ printf '%s\\0' \"$@\"; }}\nunset HOME\n{line}"
    shell = shutil.which("bash")
    if shell is None:
        pytest.skip("bash is not installed, so no shell can read the line")
    run = subprocess.run(
        [shell, "-c", script], env={"THE_KEY": KEY}, capture_output=True, check=True
    )
    return run.stdout.decode().split("\0")[:-1]


TRICKY = Case(
    "tricky", LEAD, body={"model": LEAD, "prompt": 'it\'s "$HOME" `id` $(id) \\ !! \n @x'}
)
CUT = {"prompt-too-long", "prompt-longest"}
SHOWN = [*(case for case in SENDABLE if case.id not in CUT), TRICKY]


@pytest.mark.parametrize("case", SHOWN, ids=ids(SHOWN))
def test_curl_line_sends_the_same_request(case: Case) -> None:
    line = curl(case, base_url=BASE_URL, key_variable="THE_KEY", served_as="vendor/painter")
    made = build_request(case, base_url=BASE_URL, key=KEY, served_as="vendor/painter")
    words = run_curl(line)
    wanted = ["-sS", "-X", made.method, "--url", made.url]
    wanted += [word for header in made.headers for word in ("-H", ": ".join(header))]
    wanted += ["--data-raw", made.body.decode()] if made.body else []
    assert words == wanted
    assert KEY not in line


def test_curl_line_cuts_a_long_prompt_and_says_so() -> None:
    line = curl(cases_of("dall-e-3")["prompt-too-long"], base_url=BASE_URL)
    assert "# prompt is cut here: the request has 4001 characters of it" in line
    assert len(line) < 700


def test_curl_line_shows_nothing_invisible() -> None:
    body = {"model": LEAD, "prompt": "a \u202e lantern"}
    line = curl(Case("any", LEAD, body=body), base_url=BASE_URL, key_variable="THE_KEY")
    assert "\u202e" not in line
    assert json.loads(run_curl(line)[-1]) == body


def test_curl_line_keeps_curl_from_adding_a_content_type() -> None:
    case = Case("any", LEAD, body={}, content_type=None)
    assert "content-type:" in run_curl(curl(case, base_url=BASE_URL))


@pytest.mark.parametrize("name", ["A B", "", "$(id)", 'X"', "1A"])
def test_curl_line_refuses_what_no_shell_could_expand(name: str) -> None:
    with pytest.raises(ConformanceError, match="environment variable"):
        curl(TRICKY, base_url=BASE_URL, key_variable=name)
