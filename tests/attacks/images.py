"""Images that are small to send and large to open, or no images at all."""

from __future__ import annotations

import base64
import functools
import io
import struct
import zlib

from PIL import Image

from tests.attacks.model import (
    BASE64_CASE,
    Request,
    attack,
    image,
    items,
    ok,
    urls,
    zeros,
)
from tests.miniatures import picture
from tests.pngs import chunk, header, png


def with_chunk(name: bytes, data: bytes) -> bytes:
    """Return a sound picture of the size asked for with one chunk more before its pixels."""
    sound = picture("png", (1024, 1024))
    return sound[:33] + chunk(name, data) + sound[33:]


def as_base64(data: bytes) -> bytes:
    """Answer with one image as base64."""
    return ok(items({"b64_json": base64.b64encode(data).decode(), "revised_prompt": "A kite"}))


@attack("fail", "image.complete", BASE64_CASE)
def png_of_60000_pixels_a_side(request: Request) -> bytes:
    """Ten gigabytes of pixels in some hundred bytes."""
    return as_base64(png(header(60_000, 60_000), chunk(b"IDAT", zeros(100_000))))


@attack("fail", "image.complete", BASE64_CASE)
def png_with_two_headers(request: Request) -> bytes:
    """A second header makes a small picture a giant one after it was measured."""
    giant = header(60_000, 60_000)
    return as_base64(png(header(16, 16), giant, chunk(b"IDAT", zeros(100_000))))


@attack("fail", "image.complete", BASE64_CASE)
def png_of_no_size(request: Request) -> bytes:
    """A picture of no pixels divides by zero."""
    return as_base64(png(header(0, 0), chunk(b"IDAT", zeros(1))))


@attack("fail", "image.complete", BASE64_CASE)
def png_of_negative_size(request: Request) -> bytes:
    """A width beyond 31 bits is negative to some."""
    return as_base64(png(header(0xFFFFFFFF, 0xFFFFFFFF), chunk(b"IDAT", zeros(1))))


@attack("fail", "image.complete", BASE64_CASE)
def png_with_compressed_text_bomb(request: Request) -> bytes:
    """A comment of 64 megabytes, compressed to 64 kilobytes, is unpacked on opening."""
    return as_base64(with_chunk(b"zTXt", b"Comment\0\0" + zeros(64 << 20)))


@attack("pass", "image.complete", BASE64_CASE)
def png_with_thousands_of_text_chunks(request: Request) -> bytes:
    """Thousands of comments, each below the limit of one."""
    sound = picture("png", (1024, 1024))
    texts = b"".join(chunk(b"tEXt", b"k%d\0v" % number) for number in range(5000))
    return as_base64(sound[:33] + texts + sound[33:])


@attack("fail", "image.complete", BASE64_CASE)
def png_with_colour_profile_bomb(request: Request) -> bytes:
    """A colour profile of 64 megabytes, compressed to 64 kilobytes."""
    return as_base64(with_chunk(b"iCCP", b"icc\0\0" + zeros(64 << 20)))


@attack("fail", "image.size-as-asked", BASE64_CASE)
def png_with_more_pixels_than_rows(request: Request) -> bytes:
    """Pixel data far longer than the picture: 64 megabytes for 256 pixels."""
    return as_base64(png(header(16, 16), chunk(b"IDAT", zeros(64 << 20))))


@attack("fail", "image.complete", BASE64_CASE)
def png_whose_chunk_is_longer_than_the_file(request: Request) -> bytes:
    """A chunk that announces two gigabytes."""
    return as_base64(png(header(16, 16)) + struct.pack(">I4s", 0x7FFFFFFF, b"IDAT") + b"x")


@attack("deviates", "image.single-frame", BASE64_CASE)
def gif_of_thousands_of_frames(request: Request) -> bytes:
    """Twenty thousand frames of a large picture in some hundred kilobytes."""
    frame = b"\x21\xf9\x04\x00\x01\x00\x00\x00" + b"\x2c" + bytes(4) + b"\x01\x00\x01\x00\x00"
    body = b"\x02\x02\x44\x01\x00"
    start = b"GIF89a" + struct.pack("<HH", 65535, 65535) + b"\x80\x00\x00" + bytes(6)
    return as_base64(start + (frame + body) * 20_000 + b"\x3b")


