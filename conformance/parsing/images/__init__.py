"""The facts of an image by its bytes, whatever a header or a provider says."""

from conformance.parsing.images.facts import (
    MOST_PIXELS,
    MOST_PIXELS_TOGETHER,
    ImageFacts,
    inspect_image,
)
from conformance.parsing.images.media_types import extension, media_type, sniff, type_of_media_type

__all__ = [
    "MOST_PIXELS",
    "MOST_PIXELS_TOGETHER",
    "ImageFacts",
    "extension",
    "inspect_image",
    "media_type",
    "sniff",
    "type_of_media_type",
]
