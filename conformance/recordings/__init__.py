"""Judging exchanges that somebody else recorded with another tool; nothing is sent."""

from conformance.recordings.inputs import ForeignFile, ForeignReport
from conformance.recordings.judging import judge_files

__all__ = ["ForeignFile", "ForeignReport", "judge_files"]
