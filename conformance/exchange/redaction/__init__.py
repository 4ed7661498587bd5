"""Redaction: no API key and no credential of a recording reaches a file or a terminal."""
