"""Silences the loggers of libraries that send or replay requests: they would log the key.

`--log-level=DEBUG`, `-o log_cli=true` and `--log-file` of pytest show whatever is logged, and
what these libraries log is what is on the wire, before anything is redacted.
"""

from __future__ import annotations

import logging

SILENCED = ("httpcore", "httpx", "h11", "h2", "hpack", "vcr", "urllib3", "requests")


def silence_libraries() -> None:
    """Turn off these loggers, also where one below them is set to log everything."""
    for name in SILENCED:
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL + 1)
        logger.propagate = False
        if not any(isinstance(handler, logging.NullHandler) for handler in logger.handlers):
            logger.addHandler(logging.NullHandler())
