"""The requests that the reference provider refuses, and the errors in which it says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.contract import load_edition
from conformance.reference.admission import validate
from conformance.reference.answers import Job, resolve
from conformance.reference.errors import Refusal
from tests.generating import GPT, MODELS, PROMPT, accepted, error_of, generate

if TYPE_CHECKING:
    import httpx

    from conformance.contract import Edition

pytest_plugins = ["tests.generating"]

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
