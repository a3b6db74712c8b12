"""ONNX Runtime for the browser, from its npm package; never part of this repository."""

from skinlib.common import npm, paths

# package.json, and the lock with the hash of every package.
SOURCES = paths.ROOT / "book" / "browser"
DIST = "onnxruntime-web/dist/"
# What a browser loads, by backend: a module, its glue and the runtime itself. The one with WebGPU
# is the build that lets WebAssembly wait for the device (JSPI); the one that does without that is
# half as large again.
FILES = {
    "webgpu": ("ort.jspi.min.mjs", "ort-wasm-simd-threaded.jspi.mjs",
               "ort-wasm-simd-threaded.jspi.wasm"),
    "wasm": ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"),
}  # fmt: skip


def fetch(folder):
    """Put the runtime into a folder, see `skinlib.common.npm.fetch`.

    Parameters
    ----------
    folder : pathlib.Path

    Returns
    -------
    dict of str to int
        Bytes that a browser loads, by backend.

    Raises
    ------
    DataError, TemporaryError
        npm is not installed, or failed.
    """
    npm.fetch(SOURCES, folder, [DIST + name for names in FILES.values() for name in names])
    return {name: sum((folder / file).stat().st_size for file in FILES[name]) for name in FILES}
