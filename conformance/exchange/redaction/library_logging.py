"""Silences the loggers of libraries that send or replay requests: they would log the key.

`--log-level=DEBUG`, `-o log_cli=true` and `--log-file` of pytest show whatever is logged, and
what these libraries log is what is on the wire, before anything is redacted.
"""

from __future__ import annotations

import logging

SILENCED = ("httpcore", "httpx", "h11", "h2", "hpack", "vcr", "urllib3", "requests")


def silence_libraries() -> None:
    """Turn off these loggers and those below them, whatever level they are set to.

    A level or `propagate` alone would not do: pytest 9.2 and later capture what loggers that do
    not propagate are told, and a logger below one may have a level of its own.
    """
    for name in SILENCED:
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL + 1)  # for loggers below it that are made later
        logger.propagate = False
    for name, known in list(logging.root.manager.loggerDict.items()):
        if isinstance(known, logging.Logger) and name.partition(".")[0] in SILENCED:
            known.disabled = True
