"""The files that start the third-party counterparts agree with the edition and with one another."""

from __future__ import annotations

import base64
import io
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
COUNTERPARTS = ROOT / "counterparts"
EDITION = json.loads((ROOT / "schemas/cometapi-2026-03-12/edition.json").read_text("utf-8"))
MODELS = set(EDITION["models"])
START = (COUNTERPARTS / "start.sh").read_text("utf-8")
REQUEST = {
    "type": "object",
    "required": ["prompt"],
    "properties": {
        "prompt": {"type": "string"},
        "model": {"anyOf": [{"type": "string"}], "nullable": True},
        "n": {"$ref": "#/components/schemas/Count"},
        "style": {"type": "string", "enum": ["vivid"], "nullable": True},
    },
}
COUNT = {"type": "integer", "minimum": 1, "maximum": 10, "nullable": True}
CONTENT = {"application/json": {"schema": {"$ref": "#/components/schemas/Request"}}}
POST = {
    "requestBody": {"required": True, "content": CONTENT},
    "responses": {"200": {"description": "OK"}},
}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Published", "version": "1"},
    "paths": {"/images/generations": {"post": POST}, "/elsewhere": {"get": {"responses": {}}}},
    "components": {"schemas": {"Request": REQUEST, "Count": COUNT, "Unused": {"type": "object"}}},
}


def prism_document(*arguments: str) -> Any:
    command = [sys.executable, str(COUNTERPARTS / "prism_document.py"), *arguments]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


@pytest.fixture(scope="module")
def of_edition() -> Any:
    return prism_document()


@pytest.fixture(scope="module")
def of_openai(tmp_path_factory: pytest.TempPathFactory) -> Any:
    source = tmp_path_factory.mktemp("published") / "openapi.json"
    source.write_text(json.dumps(DOCUMENT), encoding="utf-8")
    return prism_document("--openai", str(source))


def accepts(document: Any, body: Any) -> bool:
    operation = document["paths"]["/v1/images/generations"]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    return bool(Draft202012Validator({**document, **schema}).is_valid(body))


def fixtures() -> dict[str, dict[str, str]]:
    entries = json.loads((COUNTERPARTS / "aimock/images.json").read_text("utf-8"))["fixtures"]
    return {entry["match"]["model"]: entry["response"]["image"] for entry in entries}


def image_bytes(image: dict[str, str]) -> bytes:
    if "url" in image:
        return (COUNTERPARTS / "aimock/files" / image["url"].rsplit("/", 1)[1]).read_bytes()
    return base64.b64decode(image["b64Json"], validate=True)


def test_litellm_serves_every_model_through_the_documented_route() -> None:
    config = yaml.safe_load((COUNTERPARTS / "litellm/config.yaml").read_text("utf-8"))
    models = {entry["model_name"]: entry["litellm_params"] for entry in config["model_list"]}
    assert set(models) == MODELS
    for name, parameters in models.items():
        route = "openai" if name.startswith("dall-e") else "cometapi"
        assert parameters["model"] == f"{route}/{name}"
        assert parameters["api_base"] == "os.environ/REFERENCE_BASE_URL"


def test_aimock_has_a_whole_png_of_its_own_for_every_model() -> None:
    images = fixtures()
    assert set(images) == MODELS
    assert len({image_bytes(image) for image in images.values()}) == len(MODELS)
    for image in images.values():
        assert ("url" in image) != ("b64Json" in image)
        with Image.open(io.BytesIO(image_bytes(image))) as picture:
            picture.load()
            assert (picture.format, picture.size) == ("PNG", (1024, 1024))


def test_aimock_url_names_the_port_that_the_start_script_serves() -> None:
    port = re.search(r"http\.server .* (\d+) >", START)
    assert port is not None
    for model in ("dall-e-2", "dall-e-3"):
        assert fixtures()[model]["url"] == f"http://127.0.0.1:{port[1]}/{model}.png"


def test_provider_file_expects_the_port_and_key_of_the_start_script() -> None:
    for name, port in (("litellm", 14000), ("prism", 14013), ("aimock", 14020)):
        provider = tomllib.loads((ROOT / f"conformance/providers/{name}.toml").read_text("utf-8"))
        assert provider["base_url"] == f"http://127.0.0.1:{port}/v1"
        assert f"{name.upper()}_PORT:-{port}" in START
        key = f"{provider.get('key_variable')}:-{provider['default_key']}"
        assert name == "prism" or key in START  # any bearer key will do for Prism


def test_documentation_names_the_pinned_versions() -> None:
    text = (ROOT / "docs/counterparts.md").read_text("utf-8")
    pins = re.findall(r"^([A-Z]+)_VERSION=(\S+)$", START, re.MULTILINE)
    assert [name for name, version in pins if version not in text] == []
    assert len(pins) == 4


@pytest.mark.parametrize("arguments", [[], ["stranger"]], ids=["none", "unknown"])
def test_start_script_refuses_what_it_does_not_know(arguments: list[str]) -> None:
    command = ["bash", str(COUNTERPARTS / "start.sh"), *arguments]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert process.returncode == 2
    assert "litellm|prism|aimock" in process.stderr


def test_prism_document_of_the_edition_judges_by_the_model(of_edition: Any) -> None:
    for model in MODELS:
        body = {"model": model, "prompt": "a red cube"}
        assert accepts(of_edition, body), model
        assert not accepts(of_edition, {"model": model}), model
        assert not accepts(of_edition, body | {"n": 11}), model
        assert accepts(of_edition, body | {"n": 2}) == (model not in {"dall-e-3", "qwen-image"})
    assert accepts(of_edition, {"prompt": "a red cube"})
    assert not accepts(of_edition, {"size": "1024x1024"})


def test_prism_document_resolves_every_reference_and_has_error_answers(
    of_edition: Any, of_openai: Any
) -> None:
    for document in (of_edition, of_openai):
        names = re.findall(r'"#/components/schemas/([^"/]+)', json.dumps(document))
        assert set(names) == set(document["components"]["schemas"])
        answers = document["paths"]["/v1/images/generations"]["post"]["responses"]
        for status in ("400", "401"):
            example = answers[status]["content"]["application/json"]["example"]
            assert set(example["error"]) == {"message", "type", "param", "code"}


def test_prism_document_of_openai_takes_null_only_where_it_was_nullable(of_openai: Any) -> None:
    legal: list[dict[str, Any]] = [{}, {"model": None}, {"n": None}, {"style": None}]
    wrong: list[dict[str, Any]] = [{"prompt": None}, {"n": 11}, {"model": 5}, {"style": "loud"}]
    for changes, expected in ((legal, True), (wrong, False)):
        answers = [accepts(of_openai, {"prompt": "a red cube"} | change) for change in changes]
        assert answers == [expected] * 4


def test_prism_document_of_openai_is_cut_down_to_the_one_path(of_openai: Any) -> None:
    assert list(of_openai["paths"]) == ["/v1/images/generations"]
    assert set(of_openai["components"]["schemas"]) == {"Request", "Count"}
    assert "nullable" not in json.dumps(of_openai)


def test_prism_document_says_which_source_cannot_be_read(tmp_path: Path) -> None:
    source = tmp_path / "missing.json"
    command = [sys.executable, str(COUNTERPARTS / "prism_document.py"), "--openai", str(source)]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert process.returncode == 1
    assert "missing.json" in process.stderr
    assert "Traceback" not in process.stderr
