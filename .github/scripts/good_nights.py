"""Fetch the good nights of a provider: the newest artifact of that name from the default branch.

An artifact of the same name could come from a fork's pull request, so branch and repository
are checked. From the environment: GITHUB_REPOSITORY, GITHUB_REPOSITORY_ID, BRANCH, NAME, GOOD.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any
from urllib.parse import quote


def main() -> int:
    """Download the artifact, if there is one; none is no fault: then this is the first night."""
    repository, name = os.environ["GITHUB_REPOSITORY"], os.environ["NAME"]
    query = f"repos/{repository}/actions/artifacts?name={quote(name, safe='')}&per_page=100"
    listed = json.loads(gh("api", query))["artifacts"]
    trusted = [each for each in listed if ours(each)]
    if not trusted:
        print(f"no artifact {name} yet: this is the first night")
        return 0
    newest = max(trusted, key=lambda each: each["created_at"])
    run = str(newest["workflow_run"]["id"])
    gh("run", "download", run, "--name", name, "--dir", os.environ["GOOD"])
    print(f"the good nights come from run {run}")
    return 0


def ours(artifact: dict[str, Any]) -> bool:
    """Whether an artifact is still there and was made by this repository's own branch."""
    made_by = artifact["workflow_run"]
    return (
        not artifact["expired"]
        and made_by["head_branch"] == os.environ["BRANCH"]
        and str(made_by["head_repository_id"]) == os.environ["GITHUB_REPOSITORY_ID"]
    )


def gh(*arguments: str) -> str:
    """Call GitHub's command; what it says on failure goes to the log."""
    return subprocess.run(["gh", *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())
