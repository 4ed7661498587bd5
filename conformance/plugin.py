"""pytest wiring: options, one item for every (case, clause), and the run file."""

from __future__ import annotations

import gc
import pickle
from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from conformance.errors import ConformanceError
from conformance.output.printing import printable
from conformance.runner.output_path import OutputFile, check_output, default_output
from conformance.runner.pool import Pool
from conformance.runner.preflight import check_addresses
from conformance.runner.session import Session
from conformance.suite.import_path import start_workers_safely
from conformance.suite.items import (
    PromiseItem,
    ProvidersModule,
    expect,
    follow_each_other,
    node_id,
)
from conformance.suite.options import options_of as parsed_options
from conformance.suite.options import pytest_addoption as pytest_addoption
from conformance.suite.recorder import Recorder
from conformance.suite.signals import Stopping

PACKAGE = Path(__file__).parent
PROMISES = PACKAGE / "suite" / "test_promises.py"
GENERATED = PACKAGE / "suite" / "test_generated.py"
DRAWN = PACKAGE / "suite" / "test_drawn.py"
NOT_EXPLORED = (
    "generated requests are only sent with --live, without --cases, and to providers that are "
    "embedded; --explore sends them to the others as well, and those may cost money, and records "
    "them where there is a --record-mode"
)
ONE_PROCESS = (
    "requests are sent by the threads of one process; say how many at once with --concurrency N"
)
OPTIONS = "conformance_options"
SESSION = pytest.StashKey[Session]()
RECORDER = pytest.StashKey[Recorder]()
STOPPING = pytest.StashKey[Stopping]()
POOL = pytest.StashKey[Pool]()


class SessionPlugin:
    """Hands a session whose options are checked to pytest, in place of options to parse."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Hand the session over before the suite looks for one."""
        config.stash[SESSION] = self._session


@pytest.hookimpl(tryfirst=True)  # before hypothesis loads the profile that was named
def pytest_configure(config: pytest.Config) -> None:
    """Keep one exchange on one worker, and write the run file where the reports arrive."""
    if config.getoption("--hypothesis-profile", None):
        from conformance.generated.search import register_profiles

        register_profiles()
    start_workers_safely()
    config.pluginmanager.register(_Workers(), "conformance-workers")
    if not hasattr(config, "workerinput"):
        config.stash[RECORDER] = Recorder(config, lambda: session_of(config))
        config.pluginmanager.register(config.stash[RECORDER], "conformance-recorder")


class _Workers:
    """Hands the options to the workers of pytest-xdist, which replay, and deals items out."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """Keep together what shares an exchange."""
        from conformance.suite.xdist import TogetherScheduling

        return TogetherScheduling(config, log)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Hand the options to a worker before it starts."""
        node.workerinput[OPTIONS] = pickle.dumps(session_of(node.config).options)


@pytest.hookimpl(tryfirst=True)  # before the workers of pytest-xdist are started
def pytest_sessionstart(session: pytest.Session) -> None:
    """Refuse what may cost more than was allowed, before anything is sent."""
    config = session.config
    if hasattr(config, "workerinput"):
        return
    try:
        run = session_of(config)
        if _is_named(config, PROMISES):
            run.engines  # noqa: B018 - a mistake is named once, with exit code 4
        if config.option.collectonly:
            return
        is_spread = config.getoption("dist", "no") != "no" or config.getoption("tx", None)
        # one process sends, so that one ledger knows what is spent (ARCHITECTURE 11)
        if is_spread and sends(config):
            raise ConformanceError(f"pytest-xdist (-n, --dist, --tx) is for replay: {ONE_PROCESS}")
        if is_spread:  # a wrong -m or -k would end a worker, which xdist tells by a traceback
            config.pluginmanager.getplugin("mark").pytest_collection_modifyitems([], config)
        run.check_confirming()
        _write_to(config, run)
        if sends(config):
            _begin_sending(config, run)
    except ConformanceError as error:
        raise pytest.UsageError(printable(str(error), 2000)) from None


def _write_to(config: pytest.Config, run: Session) -> None:
    """Name the run file; a run that is billed has one, so that nothing that was paid is lost."""
    if run.options.output is None and sends(config) and run.billed:
        run.options = replace(run.options, output=default_output(run.options.names))
    if run.options.output is not None:
        check_output(run.options.output, run.options)
        resources = ExitStack()
        config.stash[RECORDER].write_to(resources.enter_context(OutputFile(run.options.output)))
        config.add_cleanup(resources.close)


def _begin_sending(config: pytest.Config, run: Session) -> None:
    """Make all ready to send, last of all what is done when the user stops the run."""
    run.check_affordable()
    config.stash[RECORDER].open()  # so that what is billed can be resumed
    run.prepare(run.options.output)
    config.stash[STOPPING] = Stopping(run.live.ledger.stop)


def _is_named(config: pytest.Config, module: Path) -> bool:
    """Return whether a module is among what is to be collected."""
    paths = (_path_of(config, argument).resolve() for argument in config.args)
    return any(module.resolve().is_relative_to(path) for path in paths)


def _path_of(config: pytest.Config, argument: str) -> Path:
    """Return the file or folder that an argument names, by its path or, with --pyargs, its name."""
    name = argument.split("::")[0]
    package, *inner = name.split(".")
    if config.option.pyargs and package == PACKAGE.name:
        path = PACKAGE.joinpath(*inner)
        return path if path.is_dir() else path.with_suffix(".py")
    return config.invocation_params.dir / name


