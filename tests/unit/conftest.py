"""The committed results; the local server and a flawless data set on it, to fetch from."""

import threading

import pytest
from local_server import IDS, PARTS, TABLE, Server, jpeg, make_zip, serve, table

from skinlib.common import paths
from skinlib.data import download


@pytest.fixture(scope="module", autouse=True)
def committed_results():
    """Read the committed results, whatever folder other tests of the session write to."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "RESULTS", paths.ROOT / "results")
        yield


@pytest.fixture
def server(monkeypatch):
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    monkeypatch.setattr(download, "BACKOFF", 0)
    monkeypatch.setattr(download, "BLOCK", 100)
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def good(server, monkeypatch):
    """A small, flawless HAM10000 on the server; returns its files."""
    files = {
        TABLE: table(IDS),
        f"{PARTS[0]}.zip": make_zip({f"{name}.jpg": jpeg(name) for name in IDS[:3]}),
        f"{PARTS[1]}.zip": make_zip(
            {
                "inner/": b"",
                **{f"inner/{name}.jpg": jpeg(name) for name in IDS[3:]},
                f"__MACOSX/inner/{IDS[4]}x.jpg": b"shadow",
                f"._{IDS[3]}.jpg": b"shadow",
                "LICENSE.txt": b"not an image",
            }
        ),
    }
    serve(server, monkeypatch, files)
    return files
