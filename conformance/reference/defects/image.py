"""Lies in the pixels."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import replace
from typing import Any

from PIL import Image, ImageDraw

from conformance.contract import RequestBody
from conformance.reference.answers import Job
from conformance.reference.defects.planting import (
    Body,
    current_request,
    in_body,
    in_image,
    in_job,
    planted,
    resolving,
)
from conformance.reference.painting import encode

_USUAL = "1024x1024"


def _opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def _rgba(data: bytes) -> Image.Image:
    return _opened(data).convert("RGBA")


def _saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@planted(in_job, "image.size-ignored", "image.size-as-asked", modes=["D5"])
def size_ignored(job: Job) -> Job:
    """Every image is 1024x1024, whatever size was asked."""
    return replace(job, width=1024, height=1024)


@planted(in_job, "image.size-off-by-one", "image.size-as-asked", modes=["D5", "off-by-one sizes"])
def size_off_by_one(job: Job) -> Job:
    """An image of another size than the usual one lacks its last row."""
    return job if job.size == _USUAL else replace(job, height=job.height - 1)


@planted(in_job, "image.size-turned", "image.size-as-asked", modes=["D5"])
def size_turned(job: Job) -> Job:
    """Width and height are taken for each other."""
    return replace(job, width=job.height, height=job.width)


@planted(in_job, "image.size-rounded", "image.size-as-asked", modes=["D5"])
def size_rounded(job: Job) -> Job:
    """A side other than 1024 is rounded down to a multiple of 100 pixels."""
    edges = [edge if edge == 1024 else edge // 100 * 100 for edge in (job.width, job.height)]
    return replace(job, width=edges[0], height=edges[1])


@planted(resolving, "image.undocumented-size", "image.documented-size", modes=["D5"])
def undocumented_size(job: Job, request: RequestBody) -> Job:
    """Where the size is left to the provider, it takes one that nothing documents."""
    free = request.value("size") in (None, "auto") or not request.has("size")
    return replace(job, width=640, height=640) if free else job


@planted(in_image, "image.gif", "image.documented-type", modes=["D5"])
def gif(data: bytes, job: Job) -> bytes:
    """A model without `output_format` paints GIF."""
    return data if job.echoes else _saved(_opened(data).convert("P"), "GIF")


@planted(in_image, "image.bmp", "image.documented-type", modes=["D5"])
def bmp(data: bytes, job: Job) -> bytes:
    """A model without `output_format` paints bitmaps of Windows."""
    return data if job.echoes else _saved(_opened(data).convert("RGB"), "BMP")


@planted(in_image, "image.format-ignored", "image.type-as-asked", modes=["D5"])
def format_ignored(data: bytes, job: Job) -> bytes:
    """Every image is PNG, whatever `output_format` was asked."""
    return data if job.output_format == "png" else encode(_opened(data), "png")


@planted(in_image, "image.webp-labelled-png", "image.type-by-default", modes=["D5"])
def webp_labelled_png(data: bytes, job: Job) -> bytes:
    """WebP is sent where PNG is the default, and called PNG."""
    labelled = job.echoes and job.output_format == "png"
    return encode(_opened(data).convert("RGBA"), "webp") if labelled else data


@planted(in_image, "image.jpeg-labelled-png", "image.type-by-default", modes=["D5"])
def jpeg_labelled_png(data: bytes, job: Job) -> bytes:
    """JPEG is sent where PNG is the default, and called PNG."""
    labelled = job.echoes and job.output_format == "png"
    return encode(_opened(data), "jpeg") if labelled else data


@planted(in_image, "image.alpha-lost", "image.alpha-when-transparent", modes=["D7"])
def alpha_lost(data: bytes, job: Job) -> bytes:
    """A transparent background is flattened onto white."""
    if job.background != "transparent":
        return data
    ground = Image.new("RGBA", (job.width, job.height), "white")
    return encode(Image.alpha_composite(ground, _rgba(data)).convert("RGB"), job.output_format)


@planted(in_image, "image.fake-checkerboard", "image.transparent-pixels", modes=["D7"])
def fake_checkerboard(data: bytes, job: Job) -> bytes:
    """A chequerboard is painted where the background should be transparent."""
    if job.background != "transparent":
        return data
    board = Image.new("RGBA", (job.width, job.height), "white")
    draw = ImageDraw.Draw(board)
    for square in range((job.width // 32) * (job.height // 32) // 2):
        y, x = divmod(square * 2, job.width // 32)
        left, top = (x + y % 2) * 32, y * 32
        draw.rectangle((left, top, left + 31, top + 31), fill=(204, 204, 204, 255))
    return encode(Image.alpha_composite(board, _rgba(data)), job.output_format)


@planted(in_image, "image.hardly-transparent", "image.transparent-pixels", modes=["D7"])
def hardly_transparent(data: bytes, job: Job) -> bytes:
    """Where the background should be transparent every pixel has an alpha of 254."""
    if job.background != "transparent":
        return data
    image = _rgba(data)
    image.putalpha(254)
    return encode(image, job.output_format)


@planted(in_image, "image.one-clear-pixel", "image.transparent-pixels", modes=["D7"])
def one_clear_pixel(data: bytes, job: Job) -> bytes:
    """Where the background should be transparent a single pixel is."""
    if job.background != "transparent":
        return data
    image = _rgba(data)
    image.putalpha(255)
    image.putpixel((0, 0), (0, 0, 0, 0))
    return encode(image, job.output_format)


@planted(in_image, "image.transparent-for-opaque", "image.opaque-when-asked", modes=["D7"])
def transparent_for_opaque(data: bytes, job: Job) -> bytes:
    """An image that was asked to be opaque has a hole in its corner."""
    if current_request().value("background") != "opaque":
        return data
    image = _rgba(data)
    image.paste((0, 0, 0, 0), (0, 0, 64, 64))
    return encode(image, job.output_format)


@planted(in_image, "image.cut-off", "image.complete", modes=["truncated PNG"])
def cut_off(data: bytes, _job: Job) -> bytes:
    """The file ends halfway."""
    return data[: len(data) // 2]


@planted(in_image, "image.damaged", "image.complete")
def damaged(data: bytes, _job: Job) -> bytes:
    """A PNG has a byte turned over in its pixels."""
    if b"IDAT" not in data:
        return data
    index = data.index(b"IDAT") + 12
    return data[:index] + bytes([data[index] ^ 255]) + data[index + 1 :]


@planted(in_image, "image.bomb", "image.complete")
def bomb(data: bytes, job: Job) -> bytes:
    """A PNG of a few bytes declares billions of pixels."""
    return bomb_of(60_000) if job.output_format == "png" else data


def bomb_of(edge: int) -> bytes:
    """Make a tiny PNG that claims to be a square of this many pixels an edge."""
    head = struct.pack(">II5B", edge, edge, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 64)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


@planted(in_image, "image.animated", "image.single-frame")
def animated(data: bytes, job: Job) -> bytes:
    """A PNG is an animation of two frames."""
    if job.output_format != "png":
        return data
    first = _rgba(data)
    second = first.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return _saved(first, "PNG", save_all=True, append_images=[second], compress_level=1)


@planted(in_body, "image.doubled", "image.distinct", modes=["doubled images"])
def doubled(body: Body, _job: Job) -> None:
    """Several images of one answer are the same image."""
    body["data"] = [dict(body["data"][0]) for _ in body["data"]]


@planted(in_job, "image.one-frame-fewer", "image.frames-as-asked")
def one_frame_fewer(job: Job) -> Job:
    """A GIF lacks its last frame."""
    return replace(job, frames=job.frames - 1) if job.output_format == "gif" else job


@planted(in_job, "image.frames-too-fast", "image.frame-delay-as-asked")
def frames_too_fast(job: Job) -> Job:
    """The frames of a GIF are shown for half as long as was asked."""
    return replace(job, frame_ms=job.frame_ms // 2) if job.output_format == "gif" else job


@planted(in_image, "image.svg-cut-off", "image.svg-well-formed")
def svg_cut_off(data: bytes, job: Job) -> bytes:
    """A drawing ends before its last element is closed."""
    return data[:-6] if job.output_format == "svg" else data
