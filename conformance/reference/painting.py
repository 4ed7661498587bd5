"""Pictures of the reference provider: a small seascape, drawn from a seed only.

The same seed always gives the same pixels, so that an answer can be checked by asking twice, and a
temporary URL needs no store behind it. Flat areas keep the files small enough to be committed.
"""

from __future__ import annotations

import functools
import hashlib
import io
import json
import random
import zlib
from dataclasses import dataclass

from PIL import Image, ImageDraw

RGB = tuple[int, int, int]
FINISHED = 99
"""Stage at which every part of the picture is drawn; partial images stop at a lower one."""

CACHED_FILES = 256
BANDS = 128  # shades of the sky; the other half of the palette is for the foreground

_BAND_OF_GREY = [grey * BANDS // 256 for grey in range(256)]


@dataclass(frozen=True, slots=True)
class Picture:
    """What one image shows: its seed, size in pixels, ground, and how far it is drawn."""

    seed: str
    width: int
    height: int
    transparent: bool = False
    stage: int = FINISHED


def seed_of(*facts: object) -> str:
    """Return 32 hexadecimal digits derived from the request."""
    text = json.dumps([str(fact) for fact in facts])
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]


@functools.lru_cache(maxsize=CACHED_FILES)
def image_file(picture: Picture, output_format: str = "png", compression: int = 100) -> bytes:
    """Paint and encode; `compression` is the API's 0..100 and has no effect on PNG."""
    if output_format == "svg":
        return drawing(picture)
    return encode(paint(picture), output_format, compression)


@functools.lru_cache(maxsize=CACHED_FILES)
def animation(picture: Picture, frames: int, frame_ms: int) -> bytes:
    """Paint a GIF of this many frames, over which a ball rises; delays are in whole 10 ms."""
    ground = paint(picture).convert("RGB").quantize(64)
    radius = max(2, min(picture.width, picture.height) // 16)
    x = picture.width // 4
    images = []
    for frame in range(frames):
        image = ground.copy()
        y = picture.height - radius - (picture.height - 2 * radius) * frame // max(1, frames - 1)
        ImageDraw.Draw(image).ellipse((x - radius, y - radius, x + radius, y + radius), fill=1)
        images.append(image)
    buffer = io.BytesIO()
    rest, delay = images[1:], (frame_ms + 5) // 10 * 10
    images[0].save(buffer, "GIF", save_all=True, append_images=rest, duration=delay, loop=0)
    return buffer.getvalue()


def drawing(picture: Picture) -> bytes:
    """Draw a sun over the sea as SVG."""
    chance = random.Random(picture.seed)  # noqa: S311 - colours of a drawing, no secret
    sky, sun, sea = (f"#{chance.randrange(0x1000000):06x}" for _ in range(3))
    width, height = picture.width, picture.height
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}">'
        f'<rect width="100%" height="100%" fill="{sky}"/>'
        f'<circle cx="70%" cy="30%" r="{min(width, height) // 10}" fill="{sun}"/>'
        f'<rect y="66%" width="100%" height="34%" fill="{sea}"/></svg>'
    ).encode("ascii")


def encode(image: Image.Image, output_format: str, compression: int = 100) -> bytes:
    """Encode as PNG, JPEG or WebP, with settings measured to be fast and small for drawings."""
    buffer = io.BytesIO()
    if image.mode == "P" and output_format != "png":
        image = image.convert("RGB")
    if output_format == "png":
        image.save(buffer, "PNG", compress_level=1, compress_type=zlib.Z_RLE)
    elif output_format == "jpeg":
        # Above 90 libjpeg hardly quantises: the file grows threefold and looks the same.
        image.convert("RGB").save(buffer, "JPEG", quality=min(compression, 90))
    else:
        image.save(buffer, "WEBP", quality=compression, method=1, lossless=compression == 100)
    return buffer.getvalue()


def paint(picture: Picture) -> Image.Image:
    """Draw the picture: with a palette, or in RGBA where the ground is transparent."""
    chance = random.Random(picture.seed)  # noqa: S311 - colours of a drawing, no secret
    image = _ground(picture, chance)
    draw = ImageDraw.Draw(image)
    land = () if picture.transparent else (_hills, _sea)
    for part in (_sun, *land, _boat, _gulls, _pennant)[: picture.stage]:
        part(draw, picture, chance)
    return image


