"""Answers of the reference provider: `resolve` makes every choice that a request leaves open."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from conformance.contract import Model, RequestBody, sides_of
from conformance.reference.painting import FINISHED, Picture, animation, image_file, seed_of
from conformance.reference.urls import Signer

PARTIAL_TOKENS = 100  # output tokens each partial image costs, on top of the final one

_TOKENS_PER_MEGAPIXEL = {"low": 272, "medium": 1056, "high": 4160, "xhigh": 6240, "max": 8320}
_USUAL_SIZE = (1024, 1024)


@dataclass(frozen=True, slots=True)
class Job:
    """An accepted request with every choice made."""

    model: str
    family: str
    prompt: str
    n: int
    width: int
    height: int
    promised: str  # the kind of answer that the edition says: url, b64_json or either
    payload: str
    output_format: str
    compression: int
    background: str
    quality: str
    style: str
    echoes: bool
    revises: bool
    stream: bool
    partial_images: int
    frames: int
    frame_ms: int
    safety_identifier: str
    svg_model: str

    @property
    def size(self) -> str:
        """Return the size as the API spells it."""
        return f"{self.width}x{self.height}"


@dataclass(frozen=True, slots=True)
class AnswerContext:
    """The origin of image URLs, their signer, and the Unix time in seconds of the answer."""

    origin: str
    signer: Signer
    now: float


Painter = Callable[[Job, int, int], bytes]


def resolve(request: RequestBody) -> Job:
    """Make every choice that a validated request leaves open."""
    model = request.model
    if model is None:
        raise ValueError("only a validated request can be resolved")
    width, height = _resolved_size(model, request.value("size"))
    response_format = request.body.get("response_format")
    promised = payload = model.response_kind(response_format)
    if promised == "either":
        payload = "b64_json" if response_format == "b64_json" else "url"
    return Job(
        model=model.name,
        family=model.family,
        prompt=request.value("prompt"),
        n=_number(request, "n", 1),
        width=width,
        height=height,
        promised=promised,
        payload=payload,
        output_format=request.value("output_format") or "png",
        compression=_number(request, "output_compression", 100),
        background=_settled(request.value("background"), "opaque"),
        quality=_settled(request.value("quality"), "medium"),
        style=request.value("style") or "",
        echoes="output_format" in model.parameters,
        revises="style" in model.parameters,
        stream="stream" in model.parameters and bool(request.value("stream")),
        partial_images=_number(request, "partial_images", 0),
        frames=_number(request, "frame_count", 1),
        frame_ms=_number(request, "frame_duration_ms", 0),
        safety_identifier=_documented(request, "safety_identifier") or "",
        svg_model=(_documented(request, "svg") or {}).get("model", ""),
    )


def picture(job: Job, index: int, stage: int = FINISHED) -> Picture:
    """Return what the image at this index of `data` shows, whatever its file type."""
    seed = seed_of(job.model, job.prompt, job.size, job.quality, job.style, index)
    return Picture(seed, job.width, job.height, job.background == "transparent", stage)


def paint(job: Job, index: int, stage: int = FINISHED) -> bytes:
    """Paint the image file of one item, or of an unfinished stage of it."""
    shown_picture = picture(job, index, stage)
    if job.output_format == "gif":
        return animation(shown_picture, job.frames, job.frame_ms)
    return image_file(shown_picture, job.output_format, job.compression)


def answer(job: Job, images: Sequence[bytes], context: AnswerContext) -> dict[str, Any]:
    """Build the body of a 200; `images` are the files in order, empty when URLs were asked."""
    items: list[dict[str, Any]] = [{} for _ in range(job.n)]
    for index, item in enumerate(items):
        if job.revises:
            item["revised_prompt"] = f"{job.prompt} Painted as a calm seascape with a small boat."
        if job.payload == "url":
            item["url"] = context.signer.address(context.origin, picture(job, index))
        else:
            item["b64_json"] = _base64(images[index])
    if not job.echoes:
        return {"created": int(context.now), "data": items}
    body = {"created": int(context.now), **echoed(job), "data": items, "usage": usage(job, job.n)}
    return body | ({"svg_usage": svg_usage(job)} if job.svg_model else {})


def echoed(job: Job) -> dict[str, Any]:
    """Return the members in which GPT image models echo what they made; never `auto`."""
    identifier = {"safety_identifier": job.safety_identifier} if job.safety_identifier else {}
    return {
        "background": job.background,
        "output_format": job.output_format,
        "quality": job.quality,
        "size": job.size,
        **identifier,
    }


def svg_usage(job: Job) -> dict[str, Any]:
    """Return the tokens of the model that wrote the drawing; the rates are ours."""
    input_tokens = max(1, math.ceil(len(job.prompt) / 4))
    output = 400
    return {
        "input_tokens": input_tokens,
        "model": job.svg_model,
        "output_tokens": output,
        "reasoning_tokens": 0,
        "total_tokens": input_tokens + output,
    }


def usage(job: Job, images: int, partials: int = 0) -> dict[str, Any]:
    """Return tokens whose sums hold; the rates are ours, shaped like OpenAI's."""
    input_tokens = max(1, math.ceil(len(job.prompt) / 4))
    rate = _TOKENS_PER_MEGAPIXEL[job.quality]
    per_image = max(1, rate * job.width * job.height // 2**20)
    output = images * per_image + partials * PARTIAL_TOKENS
    return {
        "input_tokens": input_tokens,
        "input_tokens_details": {"image_tokens": 0, "text_tokens": input_tokens},
        "output_tokens": output,
        "output_tokens_details": {"image_tokens": output, "text_tokens": 0},
        "total_tokens": input_tokens + output,
    }


def events(job: Job, painter: Painter, context: AnswerContext) -> Iterator[dict[str, Any]]:
    """Yield one image after another, each preceded by the partial images that were asked for."""
    # Only the completed event is documented to say whom the request was for.
    common = {"created_at": int(context.now), **echoed(replace(job, safety_identifier=""))}
    completed_members = echoed(job)
    for index in range(job.n):
        for stage in range(job.partial_images):
            yield {
                "type": "image_generation.partial_image",
                "b64_json": _base64(painter(job, index, stage + 1)),
                "partial_image_index": stage,
                **common,
            }
        yield {
            "type": "image_generation.completed",
            "b64_json": _base64(painter(job, index, FINISHED)),
            **common,
            **completed_members,
            "usage": usage(job, 1, job.partial_images),
        }


def _resolved_size(model: Model, size: object) -> tuple[int, int]:
    """Return the size; an absent or `auto` one is 1024x1024, else the first that a source names."""
    sizes_named = (*model.documented("size"), *model.examples("size"), *model.open_values("size"))
    sizes = [edges for edges in map(sides_of, sizes_named) if edges is not None]
    usual = _USUAL_SIZE if _USUAL_SIZE in sizes or not sizes else sizes[0]
    return sides_of(size) or sides_of(model.default("size")) or usual


def _number(request: RequestBody, parameter: str, default: int) -> int:
    # JSON Schema counts 1.0 as an integer, so a valid value may arrive as a float.
    value = request.value(parameter)
    return default if value is None else int(value)


def _documented(request: RequestBody, parameter: str) -> Any:
    """Return a value that was sent to a model which documents the parameter, else None."""
    is_known = request.model is not None and parameter in request.model.parameters
    return request.body.get(parameter) if is_known else None


def _settled(value: str | None, choice: str) -> str:
    return choice if value in (None, "auto") else str(value)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
