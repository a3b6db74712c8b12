"""Files of npm packages for the book's pages, installed as locked; never part of this repository.

What a page runs lies in the book itself, so that it works offline and asks no other server.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

from skinlib.common.errors import DataError, TemporaryError

LOCK = "package-lock.json"
LIMIT = 600


def fetch(source, folder, files):
    """Put files of packages into a folder, unless those that are locked lie there already.

    Parameters
    ----------
    source : pathlib.Path
        Folder of ``package.json`` and of its lock, which has the hash of every package.
    folder : pathlib.Path
        Gets the files, and the licence of each package.
    files : sequence of str
        Within ``node_modules``, for example ``vega/build/vega.min.js``.

    Raises
    ------
    DataError
        npm is not installed.
    TemporaryError
        npm failed, or a package lacks one of the files.
    """
    lock = (source / LOCK).read_bytes()
    done = folder / LOCK
    names = [Path(file).name for file in files]
    whole = done.is_file() and all((folder / name).is_file() for name in names)
    if whole and done.read_bytes() == lock:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".npm-") as temporary:
        packages = _install(source, Path(temporary))
        for file in files:
            _copy(packages, file, folder)
    # Last: a folder with it is whole.
    done.write_bytes(lock)


def _install(source, folder):
    """Install the locked packages and return where they are."""
    npm = shutil.which("npm")
    if npm is None:
        msg = "npm is not installed; install Node.js 20 or later, which has it"
        raise DataError(msg)
    for name in ("package.json", LOCK):
        shutil.copy(source / name, folder)
    # Nothing of the packages runs here: they are files to copy.
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=LIMIT, check=False
        )
        said = " ".join(done.stderr.split()) if done.returncode else ""
    except subprocess.TimeoutExpired:
        said = f"no end after {LIMIT} s"
    if said:
        msg = f"npm ci failed ({said[-300:]}); see to the network and try again"
        raise TemporaryError(msg)
    return folder / "node_modules"


def _copy(packages, file, folder):
    if not (packages / file).is_file():
        msg = f"npm did not install '{file}'; compare it with {LOCK} and try again"
        raise TemporaryError(msg)
    shutil.copy(packages / file, folder)
    package = Path(file).parts[0]
    for licence in (packages / package).glob("LICENSE*"):
        shutil.copy(licence, folder / f"{package}.{licence.name}.txt")