def _ground(picture: Picture, chance: random.Random) -> Image.Image:
    size = (picture.width, picture.height)
    top, bottom = _colour(chance, 90, 200), _colour(chance, 180, 255)
    if picture.transparent:
        return Image.new("RGBA", size, (*top, 0))
    # Rows of one colour, out of a palette: PNG packs that eight times as fast as RGB.
    column = Image.linear_gradient("L").resize((1, picture.height)).point(_BAND_OF_GREY)
    image = column.resize(size, Image.Resampling.NEAREST)
    channels = tuple(zip(top, bottom, strict=True))
    image.putpalette(
        [a + (b - a) * band // (BANDS - 1) for band in range(BANDS) for a, b in channels]
    )
    return image


def _colour(chance: random.Random, low: int, high: int) -> RGB:
    return chance.randint(low, high), chance.randint(low, high), chance.randint(low, high)


def _sun(draw: ImageDraw.ImageDraw, picture: Picture, chance: random.Random) -> None:
    radius = min(picture.width, picture.height) * chance.uniform(0.06, 0.14)
    x = picture.width * chance.uniform(0.55, 0.85)
    y = picture.height * chance.uniform(0.15, 0.35)
    if picture.transparent:
        halo = radius * 1.5
        draw.ellipse((x - halo, y - halo, x + halo, y + halo), fill=(255, 236, 170, 110))
    fill = (255, chance.randint(190, 240), chance.randint(60, 150))
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)


def _hills(draw: ImageDraw.ImageDraw, picture: Picture, chance: random.Random) -> None:
    width, height = picture.width, picture.height
    for low in (0.42, 0.5):
        fill = _colour(chance, 60, 150)
        peaks = [(width * step / 4, height * chance.uniform(low, low + 0.16)) for step in range(5)]
        draw.polygon([(0, height), *peaks, (width, height)], fill=fill)


def _sea(draw: ImageDraw.ImageDraw, picture: Picture, chance: random.Random) -> None:
    width, height = picture.width, picture.height
    shade = chance.randint(0, 60)
    for band in range(6):
        y = height * (0.66 + 0.06 * band)
        fill = (shade, 70 + shade + 10 * band, 130 + shade // 2 + 10 * band)
        draw.rectangle((0, y, width, height), fill=fill)


def _boat(draw: ImageDraw.ImageDraw, picture: Picture, chance: random.Random) -> None:
    unit = min(picture.width, picture.height) / 10
    x = picture.width * chance.uniform(0.3, 0.55)
    y = picture.height * chance.uniform(0.7, 0.78)
    sail, hull = _colour(chance, 150, 255), _colour(chance, 30, 140)
    draw.polygon([(x, y), (x, y - 3 * unit), (x + 1.8 * unit, y)], fill=sail)
    draw.polygon([(x, y), (x, y - 2.4 * unit), (x - 1.3 * unit, y)], fill=(250, 250, 245))
    deck, keel = y + 0.15 * unit, y + 0.9 * unit
    outline = [(x - 1.8 * unit, deck), (x + 2.2 * unit, deck)]
    draw.polygon([*outline, (x + 1.3 * unit, keel), (x - 1.1 * unit, keel)], fill=hull)


def _gulls(draw: ImageDraw.ImageDraw, picture: Picture, chance: random.Random) -> None:
    span = min(picture.width, picture.height) / 24
    for _ in range(3):
        x = picture.width * chance.uniform(0.2, 0.5)
        y = picture.height * chance.uniform(0.12, 0.35)
        wings = [(x - span, y - span / 2), (x, y), (x + span, y - span / 2)]
        draw.line(wings, fill=(40, 40, 60), width=max(1, int(span / 6)))


def _pennant(draw: ImageDraw.ImageDraw, picture: Picture, chance: random.Random) -> None:
    """Draw a five by five signal flag, so that two prompts never share a picture."""
    cell = max(1, min(picture.width, picture.height) // 40)
    left, top = picture.width // 20, picture.height // 20
    bits, fill, ground = chance.getrandbits(25), _colour(chance, 0, 160), (250, 250, 250)
    for bit in range(25):
        x, y = left + bit % 5 * cell, top + bit // 5 * cell
        box = (x, y, x + cell - 1, y + cell - 1)
        draw.rectangle(box, fill=fill if bits >> bit & 1 else ground)
