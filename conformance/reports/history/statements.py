"""The statements that the index is made of, for DuckDB."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.findings import ACCEPTED_INSTEAD, BROKEN, UNDECIDED, Verdict
from conformance.reports.history.states import STATE_OF, TELLING, State

VERSION = 5
"""Of the tables; an index of another version is built anew."""

_TEXTS = (
    "type", "id", "tool", "started", "provider", "model", "case", "clause", "level", "verdict",
    "control", "deviation", "message",
)  # fmt: skip
COLUMNS = {
    **dict.fromkeys(_TEXTS, "VARCHAR"),
    "schema": "BIGINT",
    "complete": "BOOLEAN",
    "edition": "JSON",
    "providers": "JSON",
}
"""What is read of a line of a run file."""


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{each}'" for each in sorted(names))


_BROKEN, _UNDECIDED = (_listed(each.value for each in some) for some in (BROKEN, UNDECIDED))
_STATES = " ".join(f"WHEN '{verdict.value}' THEN {state}" for verdict, state in STATE_OF.items())
_TELLING = ", ".join(str(int(each)) for each in TELLING)

TABLES = """
CREATE TABLE meta (version INTEGER, settled BOOLEAN);
CREATE SEQUENCE run_number;
CREATE SEQUENCE promise_number;
CREATE TABLE runs (
    run INTEGER PRIMARY KEY DEFAULT nextval('run_number'), path VARCHAR UNIQUE, size BIGINT,
    changed BIGINT, id VARCHAR, started VARCHAR, tool VARCHAR, edition VARCHAR, complete BOOLEAN,
    findings BIGINT, problem VARCHAR
);
CREATE TABLE promises (
    promise INTEGER PRIMARY KEY DEFAULT nextval('promise_number'), provider VARCHAR,
    model VARCHAR, clause VARCHAR, level VARCHAR, UNIQUE (provider, model, clause)
);
CREATE TABLE nights (run INTEGER, provider VARCHAR);
CREATE TABLE cells (run INTEGER, promise INTEGER, state UTINYINT);
CREATE TABLE spells (
    promise INTEGER, state UTINYINT, first VARCHAR, last VARCHAR, nights INTEGER
);
CREATE TABLE flakes (promise INTEGER, judged INTEGER, flakes INTEGER, unjudged INTEGER);
"""

READ = f"""
CREATE OR REPLACE TEMP TABLE lines AS
SELECT substr(filename, $start) AS path, type, id, tool, started, "schema", complete,
       provider, model, "case", clause, level, verdict, control, deviation IS NOT NULL AS excused,
       message = '{ACCEPTED_INSTEAD}' AS accepted,
       json_extract_string(edition, '$.id') AS edition,
       coalesce(json_extract_string(providers, '$[0].mode') = 'foreign', false) AS recorded
FROM read_ndjson($files, columns = $columns, ignore_errors = true, filename = true,
                 maximum_object_size = 33554432)
WHERE type IS NULL OR type NOT IN ('exchange', 'observation')
"""  # noqa: S608 - our own words

NOTHING = """
CREATE OR REPLACE TEMP TABLE lines (
    path VARCHAR, type VARCHAR, id VARCHAR, tool VARCHAR, started VARCHAR, "schema" BIGINT,
    complete BOOLEAN, provider VARCHAR, model VARCHAR, "case" VARCHAR, clause VARCHAR,
    level VARCHAR, verdict VARCHAR, control VARCHAR, excused BOOLEAN, accepted BOOLEAN,
    edition VARCHAR, recorded BOOLEAN
)
"""

ADD_LINE = f"INSERT INTO lines VALUES ({', '.join('?' * 18)})"  # noqa: S608 - our own words

SUSPECT = f"""
SELECT path, count(*) FILTER (type IS NULL) > 0
    OR count(*) FILTER (type = 'run' AND "schema" = 1 AND id IS NOT NULL
                        AND started IS NOT NULL) <> 1
    OR count(*) FILTER (type = 'end') > 1
    OR count(*) FILTER (type NOT IN ('run', 'finding', 'end')) > 0
    OR count(*) FILTER (type = 'finding' AND (
           verdict IS NULL OR verdict NOT IN ({_listed(each.value for each in Verdict)})
           OR level IS NULL OR level NOT IN ('MUST', 'SHOULD', 'MAY')
           OR provider IS NULL OR model IS NULL OR "case" IS NULL OR clause IS NULL)) > 0
