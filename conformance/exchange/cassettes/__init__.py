"""Cassettes: one recorded exchange each, payloads beside it."""
