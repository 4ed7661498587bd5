"""The AI SDK under Node generates through the reference provider; no parser is stricter.

Its packages go to a cache outside the checkout, named after what is pinned, and stay there.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock
from PIL import Image

from conformance.contract import load_edition
from conformance.reference import ReferenceServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SOURCES = Path(__file__).parent / "node"
FILES = ("package.json", "package-lock.json", "generate.mjs")
KEY = "sk-test-of-the-node-sdk"
PROMPT = "A red kite over dunes"
DALL_E = ("dall-e-2", "dall-e-3")
GPT = ("gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5")
MODELS = (*DALL_E, *GPT, "qwen-image")
INSTALL_SECONDS, RUN_SECONDS = 180, 60


@pytest.fixture(scope="module")
def project() -> Path:
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed, so the AI SDK cannot run")
    pinned = b"".join((SOURCES / name).read_bytes() for name in FILES)
    name = f"node-{hashlib.sha256(pinned).hexdigest()[:16]}"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "image-conformance"
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(cache / f"{name}.lock"):
        if not (cache / name).is_dir():
            install(cache / name)
    return cache / name


def install(folder: Path) -> None:
    """Install beside the final place and move, so that no half-made cache is ever used."""
    draft = folder.with_suffix(f".{os.getpid()}")
    draft.mkdir()
    try:
        for name in FILES:
            shutil.copy(SOURCES / name, draft)
        run = npm_ci(draft)
        if run.returncode != 0:
            reason = " ".join(run.stderr.split())[-300:]
            pytest.skip(f"npm could not install the AI SDK (is there a network?): {reason}")
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def npm_ci(folder: Path) -> subprocess.CompletedProcess[str]:
    command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    try:
        return subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS
        )
    except subprocess.TimeoutExpired:
        seconds = f"no answer within {INSTALL_SECONDS} s"
        return subprocess.CompletedProcess(command, 1, "", seconds)


@pytest.fixture(scope="module")
def server() -> Iterator[ReferenceServer]:
    with ReferenceServer(load_edition(), key=KEY) as server:
        yield server


def ask(
    project: Path, server: ReferenceServer, requests: Sequence[dict[str, Any]], key: str = KEY
) -> list[dict[str, Any]]:
    asked = {"baseURL": server.base_url, "apiKey": key, "requests": requests}
    run = subprocess.run(
        ["node", "generate.mjs"],
        cwd=project,
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
    )
    assert run.returncode == 0, run.stderr
    answers: list[dict[str, Any]] = json.loads(run.stdout)
    return answers


@pytest.fixture(scope="module")
def answers(project: Path, server: ReferenceServer) -> dict[str, dict[str, Any]]:
    size = "1024x1024"
    requests = [{"model": model, "prompt": PROMPT, "size": size} for model in MODELS]
    return dict(zip(MODELS, ask(project, server, requests), strict=True))


@pytest.mark.parametrize("model", MODELS)
def test_sdk_node_generates(answers: dict[str, dict[str, Any]], model: str) -> None:
    answer = answers[model]
    assert "error" not in answer, answer
    pictures = [Image.open(io.BytesIO(base64.b64decode(one["base64"]))) for one in answer["images"]]
    assert [picture.size for picture in pictures] == [(1024, 1024)]
    assert [one["mediaType"] for one in answer["images"]] == ["image/png"]
    assert answer["warnings"] == []


def test_sdk_node_reads_revised_prompt(answers: dict[str, dict[str, Any]]) -> None:
    metadata = answers["dall-e-3"]["metadata"]["images"][0]
    assert metadata["revisedPrompt"].startswith(PROMPT)


@pytest.mark.parametrize("model", GPT)
def test_sdk_node_reads_usage(answers: dict[str, dict[str, Any]], model: str) -> None:
    usage = answers[model]["usage"]
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"] > 0


def test_sdk_node_passes_options(project: Path, server: ReferenceServer) -> None:
    options = {"openai": {"background": "transparent", "outputFormat": "webp", "quality": "low"}}
    request = {
        "model": "gpt-image-1.5",
        "prompt": PROMPT,
        "n": 2,
        "size": "1024x1536",
        "providerOptions": options,
    }
    images = ask(project, server, [request])[0]["images"]
    pictures = [Image.open(io.BytesIO(base64.b64decode(image["base64"]))) for image in images]
    assert [(one.format, one.mode, one.size) for one in pictures] == [
        ("WEBP", "RGBA", (1024, 1536))
    ] * 2


def test_sdk_node_splits_n_for_one_image_models(project: Path, server: ReferenceServer) -> None:
    requests = [{"model": "qwen-image", "prompt": PROMPT, "n": 2}]
    assert len(ask(project, server, requests)[0]["images"]) == 2


def test_sdk_node_reads_refusals(project: Path, server: ReferenceServer) -> None:
    requests = [
        {"model": "dall-e-3", "prompt": PROMPT, "size": "1x1"},
        {"model": "dall-e-4", "prompt": PROMPT},
    ]
    refusals = ask(project, server, requests)
    assert [(one["error"], one["status"]) for one in refusals] == [
        ("AI_APICallError", 400),
        ("AI_APICallError", 404),
    ]
    assert "size" in refusals[0]["message"]


def test_sdk_node_reads_wrong_key(project: Path, server: ReferenceServer) -> None:
    requests = [{"model": "dall-e-3", "prompt": PROMPT}]
    assert ask(project, server, requests, key="sk-other")[0]["status"] == 401