FROM lines GROUP BY path
"""  # noqa: S608 - our own words

STARTS = "SELECT path, started FROM lines WHERE type = 'run' AND started IS NOT NULL"

KNOWN = "SELECT path, size, changed FROM runs"

ADD_FILES = """
INSERT INTO runs (path, size, changed, problem)
SELECT unnest($paths), unnest($sizes), unnest($changes), unnest($problems)
"""

ADD_RUNS = """
UPDATE runs SET id = heads.id, started = heads.started, tool = heads.tool,
                edition = heads.edition, complete = rest.complete, findings = rest.findings
FROM (SELECT * FROM lines WHERE type = 'run') heads
JOIN (SELECT path, count(*) FILTER (type = 'finding') AS findings,
             count(*) FILTER (type = 'end' AND complete) > 0 AS complete
      FROM lines GROUP BY path) rest USING (path)
WHERE runs.path = heads.path AND runs.problem IS NULL
"""

ADD_PROMISES = """
INSERT INTO promises (provider, model, clause, level)
SELECT provider, model, clause, any_value(level) FROM lines
WHERE type = 'finding' AND path IN (SELECT path FROM runs WHERE problem IS NULL)
GROUP BY ALL
ON CONFLICT DO NOTHING
"""

ADD_CELLS = f"""
INSERT INTO cells
WITH recordings AS (SELECT path FROM lines WHERE type = 'run' AND recorded), findings AS (
    SELECT runs.run, provider, model, "case", clause, level, excused, accepted, verdict, control,
           path IN (SELECT path FROM recordings) AS foreign_run,
           CASE WHEN excused THEN {int(State.KNOWN)} ELSE CASE verdict {_STATES} END END AS state
    FROM lines JOIN runs USING (path)
    WHERE type = 'finding' AND runs.problem IS NULL
), reasons AS (
    SELECT run, provider, model, "case",
           bool_or(excused AND verdict IN ({_UNDECIDED})) AS known,
           bool_or(verdict = 'fail' AND starts_with(clause, 'errors.')) AS errors,
           bool_or(verdict = 'fail') AS must, bool_or(verdict IN ({_BROKEN})) AS broken
    FROM findings
    WHERE verdict IN ({_BROKEN}) OR excused
    GROUP BY ALL
), told AS (
    SELECT findings.*, verdict IN ({_UNDECIDED}) AND NOT excused AND (
               foreign_run OR coalesce(here.known OR there.known OR CASE verdict
               WHEN 'unavailable' THEN here.errors OR there.errors
               WHEN 'not testable' THEN here.must OR there.must
                   OR ((level <> 'MUST' OR accepted) AND (here.broken OR there.broken))
               END, false)) AS explained
    FROM findings
    LEFT JOIN reasons here ON here.run = findings.run AND here.provider = findings.provider
        AND here.model = findings.model AND here."case" = findings."case"
    LEFT JOIN reasons there ON there.run = findings.run AND there.provider = findings.provider
        AND there.model = findings.model AND there."case" = findings.control
)
SELECT run, promise, coalesce(max(state) FILTER (NOT explained), max(state))
FROM told JOIN promises USING (provider, model, clause)
GROUP BY run, promise
"""  # noqa: S608 - our own words

ADD_NIGHTS = """
INSERT INTO nights
SELECT DISTINCT run, provider FROM lines JOIN runs USING (path)
WHERE type = 'finding' AND runs.problem IS NULL
"""

ADD = (ADD_RUNS, ADD_PROMISES, ADD_CELLS, ADD_NIGHTS)
"""Add what was read to the tables, in this order."""

COPY_OF = "a copy of"

COPIES = f"""
CREATE OR REPLACE TEMP TABLE copies AS
WITH ranked AS (
    SELECT *, first_value(path) OVER best AS other, first_value(complete) OVER best AS whole,
           first_value(findings) OVER best AS most
    FROM runs WHERE id IS NOT NULL AND (problem IS NULL OR starts_with(problem, '{COPY_OF} '))
    WINDOW best AS (PARTITION BY id ORDER BY complete DESC, findings DESC, path)
)
SELECT run, problem IS NULL AS counted,
       '{COPY_OF} ' || other || CASE WHEN NOT complete AND (whole OR findings < most)
           THEN ', cut off after ' || findings || ' of ' || most || ' findings' ELSE '' END AS why
