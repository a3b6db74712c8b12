"""Bring HAM10000 and the ISIC 2018 Task 3 test set from Harvard Dataverse into a folder.

Every file has to have the hash that its archive publishes, also one that was placed by hand.
pooch downloads to a temporary name, compares the hash and renames; this module adds that a
broken download is continued (HTTP Range).
"""

import functools
import logging
import os
import shlex
import shutil
import time
from pathlib import Path

import pooch
import requests
from filelock import FileLock, Timeout
from tqdm import tqdm

from skinlib import __version__
from skinlib.common.errors import DataError, IntegrityError, TemporaryError
from skinlib.common.files import atomic_path, require_place, require_space
from skinlib.data.archive import unpack
from skinlib.data.registry import DATASETS, PAGE

TRIES = 4
PASSING = (408, 416, 425, 429)  # answers below 500 that another try may change
BACKOFF = 2.0  # seconds before the second try; doubles with each further one
TIMEOUT = (10, 60)  # seconds to wait for a connection, and for the next bytes on it
BLOCK = 1 << 16  # bytes written at a time; a break loses the block that it falls into

_log = logging.getLogger(__name__)


def fetch(dataset="ham10000", folder=None, *, progress=True):
    """Download, check and unpack a data set; what is there is left alone, another fetch waited for.

    Parameters
    ----------
    dataset : str
        A key of `skinlib.data.registry.DATASETS`.
    folder : str or pathlib.Path, optional
        For the table and the image folders: ``SKINLIB_DATA`` by default, else ``data/ham10000``.
        The files as downloaded stay in its sub-folder ``downloads`` and may be deleted afterwards.
    progress : bool
        Show progress bars where standard error is a terminal.

    Returns
    -------
    pathlib.Path
        The folder, in the layout that `skinlib.data.ham10000` reads.

    Raises
    ------
    DataError
        A folder that cannot be written to, or a file that the server lacks.
    IntegrityError
        A file that is not the published one. No such download is kept.
    TemporaryError
        The network fails or the disk is full.
    """
    rows = DATASETS[dataset]
    chosen = os.environ.get("SKINLIB_DATA", "")
    # `synthetic` is no place to write to.
    default = "data/ham10000" if chosen.partition(":")[0] in ("", "synthetic") else chosen
    folder = Path(folder or default)
    downloads = folder / "downloads"
    require_place(downloads / rows[0].name)
    downloads.mkdir(parents=True, exist_ok=True)
    try:
        with _held(FileLock(downloads / ".lock"), folder):
            missing = [row for row in rows if not _done(row, folder)]
            # Once as downloaded, once unpacked: JPEG does not compress further.
            require_space(folder, sum(2 * row.bytes for row in missing))
            for row in missing:
                # Placed by hand, a zip may also lie beside the folder of downloads.
                places = (downloads / row.name, folder / row.name)
                path = next(filter(Path.is_file, places), places[0])
                if path.is_file():
                    _require_published(row, path)
                else:
                    _download(dataset, row, downloads, progress)
                if row.images:
                    unpack(path, folder / path.stem, row.images, progress=progress)
                else:
                    with atomic_path(folder / row.name) as temporary:
                        shutil.copyfile(path, temporary)
    except OSError as error:
        msg = f"cannot write below '{folder}': {error}; free some space and run the command again"
        raise TemporaryError(msg) from error
    return folder


def _held(lock, folder):
    """Hold a lock, for `with`; a second fetch says that it waits for the first."""
    try:
        return lock.acquire(timeout=0)
    except Timeout:
        _log.warning("another fetch into '%s' is under way; this one waits for it", folder)
        return lock.acquire()


def _done(row, folder):
    """Whether the images of a zip are unpacked, or the table is in its place."""
    if row.images:
        return len(list((folder / Path(row.name).stem).glob("*.jpg"))) == row.images
    path = folder / row.name
    if not path.is_file():
        return False
    _require_published(row, path)
    return True


def _require_published(row, path):
    """Raise `IntegrityError` if a file that is there has another hash than the published one."""
    algorithm = row.hash.partition(":")[0]
    found = f"{algorithm}:{pooch.file_hash(str(path), alg=algorithm)}"
    if found != row.hash:
        msg = (
            f"'{path}' is not the file published at {PAGE}: expected {row.hash}, found {found}; "
            "delete it and run the command again, or place the right one there (tables: choose "
            "'Original File Format' on the page)"
        )
        raise IntegrityError(msg)


def _download(dataset, row, downloads, progress):
    """Download a file with the right hash, in several tries that continue each other."""
    pooch.get_logger().setLevel("WARNING")  # its notes would break the progress bar
    resume = functools.partial(_resume, row, downloads / f"{row.name}.part", progress)
    for attempt in range(1, TRIES + 1):
        try:
            pooch.retrieve(row.url, row.hash, row.name, downloads, downloader=resume)
            return
        except ValueError as error:  # how pooch reports a wrong hash
            msg = (
                f"{row.name} from {row.url} is not the file published at {PAGE}: {error} Run the "
                "command again; if that does not help, see in a browser what the server sends"
            )
            raise IntegrityError(msg) from error
        except requests.RequestException as error:
            # What the server lacks or forbids it will not have in a few seconds.
            status = getattr(error.response, "status_code", None)
            lasting = status is not None and status < 500 and status not in PASSING
            if attempt == TRIES or lasting:
                to, by_hand = shlex.quote(str(downloads.parent)), shlex.quote(str(downloads))
                msg = (
                    f"cannot download {row.name} from {row.url}: {error} (tries: {attempt}); "
                    "what has arrived is kept and continued next time. Or by hand: get "
                    f"{', '.join(row.name for row in DATASETS[dataset])} from {PAGE} (tables as "
                    f"'Original File Format'), put them into {by_hand}, run `python -m skinlib "
                    f"fetch --dataset {dataset} --to {to}` to check and unpack them, then `python "
                    f"-m skinlib check-data --data {to}`"
                )
                raise (DataError if lasting else TemporaryError)(msg) from error
            time.sleep(BACKOFF * 2 ** (attempt - 1))


def _resume(row, part, progress, url, output, _pooch):
    """Download as pooch asks, but keep the bytes of a broken transfer in the file `part`."""
    have = part.stat().st_size if part.exists() else 0
    # Dataverse answers 403 to the default name of requests (dataverse.harvard.edu#479).
    # A compressed answer could not be continued by counting bytes.
    headers = {"User-Agent": f"skinlib/{__version__}", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        if response.status_code == 416:  # the partial file is as long as the server's
            part.unlink()
        response.raise_for_status()
        if response.status_code != 206:  # no Range here: the whole file comes again
            have = 0
        total = have + int(response.headers.get("Content-Length", 0))
        options = {"initial": have, "total": total, "unit": "B", "unit_scale": True}
        with (
            tqdm(desc=row.name, disable=None if progress else True, **options) as bar,
            part.open("ab" if have else "wb") as out,
        ):
            for block in response.iter_content(BLOCK):
                bar.update(out.write(block))
    os.replace(part, output)
