"""The documentation site: complete, linked, valid, the same bytes twice, and readable offline."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import html5lib
import pytest
from filelock import FileLock

from conformance.clauses import clauses_of
from conformance.contract import load_edition
from conformance.documentation.examples import body_text, laid_out
from conformance.documentation.failure_modes import failure_modes
from conformance.documentation.render import broken, prose, spans
from conformance.reference.defects import defects
from tests.processes import command

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
COMMAND = [sys.executable, "-m", "conformance.cli", "docs"]
HTML = "{http://www.w3.org/1999/xhtml}"
SLOWEST = 60.0  # seconds of work to build it
_QUIET = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
_OFFLINE = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]


def build(folder: Path, *words: str, seed: str = "0") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    words = (*COMMAND, "--output", str(folder), *words)
    return subprocess.run(words, env=environment, capture_output=True, text=True, timeout=300)


def seconds_of_children() -> float:
    """Give the work that finished children did, whatever else the machine was doing."""
    spent = os.times()
    return spent.children_user + spent.children_system


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Build the site once, whichever of xdist's workers comes first."""
    base = tmp_path_factory.getbasetemp()
    root = base if worker_id == "master" else base.parent
    folder = root / "site"
    with FileLock(root / "site.lock"):
        if not folder.exists():
            started = seconds_of_children()
            done = build(folder)
            assert done.returncode == 0, done.stderr
            assert seconds_of_children() - started < SLOWEST
    return folder


@pytest.fixture(scope="session")
def trees(site: Path) -> dict[Path, Any]:
    """Parse every page strictly: what is not valid HTML raises."""
    parser = html5lib.HTMLParser(strict=True)
    return {path: parser.parse(path.read_text("utf-8")) for path in site.rglob("*.html")}


def links_of(tree: Any) -> list[Any]:
    """Give the address of everything that a page links or loads, split."""
    found = (each.get("href") or each.get("src") for each in tree.iter())
    return [urlsplit(each) for each in found if each]


def ids_of(tree: Any) -> list[str]:
    return [each.get("id") for each in tree.iter() if each.get("id")]


def text_of(site: Path, name: str) -> str:
    return (site / name).read_text("utf-8")


def test_every_clause_has_one_page(site: Path) -> None:
    pages = sorted(path.stem for path in (site / "clauses").iterdir())
    assert pages == sorted(each.id for each in clauses_of(load_edition()))


def test_every_model_and_family_has_a_page(site: Path) -> None:
    edition = load_edition()
    pages = {path.stem for path in (site / "models").iterdir()} - {"index"}
    assert pages == {*edition.models, *edition.families}


def test_no_internal_link_is_dead(trees: dict[Path, Any]) -> None:
    known = {path.resolve(): set(ids_of(tree)) for path, tree in trees.items()}
    for path, tree in trees.items():
        for parts in links_of(tree):
            if parts.scheme:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path.resolve()
            assert target.is_file(), (path, parts)
            assert not parts.fragment or parts.fragment in known[target], (path, parts)


def test_every_page_can_be_reached_from_the_first(site: Path, trees: dict[Path, Any]) -> None:
    found, new = set[Path](), {(site / "index.html").resolve()}
    while new:
        found |= new
        links = {
            (path.parent / each.path).resolve()
            for path in new
            for each in links_of(trees[path])
            if not each.scheme and each.path
        }
        new = {path for path in links if path.suffix == ".html"} - found
    assert found == {path.resolve() for path in trees}


def test_no_page_needs_the_network(trees: dict[Path, Any]) -> None:
    for path, tree in trees.items():
        loaded = [each.get("src") for each in tree.iter() if each.get("src")]
        loaded += [each.get("href") for each in tree.iter(f"{HTML}link")]
        assert not any(urlsplit(each).scheme or each.startswith("//") for each in loaded), path
    assert "url(" not in text_of(path.parents[0], path.name)


def test_no_page_has_an_id_twice(trees: dict[Path, Any]) -> None:
    for path, tree in trees.items():
        twice = [name for name, count in Counter(ids_of(tree)).items() if count > 1]
        assert twice == [], path


@pytest.mark.parametrize("name", [each.id for each in clauses_of(load_edition())])
def test_page_tells_statement_sources_and_a_real_failure(site: Path, name: str) -> None:
    clause = next(each for each in clauses_of(load_edition()) if each.id == name)
    page = text_of(site, f"clauses/{name}.html")
    assert prose(clause.statement) in page
    assert all(load_edition().sources[each.source].url in page for each in clause.citations)
    assert re.search(r'class="verdict">✗ (fail|deviates)<', page)
    claiming = [each.id for each in defects().values() if name in each.claims and not each.silent]
    proving = page.partition('id="proof"')[2].partition('id="reproduce"')[0]
    assert all(f'defects.html#{each}"' in proving for each in claiming)


def test_failure_is_what_the_lying_provider_really_answered(site: Path) -> None:
    page = text_of(site, "clauses/count.as-asked.html")
    assert "image-conformance serve --defect count." in page
    assert "http://127.0.0.1:18001/v1/images/generations" in page
    assert re.search(r"<dt>expected</dt><dd>2\b", page)


@pytest.mark.parametrize("name", ["url.https", "url.public-host", "parameters.size-pattern"])
def test_page_says_so_where_serving_the_lie_would_show_nothing(site: Path, name: str) -> None:
    page = text_of(site, f"clauses/{name}.html")
    assert "cannot show the failure above" in page
    assert "serve --defect" not in page


def test_foreign_text_is_escaped(site: Path) -> None:
    page = text_of(site, "clauses/envelope.not-html.html")
    assert "&lt;html" in page.lower()
    assert page.lower().count("<html") == 1
    assert prose("a `<b>` & <i>") == "a <code>&lt;b&gt;</code> &amp; &lt;i&gt;"


