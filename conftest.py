"""Loads the plugin when pytest runs from a checkout."""

pytest_plugins = ["conformance.plugin"]
