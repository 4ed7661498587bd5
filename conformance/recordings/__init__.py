"""Judging exchanges that somebody else recorded with another tool; nothing is sent."""

from conformance.recordings.inputs import ForeignFile, ForeignReport, recordings_in
from conformance.recordings.judging import judge_files

__all__ = ["ForeignFile", "ForeignReport", "judge_files", "recordings_in"]
