"""The documentation site: what the suite knows of an edition, as pages that need no network."""

from conformance.site.building import build_site

__all__ = ["build_site"]
