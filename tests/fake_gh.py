"""A `gh` that only remembers issues, in a file; run as a program, or called."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import sys
from typing import Any


def answer(home: pathlib.Path, words: list[str], text: str) -> str:
    """Do what `gh` is asked to, and return what it prints."""
    state = json.loads((home / "state.json").read_text())
    printed = _act(state, home, words, text)
    state["calls"].append(words)
    (home / "state.json").write_text(json.dumps(state))
    return printed


def _act(state: dict[str, Any], home: pathlib.Path, words: list[str], text: str) -> str:
    issues = {str(issue["number"]): issue for issue in state["issues"]}

    def option(name: str) -> str:
        return words[words.index(name) + 1]

    match words:
        case ["issue", "list", *_]:
            return json.dumps(state["issues"])
        case ["issue", "create", *_]:
            new = {"title": option("--title"), "body": text, "state": "OPEN", "comments": []}
            state["issues"].append({"number": len(issues) + 1, **new})
        case ["issue", "edit", number, *_]:
            issues[number].update(title=option("--title"), body=text)
        case ["issue", "comment", number, *_]:
            issues[number]["comments"].append(text)
        case ["issue", "close" | "reopen" as verb, number, *_]:
            issues[number]["state"] = {"close": "CLOSED", "reopen": "OPEN"}[verb]
        case ["label", "create", *_]:
            pass
        case ["api", *_]:
            return json.dumps({"artifacts": state["artifacts"]})
        case ["run", "download", run, *_]:
            shutil.copytree(home / run, option("--dir"), dirs_exist_ok=True)
        case _:
            raise ValueError(words)
    return ""


if __name__ == "__main__":
    piped = sys.stdin.read() if "--body-file" in sys.argv else ""
    sys.stdout.write(answer(pathlib.Path(os.environ["FAKE_GH"]), sys.argv[1:], piped))
