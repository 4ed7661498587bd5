"""Editions side by side, new ones, and whether a folder is one."""