@attack("deviates", "image.documented-type", BASE64_CASE)
def gif_without_end(request: Request) -> bytes:
    """Blocks that lead a reader in circles until the end of the file."""
    return as_base64(
        b"GIF89a" + struct.pack("<HH", 16, 16) + bytes(3) + b"\x21\xfe" + b"\xff" * 500_000
    )


@attack("fail", "image.complete", BASE64_CASE)
def webp_of_the_largest_size(request: Request) -> bytes:
    """A canvas of 16,383 by 16,383 pixels in sixty bytes."""
    canvas = struct.pack("<I", 0x02) + b"\xfe\x3f\x00" + b"\xfe\x3f\x00"
    chunks = b"VP8X" + struct.pack("<I", 10) + canvas + b"ANIM" + struct.pack("<I", 6) + bytes(6)
    return as_base64(b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks)


@functools.cache
def _animation() -> bytes:
    frames = [Image.new("RGB", (256, 256), (number, 0, 0)) for number in range(24)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "webp", save_all=True, append_images=frames[1:], lossless=True, method=0)
    return buffer.getvalue()


@attack("deviates", "image.single-frame", BASE64_CASE)
def webp_of_many_frames(request: Request) -> bytes:
    """An animation: every frame is a picture to decode."""
    return as_base64(_animation())


@attack("fail", "image.complete", BASE64_CASE)
def jpeg_of_the_largest_size(request: Request) -> bytes:
    """65,535 by 65,535 pixels, progressive, with a thousand scans of nothing."""
    start = b"\xff\xd8\xff\xc2\x00\x11\x08" + struct.pack(">HH", 65535, 65535)
    components = b"\x03\x01\x11\x00\x02\x11\x00\x03\x11\x00"
    scan = b"\xff\xda\x00\x0c\x03\x01\x00\x02\x00\x03\x00\x00\x00\x00"
    return as_base64(start + components + scan * 1000 + b"\xff\xd9")


@attack("fail", "image.complete", BASE64_CASE)
def jpeg_of_a_thousand_scans(request: Request) -> bytes:
    """Each scan of a progressive picture is one more pass over all of its pixels."""
    sound = picture("jpeg", (1024, 1024))
    place = sound.index(b"\xff\xda")
    scan = sound[place : place + 14] + bytes(2)
    return as_base64(sound[:place] + scan * 1000 + sound[place:])


@attack("deviates", "image.documented-type", BASE64_CASE)
def bmp_of_a_terapixel(request: Request) -> bytes:
    """A bitmap whose header alone says how large it is."""
    size = struct.pack("<IiiHHIIiiII", 40, 1_000_000, -1_000_000, 1, 24, 0, 0, 0, 0, 0, 0)
    return as_base64(b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + size)


@attack("deviates", "image.documented-type", BASE64_CASE)
def avif_of_nothing(request: Request) -> bytes:
    """A container that promises everything in boxes of no size."""
    box = b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1miaf"
    return as_base64(box + b"\x00\x00\x00\x00meta" + bytes(200))


@attack("deviates", "image.documented-type", BASE64_CASE)
def svg_with_script(request: Request) -> bytes:
    """A drawing that runs a script and loads a file where it is shown."""
    return as_base64(
        b"<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script>&x;</svg>"
    )


@attack("fail", "url.is-image")
def html_as_image(request: Request) -> bytes:
    """A page with a script in place of the image, which a browser would run."""
    if request.image:
        return image(b"<html><script>alert(1)</script></html>", kind="image/png")
    return urls(request.url())


@attack("fail", "url.is-image")
def program_as_image(request: Request) -> bytes:
    """A program under the name of a picture."""
    if request.image:
        disposition = "Content-Disposition: attachment; filename=../../run.sh"
        return image(b"#!/bin/sh\nrm -rf /\n", disposition)
    return urls(request.url("/picture.png"))


@attack("fail", "image.complete")
def twelve_large_images(request: Request) -> bytes:
    """Twelve images, each just within the limit of one, take too much together."""
    if request.image:
        number = int(request.path.strip("/.png") or 0)
        rows = b"\0" + bytes([number]) * 4242
        return image(png(header(1414, 1414), chunk(b"IDAT", zlib.compress(rows * 1414))))
    return urls(*(request.url(f"/{number}.png") for number in range(12)))


@attack("fail", "image.size-as-asked", BASE64_CASE)
def polyglot(request: Request) -> bytes:
    """A picture, an archive and a page in one file."""
    return as_base64(picture("png", (16, 16)) + b"PK\x03\x04<html><script>alert(1)</script>")
