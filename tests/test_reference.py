"""The reference provider keeps the edition, seen over real HTTP with httpx alone."""

from __future__ import annotations

import base64
import io
import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from conformance.contract import load_edition
from conformance.reference import TRUTHFUL, ReferenceServer, ReferenceServerError
from conformance.reference.admission import MAX_BODY, validate
from conformance.reference.answers import Job, resolve
from conformance.reference.errors import Refusal
from conformance.reference.painting import FINISHED, Picture, image_file, paint
from conformance.strict import read_event_stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.contract import Edition

KEY = "sk-test-of-the-reference"
PROMPT = "A paper boat at sunrise"
DALL_E = ("dall-e-2", "dall-e-3")
GPT = ("gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5")
MODELS = (*DALL_E, *GPT, "qwen-image")


class Clock:
    """Unix time in seconds that a test can move."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module", autouse=True)
def stranger() -> Iterator[None]:
    """Close the shared client when the module is done."""
    yield
    STRANGER.close()


@pytest.fixture(scope="module")
def edition() -> Edition:
    return load_edition()


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def client(edition: Edition, clock: Clock) -> Iterator[httpx.Client]:
    with (
        ReferenceServer(edition, key=KEY, clock=clock) as server,
        httpx.Client(
            base_url=server.base_url, headers={"Authorization": f"Bearer {KEY}"}, trust_env=False
        ) as client,
    ):
        yield client


STRANGER = httpx.Client(trust_env=False)
"""A client without a key, for image URLs."""


def generate(client: httpx.Client, model: str = "dall-e-3", **fields: Any) -> httpx.Response:
    return client.post("/images/generations", json={"model": model, "prompt": PROMPT, **fields})


def accepted(client: httpx.Client, model: str, **fields: Any) -> dict[str, Any]:
    response = generate(client, model, **fields)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def error_of(response: httpx.Response) -> dict[str, Any]:
    body = response.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"message", "type", "param", "code"}
    assert body["error"]["message"]
    assert response.headers["content-type"] == "application/json"
    error: dict[str, Any] = body["error"]
    return error


def images_of(body: Mapping[str, Any]) -> list[Image.Image]:
    return [Image.open(io.BytesIO(data)) for data in files_of(body)]


def files_of(body: Mapping[str, Any]) -> list[bytes]:
    return [
        base64.b64decode(item["b64_json"], validate=True)
        if "b64_json" in item
        else STRANGER.get(item["url"]).raise_for_status().content
        for item in body["data"]
    ]


@pytest.mark.parametrize("response_format", [None, "url", "b64_json"])
@pytest.mark.parametrize("model", MODELS)
def test_reference_answers_validate(
    client: httpx.Client, edition: Edition, model: str, response_format: str | None
) -> None:
    fields = {} if response_format is None else {"response_format": response_format}
    body = accepted(client, model, **fields)
    kind = edition.model(model).response_kind(response_format)
    assert not edition.response_errors(kind, body)
    expected = "b64_json" if model in GPT else response_format or "url"
    assert [set(item) & {"url", "b64_json"} for item in body["data"]] == [{expected}]
    assert body["created"] == pytest.approx(time.time(), abs=60)
    assert [len(image.getcolors(2**24) or ()) > 9 for image in images_of(body)] == [True]


@pytest.mark.parametrize("model", MODELS)
def test_reference_paints_every_documented_size(
    client: httpx.Client, edition: Edition, model: str
) -> None:
    sizes = [each for each in edition.model(model).documented("size") if each != "auto"]
    for size in sizes or ["1024x1024", "1328x1328"]:
        body = accepted(client, model, size=size)
        assert [f"{image.width}x{image.height}" for image in images_of(body)] == [size]


@pytest.mark.parametrize("model", ["dall-e-2", *GPT])
def test_reference_paints_n_different_images(client: httpx.Client, model: str) -> None:
    files = files_of(accepted(client, model, n=4, response_format="b64_json"))
    assert len(files) == len(set(files)) == 4


@pytest.mark.parametrize("model", MODELS)
def test_reference_is_deterministic(client: httpx.Client, model: str) -> None:
    first, second = (files_of(accepted(client, model)) for _ in range(2))
    other = files_of(accepted(client, model, prompt="Something else"))
    assert first == second
    assert first != other


def test_reference_revises_prompts_of_dall_e_3_only(client: httpx.Client) -> None:
    revised = [name for name in MODELS if "revised_prompt" in accepted(client, name)["data"][0]]
    assert revised == ["dall-e-3"]


@pytest.mark.parametrize("model", GPT)
@pytest.mark.parametrize("output_format", ["png", "jpeg", "webp"])
def test_reference_encodes_output_format(
    client: httpx.Client, model: str, output_format: str
) -> None:
    body = accepted(client, model, output_format=output_format)
    assert [image.format for image in images_of(body)] == [output_format.upper()]
    assert body["output_format"] == output_format


@pytest.mark.parametrize("output_format", ["jpeg", "webp"])
def test_reference_output_compression_shrinks(client: httpx.Client, output_format: str) -> None:
    fields = {"output_format": output_format, "size": "1024x1024"}
    small, large = (
        len(files_of(accepted(client, "gpt-image-1", output_compression=level, **fields))[0])
        for level in (5, 90)
    )
    assert small < large


@pytest.mark.parametrize("output_format", ["png", "webp"])
@pytest.mark.parametrize("model", GPT)
def test_reference_transparent_is_real_alpha(
    client: httpx.Client, model: str, output_format: str
) -> None:
    body = accepted(client, model, background="transparent", output_format=output_format)
    alpha = images_of(body)[0].convert("RGBA").getchannel("A").getextrema()
    assert alpha == (0, 255)
    assert body["background"] == "transparent"


@pytest.mark.parametrize("model", GPT)
def test_reference_echoes_no_auto(client: httpx.Client, model: str) -> None:
    body = accepted(client, model, size="auto", quality="auto", background="auto")
    echoed = {name: body[name] for name in ("size", "quality", "background", "output_format")}
    assert "auto" not in echoed.values()
    assert body["size"] == "{0.width}x{0.height}".format(images_of(body)[0])


@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("quality", ["low", "medium", "high"])
def test_reference_usage_adds_up(client: httpx.Client, n: int, quality: str) -> None:
    usage = accepted(client, "gpt-image-1", n=n, quality=quality)["usage"]
    assert usage["input_tokens"] == sum(usage["input_tokens_details"].values()) > 0
    assert usage["output_tokens"] == sum(usage["output_tokens_details"].values()) > 0
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("dall-e-3", {"n": 2}, "n"),
    ("qwen-image", {"n": 2}, "n"),
    ("dall-e-2", {"n": 11}, "n"),
    ("gpt-image-1", {"n": 0}, "n"),
    ("gpt-image-1", {"n": 1.5}, "n"),
    ("gpt-image-1", {"n": "1"}, "n"),
    ("gpt-image-1", {"n": True}, "n"),
    ("dall-e-3", {"size": "256x256"}, "size"),
    ("dall-e-2", {"size": "1024*1024"}, "size"),
    ("qwen-image", {"size": "1664*928"}, "size"),
    ("qwen-image", {"size": "99999x99999"}, "size"),
    ("dall-e-3", {"response_format": "png"}, "response_format"),
    ("dall-e-3", {"quality": "ultra"}, "quality"),
    ("dall-e-3", {"style": "loud"}, "style"),
    ("dall-e-3", {"prompt": 5}, "prompt"),
    ("dall-e-3", {"prompt": None}, "prompt"),
    ("dall-e-2", {"prompt": "x" * 1001}, "prompt"),
    ("gpt-image-1", {"style": "vivid"}, "style"),
    ("gpt-image-1", {"partial_images": 4}, "partial_images"),
    ("gpt-image-1", {"output_compression": 101, "output_format": "webp"}, "output_compression"),
    ("dall-e-3", {"background": "transparent"}, "background"),
    ("dall-e-3", {"wobble": 1}, "wobble"),
    ("qwen-image", {"stream": True}, "stream"),
]


@pytest.mark.parametrize(
    ("model", "fields", "param"),
    REFUSED,
    ids=[f"{model}-{param}-{number}" for number, (model, _, param) in enumerate(REFUSED)],
)
def test_reference_refuses_by_name(
    client: httpx.Client, model: str, fields: dict[str, Any], param: str
) -> None:
    response = generate(client, model, **fields)
    assert response.status_code == 400
    assert error_of(response)["param"] == param


def bodies() -> st.SearchStrategy[dict[str, Any]]:
    """Bodies whose members are likely right, and now and then anything that JSON can say."""
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
    asked = edition.read(body)
    result = validate(asked, MODELS) or resolve(asked)
    if isinstance(result, Refusal):
        assert asked.expectation != "accepted"
        assert result.status in {400, 404}
    else:
        assert isinstance(result, Job)
        assert asked.expectation in {"accepted", "open"}


@pytest.mark.parametrize("missing", ["model", "prompt"])
def test_reference_refuses_missing(client: httpx.Client, missing: str) -> None:
    body = {"model": "dall-e-3", "prompt": PROMPT}
    del body[missing]
    response = client.post("/images/generations", json=body)
    assert response.status_code == 400
    assert error_of(response)["param"] == missing


def test_reference_refuses_transparent_jpeg(client: httpx.Client) -> None:
    response = generate(client, "gpt-image-1.5", background="transparent", output_format="jpeg")
    assert response.status_code == 400
    assert error_of(response)["param"] in {"background", "output_format"}


@pytest.mark.parametrize("model", GPT)
def test_reference_gpt_image_ignores_response_format(client: httpx.Client, model: str) -> None:
    assert "b64_json" in accepted(client, model, response_format="anything")["data"][0]


def test_reference_names_unknown_model(client: httpx.Client) -> None:
    response = generate(client, "dall-e-4")
    assert response.status_code == 404
    error = error_of(response)
    assert (error["param"], error["code"]) == ("model", "model_not_found")


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


def test_reference_lists_its_models(client: httpx.Client, edition: Edition) -> None:
    listing = client.get("/models").json()
    assert not edition.model_list_errors(listing)
    assert [entry["id"] for entry in listing["data"]] == list(edition.models)
    assert client.get("/models/qwen-image").json() in listing["data"]
    missing = client.get("/models/dall-e-4")
    assert (missing.status_code, error_of(missing)["code"]) == (404, "model_not_found")


@pytest.mark.parametrize("path", ["/images/generations", "/models", "/nowhere"])
def test_reference_sends_documented_headers(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    assert headers["x-request-id"].startswith("req_")
    assert int(headers["openai-processing-ms"]) >= 1


def test_reference_url_needs_no_key_and_expires(client: httpx.Client, clock: Clock) -> None:
    url = accepted(client, "dall-e-2", size="256x256")["data"][0]["url"]
    assert url.startswith(str(client.base_url).replace("/v1/", "/files/"))
    response = STRANGER.get(url)
    assert response.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(response.content)).size == (256, 256)
    clock.now += 3601
    try:
        expired = STRANGER.get(url)
    finally:
        clock.now -= 3601
    assert expired.status_code == 403
    assert b"<Error>" in expired.content


@pytest.mark.parametrize(
    "change",
    [("sig=", "sig=A"), ("se=2", "se=3"), ("sp=r", "sp=rw"), ("-256", "-257")],
    ids=["signature", "expiry", "permission", "other-picture"],
)
def test_reference_url_cannot_be_forged(client: httpx.Client, change: tuple[str, str]) -> None:
    url = accepted(client, "dall-e-2", size="256x256")["data"][0]["url"]
    forged = url.replace(*change, 1)
    assert forged != url
    assert STRANGER.get(forged).status_code == 403


@pytest.mark.parametrize("name", ["x.png", "%2e%2e%2fetc%2fpasswd", "a" * 32 + "-0x1.png"])
def test_reference_url_unknown_is_404(client: httpx.Client, name: str) -> None:
    response = client.get(str(client.base_url).replace("/v1/", f"/files/{name}"))
    assert response.status_code == 404


@pytest.mark.parametrize(
    ("host", "kept"),
    [("images.example:8443", True), ("[::1]:80", True), ("evil/../x", False), ('a"b', False)],
)
def test_reference_url_follows_valid_host(client: httpx.Client, host: str, kept: bool) -> None:
    response = client.post(
        "/images/generations", json={"model": "dall-e-3", "prompt": "x"}, headers={"Host": host}
    )
    url = urlsplit(response.json()["data"][0]["url"])
    assert (url.netloc == host) is kept
    assert set(parse_qs(url.query)) == {"se", "sp", "sig"}


@pytest.mark.parametrize("partial_images", [None, 0, 1, 3])
@pytest.mark.parametrize("model", GPT)
def test_reference_streams_events(
    client: httpx.Client, edition: Edition, model: str, partial_images: int | None
) -> None:
    response = generate(client, model, stream=True, partial_images=partial_images)
    assert response.headers["content-type"].startswith("text/event-stream")
    stream = read_event_stream(response.content)
    assert stream.fault is None
    bodies = [json.loads(event.data) for event in stream.events]
    kinds = [event.name.removeprefix("image_generation.") for event in stream.events if event.name]
    assert kinds == ["partial_image"] * (partial_images or 0) + ["completed"]
    assert [each["type"].removeprefix("image_generation.") for each in bodies] == kinds
    for kind, body in zip(kinds, bodies, strict=True):
        assert not edition.stream_errors(kind, body)
        assert Image.open(io.BytesIO(base64.b64decode(body["b64_json"]))).size == (1024, 1024)
    assert len({body["b64_json"] for body in bodies}) == len(bodies)


@pytest.mark.parametrize("transparent", [False, True], ids=["opaque", "transparent"])
def test_reference_partial_images_show_more_and_more(transparent: bool) -> None:
    pictures = [Picture("0" * 32, 64, 64, transparent, stage) for stage in (1, 2, 3, FINISHED)]
    assert len({paint(picture).tobytes() for picture in pictures}) == 4


def test_reference_images_are_small() -> None:
    assert len(image_file(Picture("0" * 32, 1024, 1024))) < 60_000


def test_reference_models_narrow_and_widen(edition: Edition) -> None:
    with (
        ReferenceServer(edition, models=["dall-e-2", "gpt-image-2"]) as server,
        httpx.Client(
            base_url=server.base_url,
            headers={"Authorization": f"Bearer {server.key}"},
            trust_env=False,
        ) as client,
    ):
        assert generate(client, "dall-e-3").status_code == 404
        body = accepted(client, "gpt-image-2", size="640x1024")
        assert images_of(body)[0].size == (640, 1024)


def test_reference_starts_and_stops_at_once(edition: Edition) -> None:
    began = time.perf_counter()
    with ReferenceServer(edition) as server:
        started = time.perf_counter()
        STRANGER.get(server.base_url)
    assert started - began < 0.5
    assert time.perf_counter() - started < 1.0
    with pytest.raises(httpx.ConnectError):
        STRANGER.get(server.base_url)


def test_reference_names_taken_port(edition: Edition) -> None:
    with ReferenceServer(edition) as server:
        port = urlsplit(server.base_url).port
        assert port is not None
        with (
            pytest.raises(ReferenceServerError, match=str(port)),
            ReferenceServer(edition, port=port),
        ):
            pass


def test_reference_step_can_be_replaced(edition: Edition) -> None:
    def nothing(*_: object) -> dict[str, Any]:
        return {"created": 0, "data": []}

    with ReferenceServer(edition, steps=replace(TRUTHFUL, answer=nothing)) as server:
        response = httpx.post(
            f"{server.base_url}/images/generations",
            json={"model": "dall-e-2", "prompt": "x"},
            headers={"Authorization": f"Bearer {server.key}"},
            trust_env=False,
        )
    assert response.json() == {"created": 0, "data": []}