def test_no_page_has_a_key_or_a_moment_of_its_making(site: Path) -> None:
    for path in site.rglob("*.html"):
        page = path.read_text("utf-8")
        assert not re.search(r"req_[0-9a-f]{8}|openai-processing-ms: \d", page), path
        assert re.sub(r"sk-(reference-)?conformance[a-z0-9-]*", "", page).count("sk-") == 0, path


def test_site_is_the_same_bytes_when_built_again(site: Path, tmp_path: Path) -> None:
    assert build(tmp_path, seed="1").returncode == 0
    first = {path.relative_to(site): path.read_bytes() for path in site.rglob("*.*")}
    again = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.*")}
    assert first == again


def test_report_names_clauses_that_there_are_and_addresses_of_issues() -> None:
    known = {each.id for each in clauses_of(load_edition())}
    seen = [each for mode in failure_modes() for each in mode.seen]
    assert {name for each in seen for name in each.clauses} <= known
    urls = [report.url for each in seen for report in each.reports]
    shape = re.compile(r"https://github\.com/[\w.-]+/[\w.-]+/(issues|pull)/\d+")
    assert [each for each in urls if not shape.fullmatch(each)] == []
    assert all(each.reports for each in seen)


def test_every_failure_mode_of_a_defect_is_explained() -> None:
    known = {each.id for each in failure_modes()}
    named = {name for each in defects().values() for name in each.modes if name.startswith("D")}
    assert {name for name in named if name[1:].isdigit()} == known


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ('{"a":[1]}', '{\n  "a": [\n    1\n  ]\n}'),
        ('{"a":1,"a":2}', '{"a":1,"a":2}'),
        ("<p>", "<p>"),
    ],
    ids=["compact", "name-twice", "no-json"],
)
def test_body_is_laid_out_only_where_that_hides_no_lie(body: str, shown: str) -> None:
    assert laid_out(body) == shown


def test_events_of_a_stream_stand_on_lines_of_their_own(site: Path) -> None:
    page = text_of(site, "clauses/stream.completed.html")
    assert re.search(r"^event: \S+\ndata: \{", page, re.MULTILINE)
    assert body_text(b"a\x1b\n" * 3).count("\n") == 3
    assert "\n" not in body_text(b"a\n" * 1000)


def test_lines_of_a_page_are_told_as_spans() -> None:
    assert spans(frozenset({2, 3, 4, 9})) == "2 to 4, 9"


def test_curl_is_broken_before_its_headers_and_nowhere_in_its_body() -> None:
    line = "curl -X POST 'u' -H 'a: b' --data-raw '{\"prompt\":\"x -H y\"}'"
    lines = broken(line).split(" \\\n  ")
    assert lines == ["curl -X POST 'u'", "-H 'a: b'", '--data-raw \'{"prompt":"x -H y"}\'']


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--edition", "cometapi-2026-03-13"], "did you mean 'cometapi-2026-03-12'"),
        (["--provider", "cometap"], "did you mean 'cometapi'"),
        (["--output", "/proc/nowhere"], "/proc/nowhere: cannot be created"),
    ],
    ids=["edition", "provider", "folder"],
)
def test_mistake_is_one_sentence(tmp_path: Path, words: list[str], said: str) -> None:
    done = command(tmp_path, "docs", "--output", "site", *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def shown_by_browser(address: str, profile: Path) -> str:
    if CHROMIUM is None:
        pytest.skip("chromium is not on this machine: the filter of the pages is not tried")
    words = [CHROMIUM, *_QUIET, *_OFFLINE, f"--user-data-dir={profile}", "--dump-dom", address]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    return done.stdout


def rows(dom: str) -> tuple[set[str], set[str]]:
    tree = html5lib.parse(dom)
    found: tuple[set[str], set[str]] = (set(), set())
    for each in tree.iter(f"{HTML}li"):
        if each.get("data-row") is not None:
            link = next(each.iter(f"{HTML}a"))
            found[each.get("hidden") is not None].add("".join(link.itertext()))
    return found


def test_filter_shows_what_the_address_asks_for(site: Path, tmp_path: Path) -> None:
    address = f"{(site / 'index.html').as_uri()}?text=url+https&level=SHOULD&model=dall-e-3"
    shown, hidden = rows(shown_by_browser(address, tmp_path))
    assert "url.https" in shown
    assert {"url.absolute", "count.as-asked"} <= hidden
    assert shown < {each.id for each in clauses_of(load_edition()) if each.level == "SHOULD"}


def test_page_shows_everything_without_a_filter(site: Path, tmp_path: Path) -> None:
    dom = shown_by_browser((site / "index.html").as_uri(), tmp_path)
    shown, hidden = rows(dom)
    assert len(shown) == len(clauses_of(load_edition()))
    assert hidden == set()
    assert f"{len(shown)} clauses" in dom


@pytest.mark.parametrize(
    ("page", "asked", "kept"),
    [
        ("defects.html", "text=checkerboard", "image.fake-checkerboard"),
        ("traceability.html", "state=open&text=retry", "retry.429"),
    ],
    ids=["defects", "promises"],
)
def test_other_lists_have_the_filter_too(
    site: Path, tmp_path: Path, page: str, asked: str, kept: str
) -> None:
    dom = shown_by_browser(f"{(site / page).as_uri()}?{asked}", tmp_path)
    listed = [each for each in html5lib.parse(dom).iter() if each.get("data-row") is not None]
    shown = [each.get("id") for each in listed if each.get("hidden") is None]
    assert kept in shown
    assert len(shown) < 10 < len(listed)
