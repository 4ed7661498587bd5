"""Every planted defect for both sides: a part of it, one that fails, and one that was cut off."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.defect_hunt import Table, hunt, main
from benchmarks.measuring import BenchmarkError

if TYPE_CHECKING:
    from pathlib import Path

COUNTS = {"a": (2, None), "b": (None, 7), "c": (None, None)}


class FakeBout:
    """Both sides, without any server: a defect that is not in `FOUND` ends in an error."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def found(self, defect: str, _model: str) -> tuple[int | None, int | None]:
        self.asked.append(defect)
        if defect == "killed":
            raise KeyboardInterrupt
        if defect not in COUNTS:
            raise BenchmarkError("no report was written")
        return COUNTS[defect]


def run_hunt(path: Path, *names: str) -> FakeBout:
    bout: Any = FakeBout()
    hunt(bout, dict.fromkeys(names, "dall-e-2"), Table(path, "edition"))
    return bout  # type: ignore[no-any-return]


def test_table_says_what_each_side_found_and_one_that_fails_is_tried_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "table.json"
    assert run_hunt(path, "a", "broken", "b", "c").asked == ["a", "broken", "b", "c"]
    first, second, *_ = capsys.readouterr().err.splitlines()
    assert first.startswith("1/4 a (dall-e-2): ours 2, Schemathesis -; 0 s, about 0 min left")
    assert second.startswith("2/4 broken (dall-e-2): BenchmarkError: no report was written")
    values = json.loads(path.read_text())
    assert values["defects"]["broken"]["error"] == "BenchmarkError: no report was written"
    summary = values["summary"]
    assert (summary["failed"], summary["measured"]) == (["broken"], 3)
    assert summary["ours"] == {"found": 1, "per_100_requests": 0.5}
    assert summary["schemathesis"] == {"found": 1, "per_100_requests": 0.48}
    assert (summary["only_schemathesis"], summary["neither"]) == (["b"], ["c"])
    assert run_hunt(path, "a", "broken", "b").asked == ["broken"]


def test_killed_run_keeps_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    with pytest.raises(KeyboardInterrupt):
        run_hunt(path, "a", "killed", "b")
    assert list(json.loads(path.read_text())["defects"]) == ["a"]
    assert run_hunt(path, "a", "b").asked == ["b"]


@pytest.mark.parametrize("text", ["[]", "{", '{"edition": "another", "defects": {}}'])
def test_file_of_something_else_is_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "table.json"
    path.write_text(text)
    with pytest.raises(BenchmarkError, match="name another --output"):
        Table(path, "edition")
    assert path.read_text() == text


def test_unknown_defect_is_refused_before_anything_is_measured(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="there is no defect 'nothing'"):
        main(["--defects", "nothing", "--output", str(tmp_path / "table.json")])
