"""A small HAM10000 and a server of it on this machine: no test uses a network."""

import contextlib
import hashlib
import http.server
import io
import stat
import threading
import types
import zipfile

from skinlib.data import fetch
from skinlib.data.registry import DATASETS, RemoteFile

IDS = [f"ISIC_{number:07d}" for number in range(1, 7)]
TABLE = "HAM10000_metadata.csv"
PARTS = ("HAM10000_images_part_1", "HAM10000_images_part_2")
LAYOUT = [f"{PARTS[place // 3]}/{name}.jpg" for place, name in enumerate(IDS)]


class Server(http.server.ThreadingHTTPServer):
    """Serves `files` by name, answers Range requests, and misbehaves as `fault` says."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {}
        self.waits = []  # seconds before each further try
        self.log = []  # (file name, Range header or None)
        self.agents = set()
        self.ranges = True
        self.fault = None  # called as fault(handler, name, body); true when it has answered
        self.url = f"http://127.0.0.1:{self.server_port}"

    def ranges_of(self, name):
        return [header for asked, header in self.log if asked == name]


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        server, name = self.server, self.path.rpartition("/")[2]
        wanted = self.headers["Range"]
        server.log.append((name, wanted))
        server.agents.add(self.headers["User-Agent"])
        if name not in server.files:
            return self.send_error(404)
        body = server.files[name]
        if server.fault and server.fault(self, name, body):
            return None
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and server.ranges else 0
        return self.answer(body, start)

    def answer(self, body, start=0, send=None):
        """Promise the bytes from `start` on, and send them, or only `send` of them."""
        if start >= len(body) > 0:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(body)}")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        self.wfile.write(body[start:][:send])
        return True


def jpeg(name):
    """Bytes that no compressor can shrink, as a photograph's; different for every image."""
    return b"".join(hashlib.sha256(f"{name}{part}".encode()).digest() for part in range(200))


def make_zip(members, mode=None):
    """Return a zip of {name: bytes}; an external mode makes links."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (mode or stat.S_IFREG | 0o644) << 16
            archive.writestr(info, content)
    return buffer.getvalue()


def table(ids):
    return "\n".join(["lesion_id,image_id,dx", *(f"HAM_1,{name},nv" for name in ids), ""]).encode()


def serve(server, monkeypatch, files, dataset="ham10000"):
    """Put files on the server and in the registry, hashes included, as the archive's own."""
    rows = []
    for name, body in files.items():
        known = f"md5:{hashlib.md5(body, usedforsecurity=False).hexdigest()}"
        count = 3 if name.endswith(".zip") else 0
        rows.append(RemoteFile(name, f"{server.url}/{name}", known, len(body), count))
    others = server.files if dataset != "ham10000" else {}
    server.files = {**others, **files}
    monkeypatch.setitem(DATASETS, dataset, tuple(rows))


@contextlib.contextmanager
def running(monkeypatch):
    """Run a server with a flawless HAM10000 of six images."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    monkeypatch.setattr(fetch, "BLOCK", 100)
    server = Server()
    monkeypatch.setattr(fetch, "time", types.SimpleNamespace(sleep=server.waits.append))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    second = {f"inner/{name}.jpg": jpeg(name) for name in IDS[3:]}
    second |= {f"__MACOSX/inner/._{IDS[4]}.jpg": b"shadow", "LICENSE.txt": b"not an image"}
    first = {f"{name}.jpg": jpeg(name) for name in IDS[:3]}
    zips = {f"{PARTS[0]}.zip": make_zip(first), f"{PARTS[1]}.zip": make_zip(second)}
    serve(server, monkeypatch, {TABLE: table(IDS), **zips})
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def run(folder):
    return fetch.fetch("ham10000", folder, progress=False)


def images(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.jpg"))


def leftovers(folder):
    """Files in `downloads` that are neither finished nor the lock."""
    return [
        path.name
        for path in (folder / "downloads").iterdir()
        if path.suffix not in (".zip", ".csv") and path.name != ".lock"
    ]
