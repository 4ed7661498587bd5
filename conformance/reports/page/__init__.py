"""The page: one HTML file with all that a run knows, for people; nothing is fetched by it."""

from conformance.reports.page.rendering import page

__all__ = ["page"]
