"""The results of a release, for a page that runs outside a clone.

A wheel of a release says which archive has its results, studies and notebooks, and the archive's
SHA-256 (``setup.py``). pooch downloads it once into the cache folder and compares the hash.
"""

import json
import os

import pooch
import requests

from skinlib.common import paths
from skinlib.common.errors import DataError, IntegrityError, TemporaryError

RELEASES = "https://github.com/skinlib/skinlib/releases/download"
# The last folder of the archive, in the order of names: where it is, all is.
LAST = "studies"


def bring():
    """Unpack the results into `skinlib.common.paths.ROOT` unless they are there.

    In a clone, and where ``SKINLIB_ROOT`` names a folder, nothing is done. ``SKINLIB_ARCHIVES`` is
    the address of a folder with the archive, for those who have it elsewhere.

    Raises
    ------
    DataError
        The wheel was not made by ``make dist``.
    IntegrityError
        The file on the server has another hash.
    TemporaryError
        The network fails.
    """
    if not paths.SHARE.is_dir() or os.environ.get("SKINLIB_ROOT") or (paths.ROOT / LAST).is_dir():
        return
    stated = paths.SHARE / "archive.json"
    if not stated.is_file():
        msg = (
            "this skinlib was not installed from a release, so that it knows no archive of results "
            f"('{stated}' is missing); clone the repository and set SKINLIB_ROOT to the clone"
        )
        raise DataError(msg)
    archive = json.loads(stated.read_text(encoding="utf-8"))
    places = os.environ.get("SKINLIB_ARCHIVES", f"{RELEASES}/v{archive['version']}")
    url = f"{places.rstrip('/')}/{archive['name']}"
    pooch.get_logger().setLevel("WARNING")
    print(f"skinlib: the results of this release, once, from {url} to '{paths.ROOT}'")
    unpack = pooch.Unzip(extract_dir=str(paths.ROOT.resolve()))
    try:
        pooch.retrieve(url, archive["sha256"], archive["name"], paths.cache(), processor=unpack)
    except ValueError as error:  # how pooch reports a wrong hash
        msg = f"{url} is not the archive of this release: {error} Install the newest release"
        raise IntegrityError(msg) from error
    except requests.RequestException as error:
        msg = (
            f"cannot download {url}: {error}; try again, or unpack {archive['name']} yourself and "
            "set SKINLIB_ROOT to the folder that it makes"
        )
        raise TemporaryError(msg) from error
