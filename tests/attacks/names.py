"""Names that are paths: of models, of files, of archives, of references of our own."""

from __future__ import annotations

import base64

from tests.attacks.images import as_base64
from tests.attacks.model import (
    BASE64_CASE,
    Request,
    attack,
    image,
    items,
    ok,
    refusal,
    urls,
)
from tests.attacks.words import PICTURE, with_prompt
from tests.miniatures import picture

PATHS = (
    "../../../../etc/passwd",
    "..\\..\\windows\\system32\\x.png",
    "/etc/cron.d/evil",
    "C:\\autoexec.bat",
    "\\\\evil.test\\share\\x",
    "....//....//x",
    "%2e%2e%2f%2e%2e%2fx",
    "a/../../x.yaml",
    "CON",
    "aux.png",
    "x.png:stream",
    "~/.ssh/authorized_keys",
    "x\x00.png",
    ".",
    "..",
    "a" * 5000,
)


@attack("pass", "envelope.json-syntax", BASE64_CASE)
def model_that_is_a_path(request: Request) -> bytes:
    """The echoed model is a path: a file named after it lies outside of the run's folders."""
    return ok(items({"b64_json": PICTURE}, model=PATHS[0], id=PATHS[2], object=PATHS[1]))


@attack("pass", "envelope.json-syntax", BASE64_CASE)
def file_names_that_are_paths(request: Request) -> bytes:
    """File names beside the image lead out of the folder, in every spelling."""
    names = {f"file_name_{number}": path for number, path in enumerate(PATHS)}
    return with_prompt("A kite", filename=PATHS[0], path=PATHS[2], **names)


@attack("fail", "url.is-image")
def slipped_archive(request: Request) -> bytes:
    """URLs whose last part is a path, as in an archive that unpacks over what is there."""
    if request.image:
        name = "../../../../tmp/slipped"
        return image(b"PK\x03\x04", f'Content-Disposition: attachment; filename="{name}"')
    return urls(
        request.url("/../../../../etc/passwd"),
        request.url("/..%2f..%2f..%2fslipped.png"),
        request.url("/..\\..\\slipped.png"),
        request.url("/%00/../slipped.png"),
        request.url("/." + "/a" * 500 + "/slipped.png"),
    )


@attack("pass", "image.complete", BASE64_CASE)
def type_that_is_a_path(request: Request) -> bytes:
    """The format of the image is a path, which a careless writer takes for an extension."""
    data = items({"b64_json": PICTURE, "output_format": "../x", "type": "png/../../x"})
    return ok({**data, "output_format": "../../x"})


@attack("fail")
def our_own_references(request: Request) -> bytes:
    """The provider writes the references that stand for payloads in our cassettes."""
    references = ("@payload/" + "0" * 32 + ".png", "@payload/../../../etc/passwd", "@payload/x")
    return ok(items(*({"b64_json": reference, "url": reference} for reference in references)))


@attack("fail", case=BASE64_CASE)
def reference_as_a_whole_body(request: Request) -> bytes:
    """The whole body is such a reference."""
    return ok(b"@payload/" + b"a" * 32 + b".png")


@attack("fail", "url.is-image")
def reference_as_an_image(request: Request) -> bytes:
    """The image is such a reference, behind the first bytes of a picture or alone."""
    if request.image:
        start = b"\x89PNG\r\n\x1a\n" if request.path == "/0.png" else b""
        return image(start + b"@payload/" + b"b" * 32 + b".png")
    return urls(request.url("/0.png"), request.url("/1.png"))


@attack("fail", case=BASE64_CASE)
def documents_of_yaml(request: Request) -> bytes:
    """Text that ends a YAML document, makes a Python object, or repeats itself to gigabytes."""
    text = "--- !!python/object/apply:os.system ['id']\n...\n&a [*a,*a]\ninteractions: []\n"
    return ok(items({"b64_json": text, "revised_prompt": text + "\u0085\u2028\x7f\t"}))


@attack("deviates", "image.distinct")
def names_that_differ_in_case(request: Request) -> bytes:
    """Names that are one file where the system does not tell letters by their case."""
    if request.image:
        return image(picture("png", (1024, 1024), seed=1))
    return urls(
        *(request.url(f"/{name}.png") for name in ("A", "a", "\u00c5", "A\u030a", "\u212b"))
    )


@attack("fail", "image.complete", BASE64_CASE)
def picture_named_by_its_content(request: Request) -> bytes:
    """A payload with the type of one file and the content of another."""
    return as_base64(b"RIFF\x04\x00\x00\x00WEBP#!/bin/sh\n" + bytes(600))


@attack("fail")
def error_with_paths(request: Request) -> bytes:
    """Paths in every member of an error."""
    return refusal(PATHS[0], type=PATHS[1], param=PATHS[2], code=PATHS[3])


@attack("fail", "base64.padding", BASE64_CASE)
def path_as_base64(request: Request) -> bytes:
    """A path where base64 belongs is read from the disk by who helps too much."""
    return ok(items({"b64_json": "/etc/passwd", "revised_prompt": base64.b64encode(b"x").decode()}))
