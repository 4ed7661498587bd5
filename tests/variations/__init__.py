"""Legal variations of the truth, each named: none of them may raise an alarm."""

from tests.variations import bodies, errors, images, streams, urls
from tests.variations.registry import REGISTRY, Variation

__all__ = ["REGISTRY", "Variation", "bodies", "errors", "images", "streams", "urls"]