FROM ranked WHERE path <> other
"""  # noqa: S608 - our own words
"""Of files of one run the whole one counts, else the longest, whatever their names."""

ANY_COPIES = "SELECT 1 FROM copies LIMIT 1"

LEAVE_OUT = (
    """
    INSERT INTO lost SELECT DISTINCT promise FROM cells
    WHERE run IN (SELECT run FROM copies WHERE counted)
    """,
    "DELETE FROM cells WHERE run IN (SELECT run FROM copies WHERE counted)",
    "DELETE FROM nights WHERE run IN (SELECT run FROM copies WHERE counted)",
    "UPDATE runs SET problem = copies.why FROM copies WHERE runs.run = copies.run",
)
"""Take out what a copy said, and tell its promises anew: it may have counted until now."""

_FRESH = """
CREATE OR REPLACE TEMP TABLE fresh AS
SELECT promise, count(*) AS nights, min(started) AS first, max(started) AS last,
       min(state) AS low, max(state) AS high
FROM cells JOIN runs USING (run) WHERE run > $since GROUP BY promise
"""

_STEADY = """
CREATE OR REPLACE TEMP TABLE steady AS
SELECT promise, fresh.nights, fresh.last, now.first AS since
FROM fresh JOIN (
    SELECT promise, arg_max(state, first) AS state, max(first) AS first, max(last) AS last
    FROM spells GROUP BY promise
) now USING (promise)
WHERE low = high AND low = now.state AND fresh.first > now.last
"""

_EXTEND = """
UPDATE spells SET last = steady.last, nights = spells.nights + steady.nights
FROM steady WHERE spells.promise = steady.promise AND spells.first = steady.since
"""

_COUNT = """
UPDATE flakes SET judged = judged + steady.nights
FROM steady WHERE flakes.promise = steady.promise
"""

_STALE = """
CREATE OR REPLACE TEMP TABLE stale AS
(SELECT promise FROM fresh EXCEPT SELECT promise FROM steady) UNION SELECT promise FROM lost
"""

_TOLD = f"""
CREATE OR REPLACE TEMP TABLE told AS
SELECT promise, run, started, state, lag(state) OVER w AS earlier, lead(state) OVER w AS later
FROM cells JOIN runs USING (run)
WHERE state IN ({_TELLING}) AND promise IN (SELECT promise FROM stale)
WINDOW w AS (PARTITION BY promise ORDER BY started, run)
"""  # noqa: S608 - our own words

_SPELLS = """
INSERT INTO spells
SELECT promise, any_value(state), min(started), max(started), count(*)
FROM (
    SELECT *, count(*) FILTER (earlier IS DISTINCT FROM state)
              OVER (PARTITION BY promise ORDER BY started, run) AS spell
    FROM told
)
GROUP BY promise, spell
"""

_FLAKES = f"""
INSERT INTO flakes
SELECT promise, nights + flaky, coalesce(flips, 0) + flaky, unjudged - flaky
FROM (
    SELECT promise, count(*) FILTER (state IN ({_TELLING})) AS nights,
           count(*) FILTER (state = {int(State.FLAKY)}) AS flaky,
           count(*) FILTER (state NOT IN ({_TELLING})) AS unjudged
    FROM cells WHERE promise IN (SELECT promise FROM stale) GROUP BY promise
) LEFT JOIN (
    SELECT promise, count(*) FILTER (earlier = later AND earlier <> state) AS flips
    FROM told GROUP BY promise
) USING (promise)
"""  # noqa: S608 - our own words

SETTLE = (
    _FRESH,
    _STEADY,
    _EXTEND,
    _COUNT,
    _STALE,
    _TOLD,
    "DELETE FROM spells WHERE promise IN (SELECT promise FROM stale)",
    _SPELLS,
    "DELETE FROM flakes WHERE promise IN (SELECT promise FROM stale)",
    _FLAKES,
    "UPDATE meta SET settled = true",
)
"""Tell since when each verdict holds: a later night with the same verdict makes its spell
longer; only promises of which something else became known are told anew."""

UNSETTLE = (
    "CREATE OR REPLACE TEMP TABLE lost (promise INTEGER)",
    "UPDATE meta SET settled = false",
)
"""Say that runs come and go, until they are settled."""

START_AGAIN = (*UNSETTLE, "DELETE FROM spells", "DELETE FROM flakes")
"""After runs came and went that nobody settled: tell everything anew."""

FORGET = (
    f"""
    CREATE OR REPLACE TEMP TABLE gone AS
    SELECT run FROM runs WHERE path IN (SELECT unnest($paths)) OR problem LIKE '{COPY_OF} %'
    """,  # noqa: S608 - our own words
    """
    INSERT INTO lost SELECT DISTINCT promise FROM cells WHERE run IN (SELECT run FROM gone)
    """,
    "DELETE FROM cells WHERE run IN (SELECT run FROM gone)",
    "DELETE FROM nights WHERE run IN (SELECT run FROM gone)",
    "DELETE FROM runs WHERE run IN (SELECT run FROM gone)",
)
"""Forget runs, and copies, of which one may now be the only one."""
