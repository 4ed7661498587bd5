"""Keep one issue a provider that says what it no longer keeps: `regression_issue.py DRIFT.json…`.

A regression opens it; the same one on a later night only refreshes its text; another set of
clauses changes it, with a comment; and once all of them are kept again it is closed. A night
that could not tell changes nothing. From the environment: GH_REPO, GH_TOKEN, RUN_URL.
"""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LABEL = "image-conformance"
_MARKER = re.compile(
    r"<!-- image-conformance-drift provider=(\S+) fingerprint=(\S+) clauses=(\S*) -->"
)


@dataclass(frozen=True)
class Issue:
    """An issue that an earlier night opened."""

    number: str
    open: bool
    provider: str
    fingerprint: str
    clauses: frozenset[str]


def main(files: list[str]) -> int:
    """Open, refresh, change or close the issue of every provider of every file."""
    known = issues()
    for file in files:
        for provider in json.loads(Path(file).read_text(encoding="utf-8"))["providers"]:
            mine = [each for each in known if each.provider == provider["id"]]
            tell(provider, mine)
    return 0


def issues() -> list[Issue]:
    """Return the issues with our label and our marker, the newest first."""
    fields = "number,state,body"
    listed = gh("issue", "list", "--label", LABEL, "--state", "all", "--limit", "500",
                "--json", fields)  # fmt: skip
    found = []
    for each in json.loads(listed):
        marker = _MARKER.search(each["body"] or "")
        if marker:
            provider, fingerprint, clauses = map(html.unescape, marker.groups())
            names = frozenset(filter(None, clauses.split(",")))
            opened = each["state"].upper() == "OPEN"
            found.append(Issue(str(each["number"]), opened, provider, fingerprint, names))
    return sorted(found, key=lambda each: -int(each.number))


def tell(provider: dict[str, Any], mine: list[Issue]) -> None:
    """Bring the issue of one provider up to date."""
    current = next((each for each in mine if each.open), None)
    if provider["clauses"]:
        refresh(provider, current) if current else raise_issue(provider, mine)
    elif current and provider["judged"] and current.clauses <= set(provider["kept"]):
        say(current.number, "All of it is kept again, or excused by a deviation.")
        gh("issue", "close", current.number, "--reason", "completed")
        print(f"{provider['id']}: closed #{current.number}")


def raise_issue(provider: dict[str, Any], mine: list[Issue]) -> None:
    """Open an issue; one that was closed about the very same thing is opened again."""
    same = [each for each in mine if each.fingerprint == provider["fingerprint"]]
    if same:
        gh("issue", "reopen", same[0].number)
        write(same[0].number, provider)
        say(same[0].number, "It is broken again.")
        print(f"{provider['id']}: reopened #{same[0].number}")
        return
    about = "A promise that a provider no longer keeps"
    gh("label", "create", LABEL, "--force", "--description", about, "--color", "B60205")
    gh("issue", "create", "--title", provider["title"], "--label", LABEL, "--body-file", "-",
       text=body(provider))  # fmt: skip
    print(f"{provider['id']}: opened an issue")


def refresh(provider: dict[str, Any], current: Issue) -> None:
    """Write tonight's text into an open issue; say so aloud only when the clauses changed."""
    now, kept = set(provider["clauses"]), set(provider["kept"])
    untold = current.clauses - now - kept  # neither broken for sure nor kept: not over
    if untold and now <= current.clauses:
        print(f"{provider['id']}: left #{current.number} as it is")
        return
    write(current.number, provider)
    if provider["fingerprint"] != current.fingerprint:
        come = ", ".join(sorted(now - current.clauses)) or "nothing"
        gone = ", ".join(sorted(current.clauses - now)) or "nothing"
        say(current.number, f"Newly broken: {come}. No longer: {gone}.")
    print(f"{provider['id']}: refreshed #{current.number}")


def write(number: str, provider: dict[str, Any]) -> None:
    """Replace title and text of an issue."""
    gh("issue", "edit", number, "--title", provider["title"], "--body-file", "-",
       text=body(provider))  # fmt: skip


def say(number: str, text: str) -> None:
    """Comment on an issue."""
    gh("issue", "comment", number, "--body-file", "-", text=f"{text}\n\n{os.environ['RUN_URL']}\n")


def body(provider: dict[str, Any]) -> str:
    """Return the text of the issue, with the night that it was last seen on."""
    run = os.environ["RUN_URL"]
    return f"{provider['body']}\nLast seen: {run}, with the page of that night: {run}#artifacts\n"


def gh(*arguments: str, text: str | None = None) -> str:
    """Call GitHub's command; what it says on failure goes to the log."""
    done = subprocess.run(
        ["gh", *arguments], check=True, stdout=subprocess.PIPE, text=True, input=text
    )
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
