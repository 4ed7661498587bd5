"""The names of image types: media types and extensions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.parsing.images import extension, media_type, type_of_media_type
from tests.pictures import TYPES


@pytest.mark.parametrize("kind", [*TYPES, "tiff", "svg", "heic", "ico", "jp2", "jxl"])
def test_media_type_and_type_are_inverse(kind: str) -> None:
    assert type_of_media_type(media_type(kind)) == kind


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        pytest.param("IMAGE/PNG; charset=binary", "png", id="case-and-parameter"),
        pytest.param("image/jpg", "jpeg", id="common-alias"),
        pytest.param("application/octet-stream", None, id="octet-stream"),
        pytest.param("", None, id="empty"),
    ],
)
def test_media_type_header_names_a_type(header: str, kind: str | None) -> None:
    assert type_of_media_type(header) == kind


def test_extension_is_the_usual_one() -> None:
    names = [extension(each) for each in ("png", "jpeg", "svg", "../x")]
    assert names == ["png", "jpg", "svg", "bin"]


@given(st.text())
def test_names_never_raise(text: str) -> None:
    kind = type_of_media_type(text)
    assert kind is None or type_of_media_type(media_type(kind)) == kind
    assert "/" in media_type(text)
    assert extension(text).isalnum()
