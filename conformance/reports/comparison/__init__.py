"""Providers, editions or versions of the suite, side by side."""
