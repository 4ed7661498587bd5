"""Judging exchanges that somebody else recorded with another tool; nothing is sent."""
