"""ONNX Runtime for the browser, from its npm package; never part of this repository."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from skinlib import paths
from skinlib.errors import DataError, TemporaryError

# package.json, and the lock with the hash of every package.
SOURCES = paths.ROOT / "book" / "browser"
LOCK = "package-lock.json"
DIST = Path("node_modules", "onnxruntime-web", "dist")
# What a browser loads, by backend: a module, its glue and the runtime itself. The one with WebGPU
# is the build that lets WebAssembly wait for the device (JSPI); the one that does without that is
# half as large again.
FILES = {
    "webgpu": ("ort.jspi.min.mjs", "ort-wasm-simd-threaded.jspi.mjs",
               "ort-wasm-simd-threaded.jspi.wasm"),
    "wasm": ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"),
}  # fmt: skip
LIMIT = 600


def fetch(folder):
    """Put the runtime into a folder, unless the one that is locked lies there already.

    Parameters
    ----------
    folder : pathlib.Path

    Returns
    -------
    dict of str to int
        Bytes that a browser loads, by backend.

    Raises
    ------
    DataError
        npm is not installed.
    TemporaryError
        npm failed.
    """
    lock = (SOURCES / LOCK).read_bytes()
    done = folder / LOCK
    if not done.is_file() or done.read_bytes() != lock:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _install(folder)
        # Last: a folder with it is whole.
        done.write_bytes(lock)
    return {name: sum((folder / file).stat().st_size for file in FILES[name]) for name in FILES}


def _install(folder):
    """Install the locked packages beside the folder and copy what a browser loads."""
    npm = shutil.which("npm")
    if npm is None:
        msg = "npm is not installed; install Node.js 20 or later, which has it"
        raise DataError(msg)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".npm-") as temporary:
        for name in ("package.json", LOCK):
            shutil.copy(SOURCES / name, temporary)
        # Nothing of the packages runs here: they are files to copy.
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        try:
            done = subprocess.run(
                command, cwd=temporary, capture_output=True, text=True, timeout=LIMIT, check=False
            )
            said = done.stderr.strip().splitlines() if done.returncode else []
        except subprocess.TimeoutExpired:
            said = [f"no end after {LIMIT} s"]
        dist = Path(temporary) / DIST
        if said or not dist.is_dir():
            msg = f"npm ci failed ({' '.join(said)[:300]}); see to the network and try again"
            raise TemporaryError(msg)
        for name in {name for names in FILES.values() for name in names}:
            shutil.copy(dist / name, folder)
