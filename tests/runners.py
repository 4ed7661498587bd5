"""What the runners of CI services read out of the output of a job."""

from __future__ import annotations

import re

_ANYWHERE = re.compile(r"##(?:vso|teamcity)?\[")
"""GitHub's older commands and Azure's begin anywhere in a line; so do those of TeamCity."""

_NAMES = (
    "add-mask|add-matcher|add-path|debug|echo|endgroup|error|group|internal-set-repo-path|notice"
    "|remove-matcher|save-state|set-env|set-output|stop-commands|warning"
)
_AT_START = re.compile(rf"\s*::(?:{_NAMES})(?: [^\n]*?)?::", re.IGNORECASE)
"""GitHub's commands begin a line, after white space."""


def commands(output: str) -> list[str]:
    """Return the commands that a runner would find in some output."""
    anywhere = [match[0] for match in _ANYWHERE.finditer(output)]
    starts = (_AT_START.match(line) for line in output.splitlines())
    return anywhere + [match[0] for match in starts if match]
