"""Recordings that somebody else made with another tool, read entry by entry."""