def sends(config: pytest.Config) -> bool:
    """Return whether this run may send requests to a provider."""
    return session_of(config).options.sends and not config.option.collectonly


def session_of(config: pytest.Config) -> Session:
    """Return the session of this process, made when it is first needed."""
    if SESSION not in config.stash:
        pickled = getattr(config, "workerinput", {}).get(OPTIONS)
        options = pickle.loads(pickled) if pickled else parsed_options(config)  # noqa: S301 - our own
        config.stash[SESSION] = Session(options)
    return config.stash[SESSION]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out generated requests where there is no provider that is free, or none recorded."""
    if collection_path == GENERATED:  # beside the promises, pytest asks about it all the same
        return None if _is_named(config, GENERATED) and _explored(config) else True
    if collection_path == DRAWN:
        return None if _recorded(config) else True
    return None


def _recorded(config: pytest.Config) -> bool:
    """Return whether any drawn request was recorded that this run may replay."""
    try:
        return any(True for _ in session_of(config).recorded_models())
    except ConformanceError:
        return False  # the promises are collected as well, and say what is wrong


def _explored(config: pytest.Config) -> bool:
    options = session_of(config).options
    may_draw = options.live or (options.sends and config.getoption("--explore"))
    if not may_draw or options.cases != "*":
        return False  # and hypothesis is not imported
    from conformance.generated.search import explored

    try:
        return bool(explored(session_of(config), config.getoption("--explore")))
    except ConformanceError as error:
        raise pytest.UsageError(printable(str(error), 2000)) from None


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Keep the collector of garbage out of the way: tens of thousands of items are no garbage."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()  # the items stay until the end, so no later collection need look at them
        if _is_named(session.config, PROMISES):  # and so do the reports on them
            gc.set_threshold(100_000, 50, 50)


@pytest.hookimpl(trylast=True)  # after the recorder
def pytest_collection_finish(session: pytest.Session) -> None:
    """Pass to each engine what will be judged, and ask what is asked before all else.

    In replay the images of the next case are decoded while one is judged, where the next is known:
    workers do not know it.
    """
    config = session.config
    expect(session.items)
    if not sends(config):
        if not hasattr(config, "workerinput") and not config.option.collectonly:
            follow_each_other(session.items)
        return
    if session.testsfailed:
        return  # pytest runs nothing
    run, recorder = session_of(config), config.stash[RECORDER]
    recorder.begin_sending()
    for engine in run.engines if _is_named(config, PROMISES) else ():
        engine.begin_pool(partial(recorder.keep, engine))
    try:
        check_addresses(run)
    except ConformanceError as error:  # what was answered cannot be kept
        pytest.exit(str(error), returncode=2)


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Collector | None:
    """Collect the promises from the edition instead of from functions."""
    if module_path == GENERATED and not _explored(parent.config):  # it was named all the same
        raise pytest.UsageError(NOT_EXPLORED)
    nodeid = node_id(parent, module_path)
    if module_path in (GENERATED, DRAWN):
        module: pytest.Module = pytest.Module.from_parent(parent, path=module_path, nodeid=nodeid)
        return module
    if module_path != PROMISES:
        return None
    try:
        session = session_of(parent.config)
        session.engines  # noqa: B018 - a user's mistake is named here, before anything runs
    except ConformanceError as error:
        raise pytest.UsageError(printable(str(error), 2000)) from None
    promises: ProvidersModule = ProvidersModule.from_parent(parent, path=module_path, nodeid=nodeid)
    promises.session_of_run = session
    return promises


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> bool | None:
    """Report a promise in one phase: thousands of items share a few hundred exchanges."""
    if not isinstance(item, PromiseItem):
        return None
    hook = item.config.hook
    hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    try:
        _begin_pool(item.session)
        report = item.report()
    except ConformanceError as error:
        pytest.exit(str(error), returncode=2)
    hook.pytest_runtest_logreport(report=report)
    hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def _begin_pool(session: pytest.Session) -> None:
    """Let threads run the cases of a run that sends, from its first promise on."""
    config = session.config
    if POOL not in config.stash and sends(config):
        items = [item for item in session.items if isinstance(item, PromiseItem)]
        nodes = dict.fromkeys(item.parent for item in items)
        work = [(node.engine, node.case) for node in nodes]
        config.stash[POOL] = Pool(work, session_of(config).concurrency)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Wait for what is under way, as it is billed, unless the user does not want to."""
    config = session.config
    if POOL in config.stash and not config.stash[STOPPING].at_once:
        # the user has seen enough, as with -x: what waits to be sent is not
        if session.shouldstop or session.shouldfail:
            session_of(config).live.ledger.stop()
        config.stash[POOL].wait()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close connections, stop the embedded provider, and leave no run that judged nothing."""
    if STOPPING in config.stash:
        config.stash[STOPPING].end()
    if SESSION in config.stash:
        config.stash[SESSION].close()
    if _is_named(config, PROMISES):
        gc.freeze()  # what is left ends with the process: pytest need not look for circles in it
    if RECORDER in config.stash:
        config.stash[RECORDER].give_back()
