"""Files of npm packages for the pages of the book, installed as locked, never committed."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from skinlib.common.errors import DataError, TemporaryError
from skinlib.common.files import atomic_folder

LOCK = "package-lock.json"
LIMIT = 600  # seconds


def fetch(source, folder, files):
    """Put files of packages into a folder, unless it has those that are locked.

    Parameters
    ----------
    source : pathlib.Path
        Folder of ``package.json`` and of its lock, which has the hash of every package.
    folder : pathlib.Path
        Gets the files, the licence of each package, and the lock.
    files : sequence of str
        Within ``node_modules``, for example ``vega/build/vega.min.js``.

    Raises
    ------
    DataError
        npm is not installed.
    TemporaryError
        npm failed, or a package lacks one of the files.
    """
    wanted, done = (source / LOCK).read_bytes(), folder / LOCK
    whole = done.is_file() and all((folder / Path(file).name).is_file() for file in files)
    if whole and done.read_bytes() == wanted:
        return
    npm = shutil.which("npm")
    if npm is None:
        msg = "npm is not installed; install Node.js 20 or later, which has it"
        raise DataError(msg)
    # Nothing of the packages runs here: they are files to copy.
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    options = {"capture_output": True, "text": True, "timeout": LIMIT, "check": True}
    environment = dict(os.environ)
    if chosen := environment.get("SKINLIB_CACHE"):
        # Else it is in the home folder, which need not be one that can be written.
        environment.setdefault("npm_config_cache", os.path.abspath(os.path.join(chosen, "npm")))
    with atomic_folder(folder) as made, tempfile.TemporaryDirectory(dir=folder.parent) as place:
        for name in ("package.json", LOCK):
            shutil.copy(source / name, place)
        try:
            # Its temporary files go where ours go, which can be written.
            subprocess.run(command, cwd=place, env={**environment, "TMPDIR": place}, **options)
        except subprocess.SubprocessError as error:
            reason = " ".join(str(error.stderr or error).split())
            msg = f"npm ci failed ({reason[-300:]}); see to the network and try again"
            raise TemporaryError(msg) from error
        for file in files:
            path = Path(place) / "node_modules" / file
            if not path.is_file():
                msg = f"npm did not install '{file}'; compare it with {LOCK} and try again"
                raise TemporaryError(msg)
            shutil.copy(path, made)
            package = Path(file).parts[0]
            for licence in (Path(place) / "node_modules" / package).glob("LICENSE*"):
                shutil.copy(licence, made / f"{package}.{licence.name}.txt")
        shutil.copy(source / LOCK, made)
