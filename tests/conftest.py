"""Shared by all tests: a small synthetic data set, and a cache folder that is theirs alone."""

import gc
import os

# Read when TensorFlow and Keras are imported, hence before anything else.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import numpy as np
import pytest
from local_server import running

from skinlib.data import ham10000, synthetic


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Keep the tests of a file in one process, and all of the book, which is built once."""
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file = super()._split_scope(nodeid)
            return "tests/book" if file.startswith("tests/book/") else file

    return ByFile(config, log)


def pytest_collection_finish(session):
    """What is imported by now is never garbage; to search it for some takes 4 % of the time."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """Keep the tests out of the user's cache and data."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SKINLIB_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.delenv("SKINLIB_DATA", raising=False)
        yield


@pytest.fixture(scope="session")
def synthetic_folder(tmp_path_factory):
    """70 painted photographs of 64 x 48 pixels; not to be changed."""
    return synthetic.generate(
        tmp_path_factory.mktemp("data") / "set", images=70, width=64, height=48
    )


@pytest.fixture(scope="session")
def dataset(synthetic_folder):
    return ham10000.load(synthetic_folder)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache folder."""
    monkeypatch.setenv("SKINLIB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def rng():
    return np.random.default_rng(20220819)


@pytest.fixture
def server(monkeypatch):
    """A server with a flawless HAM10000 of six images; see `local_server`."""
    with running(monkeypatch) as server:
        yield server
