"""The reference provider as a server: what it refuses, is not taken in by, and how it starts.

That a refusal names the parameter of each broken rule is what the clauses say of the truth, in the
proof.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.contract import load_edition
from conformance.reference.admission import MAX_BODY, validate
from conformance.reference.answers import Job, resolve
from conformance.reference.errors import Refusal
from conformance.reference.server import ReferenceServer, ReferenceServerError
from tests.generating import (
    KEY,
    MODELS,
    PROMPT,
    STRANGER,
    client_of,
    draws_accepted,
    error_of,
    generate,
    images_of,
)

if TYPE_CHECKING:
    from conformance.contract import Edition

pytest_plugins = ["tests.generating"]
AS_JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("model", "fields", "param"),
    [
        ("dall-e-3", {"n": 2}, "n"),
        ("gpt-image-1", {"n": True}, "n"),
        ("qwen-image", {"size": "99999x99999"}, "size"),
        ("qwen-image", {"size": "1664*928"}, "size"),
        ("dall-e-3", {"prompt": None}, "prompt"),
        ("gpt-image-1", {"style": "vivid"}, "style"),
        ("dall-e-3", {"wobble": 1}, "wobble"),
        ("qwen-image", {"stream": True}, "stream"),
    ],
    ids=str,
)
def test_reference_refuses_by_name(
    client: httpx.Client, model: str, fields: dict[str, Any], param: str
) -> None:
    response = generate(client, model, **fields)
    assert response.status_code == 400
    assert error_of(response)["param"] == param


def bodies() -> st.SearchStrategy[dict[str, Any]]:
    """Draw bodies of members that are likely right, and now and then anything that JSON can say."""
    anything = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=5,
    )
    words = ["auto", "1024x1024", "standard", "high", "url", "webp", "transparent", "vivid"]
    value = st.sampled_from(words) | st.integers(-1, 101) | anything
    optional = sorted(load_edition().parameters - {"model", "prompt"})
    extras = st.dictionaries(st.sampled_from([*optional, "wobble"]), value, max_size=3)
    required = {"model": st.sampled_from(MODELS) | anything, "prompt": st.text() | anything}
    return st.builds(lambda one, two: {**one, **two}, st.fixed_dictionaries(required), extras)


@given(body=bodies())
def test_reference_decides_as_the_contract_expects(edition: Edition, body: dict[str, Any]) -> None:
    reading = edition.read(body)
    result = validate(reading, MODELS) or resolve(reading)
    if isinstance(result, Refusal):
        assert reading.expectation != "accepted"
        assert result.status in {400, 404}
    else:
        assert isinstance(result, Job)
        assert reading.expectation in {"accepted", "open"}


BAD_KEYS = {
    "missing": [],
    "empty": [""],
    "no-scheme": [KEY],
    "basic": [f"Basic {KEY}"],
    "unknown": ["Bearer sk-someone-else-entirely"],
    "prefix": [f"Bearer {KEY[:-1]}"],
    "two": [f"Bearer {KEY}", "Bearer other"],
    "latin": ["Bearer \xfc\xff"],
}


@pytest.mark.parametrize("values", BAD_KEYS.values(), ids=BAD_KEYS)
def test_reference_refuses_key(client: httpx.Client, values: list[str]) -> None:
    for method, path in (("POST", "/images/generations"), ("GET", "/models/dall-e-3")):
        request = client.build_request(method, path, content=b"{not json")
        others = [pair for pair in request.headers.raw if pair[0].lower() != b"authorization"]
        keys = [(b"Authorization", value.encode("latin-1")) for value in values]
        request.headers = httpx.Headers([*others, *keys])
        response = client.send(request)
        assert response.status_code == 401
        assert response.headers["www-authenticate"].startswith("Bearer")
        assert error_of(response)["code"] == "invalid_api_key"
        assert not any(word in response.text for value in values for word in value.split()[1:])


@pytest.mark.parametrize(
    "fields", [{KEY: 1}, {"size": KEY}, {"model": KEY}], ids=["name", "value", "model"]
)
def test_reference_blots_out_planted_key(client: httpx.Client, fields: dict[str, Any]) -> None:
    response = generate(client, **fields)
    assert response.status_code in {400, 404}
    assert error_of(response)["message"]
    assert KEY not in response.text


HOSTILE = {
    "empty": b"",
    "malformed": b'{"model": ',
    "array": b"[]",
    "null": b"null",
    "deep": b"[" * 100_000,
    "deep-prompt": b'{"model":"dall-e-3","prompt":' + b"[" * 150 + b"]" * 150 + b"}",
    "nan": b'{"model":"dall-e-3","prompt":"x","n":NaN}',
    "infinite": b'{"model":"dall-e-3","prompt":"x","n":1e999}',
    "million-digits": b'{"model":"dall-e-2","prompt":"x","n":' + b"9" * 900_000 + b"}",
    "large-number": b'{"model":"dall-e-2","prompt":"x","n":1e300}',
    "duplicate-key": b'{"model":"dall-e-3","model":"dall-e-3","prompt":"x"}',
    "latin-1": b'{"model":"dall-e-3","prompt":"\xff"}',
    "utf-16": '{"model":"dall-e-3","prompt":"x"}'.encode("utf-16"),
    "surrogate": b'{"model":"dall-e-3","prompt":"\\ud800"}',
    "model-object": b'{"model":{"a":1},"prompt":"x"}',
    "no-prompt": b'{"model":"dall-e-3"}',
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_reference_refuses_hostile_body(client: httpx.Client, content: bytes) -> None:
    response = client.post("/images/generations", content=content, headers=AS_JSON)
    assert response.status_code == 400
    assert error_of(response)["type"] == "invalid_request_error"


@pytest.mark.parametrize("excess", [1, 5 * MAX_BODY])
def test_reference_refuses_large_body(client: httpx.Client, excess: int) -> None:
    content = b" " * (MAX_BODY + excess)
    for body in (content, iter([content])):  # with its length, and in chunks
        response = client.post("/images/generations", content=body, headers=AS_JSON)
        assert response.status_code == 413
        assert error_of(response)["code"] == "request_too_large"


def test_reference_refuses_content_type(client: httpx.Client) -> None:
    content = json.dumps({"model": "dall-e-3", "prompt": PROMPT}).encode()
    for headers in ({}, {"Content-Type": "text/plain"}):
        response = client.post("/images/generations", content=content, headers=headers)
        assert response.status_code == 415
        error_of(response)


def test_reference_refuses_methods_and_paths(client: httpx.Client) -> None:
    for method in ("GET", "DELETE"):
        response = client.request(method, "/images/generations")
        assert (response.status_code, response.headers["allow"]) == (405, "POST")
        error_of(response)
    for path in ("/images/generations/", "/images", "/models", "/models/", "/nothing%0a"):
        response = client.post(path, json={})
        assert response.status_code in {404, 405}, path
        error_of(response)


def test_reference_lists_its_models(client: httpx.Client, edition: Edition) -> None:
    response = client.get("/models")
    assert response.headers["x-request-id"].startswith("req_")
    assert int(response.headers["openai-processing-ms"]) >= 1
    listing = response.json()
    assert not edition.model_list_errors(listing)
    assert [entry["id"] for entry in listing["data"]] == list(edition.models)
    assert client.get("/models/qwen-image").json() in listing["data"]
    for missing in (client.get("/models/dall-e-4"), generate(client, "dall-e-4")):
        assert (missing.status_code, error_of(missing)["code"]) == (404, "model_not_found")


def test_reference_starts_and_stops_at_once_and_has_the_models_it_is_given(
    edition: Edition,
) -> None:
    start = time.perf_counter()
    with ReferenceServer(edition, models=["dall-e-2", "gpt-image-2"]) as server:
        ready = time.perf_counter()
        assert ready - start < 0.5
        with client_of(server) as client:
            assert generate(client, "dall-e-3").status_code == 404
            body = draws_accepted(client, "gpt-image-2", size="640x1024")
        assert images_of(body)[0].size == (640, 1024)
        port, stop = urlsplit(server.base_url).port, time.perf_counter()
        assert port is not None
        with pytest.raises(ReferenceServerError, match=str(port)):
            ReferenceServer(edition, port=port).__enter__()
    assert time.perf_counter() - stop < 1.0
    with pytest.raises(httpx.ConnectError):
        STRANGER.get(server.base_url)
