"""The documentation site: what the suite knows of an edition, as pages that need no network."""

from conformance.documentation.build import build_site

__all__ = ["build_site"]
