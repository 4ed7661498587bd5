"""Keys, bodies, methods and paths that the reference provider must not be taken in by."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from conformance.reference.admission import MAX_BODY
from tests.generating import KEY, PROMPT, error_of

pytest_plugins = ["tests.generating"]

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
@pytest.mark.parametrize("path", ["/images/generations", "/models", "/models/dall-e-3"])
def test_reference_refuses_key(client: httpx.Client, path: str, values: list[str]) -> None:
    method, content = ("POST", b"{not json") if "images" in path else ("GET", b"")
    request = client.build_request(method, path, content=content)
    kept = [
        (name, value) for name, value in request.headers.raw if name.lower() != b"authorization"
    ]
    sent = [(b"Authorization", value.encode("latin-1")) for value in values]
    request.headers = httpx.Headers([*kept, *sent])
    response = client.send(request)
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer")
    assert error_of(response)["code"] == "invalid_api_key"
    assert not any(word in response.text for value in values for word in value.split()[1:])


@pytest.mark.parametrize(
    "fields", [{KEY: 1}, {"size": KEY}, {"model": KEY}], ids=["name", "value", "model"]
)
def test_reference_blots_out_planted_key(client: httpx.Client, fields: dict[str, Any]) -> None:
    response = client.post(
        "/images/generations", json={"model": "dall-e-3", "prompt": PROMPT, **fields}
    )
    assert response.status_code in {400, 404}
    assert error_of(response)["message"]
    assert KEY not in response.text


HOSTILE = {
    "empty": b"",
    "malformed": b'{"model": ',
    "array": b"[]",
    "string": b'"dall-e-3"',
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
    "size-list": b'{"model":"qwen-image","prompt":"x","size":[1,2]}',
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_reference_refuses_hostile_body(client: httpx.Client, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    response = client.post("/images/generations", content=content, headers=headers)
    assert response.status_code == 400
    assert error_of(response)["type"] == "invalid_request_error"


@pytest.mark.parametrize("excess", [1, 5 * MAX_BODY])
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_reference_refuses_large_body(client: httpx.Client, excess: int, chunked: bool) -> None:
    content = b" " * (MAX_BODY + excess)
    headers = {"Content-Type": "application/json"}
    body = iter([content]) if chunked else content
    response = client.post("/images/generations", content=body, headers=headers)
    assert response.status_code == 413
    assert error_of(response)["code"] == "request_too_large"


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_reference_refuses_content_type(client: httpx.Client, content_type: str | None) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    content = json.dumps({"model": "dall-e-3", "prompt": PROMPT}).encode()
    response = client.post("/images/generations", content=content, headers=headers)
    assert response.status_code == 415
    error_of(response)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/images/generations", "POST"),
        ("DELETE", "/images/generations", "POST"),
        ("PUT", "/images/generations", "POST"),
        ("POST", "/models", "GET"),
    ],
)
def test_reference_refuses_method(
    client: httpx.Client, method: str, path: str, allowed: str
) -> None:
    response = client.request(method, path)
    assert response.status_code == 405
    assert allowed in response.headers["allow"]
    error_of(response)


@pytest.mark.parametrize("path", ["/images/generations/", "/images", "/models/", "/nothing%0a"])
def test_reference_refuses_path(client: httpx.Client, path: str) -> None:
    response = client.post(path, json={})
    assert response.status_code in {404, 405}
    error_of(response)
