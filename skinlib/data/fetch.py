"""Bring HAM10000 and the ISIC 2018 Task 3 test set from Harvard Dataverse into a folder.

Every file has to have the hash that its archive publishes, also one that was placed by hand.
pooch downloads to a temporary name, compares the hash and renames; this module adds that a
broken download is continued (HTTP Range).
"""

import os
import shlex
import shutil
import time
from pathlib import Path

import filelock
import pooch
import requests
from tqdm import tqdm

from skinlib import __version__
from skinlib.common.errors import DataError, IntegrityError, TemporaryError
from skinlib.common.files import atomic_path, require_place, require_space
from skinlib.data.archive import unpack
from skinlib.data.registry import PAGE, files

TRIES = 4
BACKOFF = 2.0  # seconds before the second try; doubles with each further one
TIMEOUT = (10, 60)  # seconds to wait for a connection, and for the next bytes on it
BLOCK = 1 << 16  # bytes written at a time; a break loses the block that it falls into


def fetch(dataset="ham10000", folder=None, *, progress=True):
    """Download, check and unpack a data set; what is there already is left alone.

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
        Unknown data set, a folder that cannot be written to, or no such file on the server.
    IntegrityError
        A file that is not the published one. No such download is kept.
    TemporaryError
        The network fails, the disk is full or another fetch is at work.
    """
    rows = files(dataset)
    folder = Path(folder or _default_folder())
    downloads = folder / "downloads"
    require_place(downloads / rows[0].name)
    downloads.mkdir(parents=True, exist_ok=True)
    try:
        with filelock.FileLock(downloads / ".lock", timeout=0):
            missing = [row for row in rows if not _done(row, folder)]
            # Once as downloaded, once unpacked: JPEG does not compress further.
            require_space(folder, sum(2 * row.bytes for row in missing))
            for row in missing:
                places = downloads / row.name, folder / row.name
                path = next((_checked(row, each) for each in places if each.is_file()), None)
                path = path or _download(dataset, row, downloads, progress)
                if row.images:
                    unpack(path, folder / path.stem, row.images, progress=progress)
                else:
                    with atomic_path(folder / row.name) as temporary:
                        shutil.copyfile(path, temporary)
    except filelock.Timeout as error:
        msg = f"another fetch is writing to '{folder}'; wait until it has finished"
        raise TemporaryError(msg) from error
    except OSError as error:
        msg = f"cannot write below '{folder}': {error}; free some space and run the command again"
        raise TemporaryError(msg) from error
    return folder


def _default_folder():
    chosen = os.environ.get("SKINLIB_DATA", "")
    # skinlib.data.ham10000 also understands the word `synthetic`, which is no place to write to.
    return "data/ham10000" if chosen.partition(":")[0] in ("", "synthetic") else chosen


def _done(row, folder):
    """Whether the images of a zip are unpacked, or the table is in its place."""
    if row.images:
        return len(list((folder / Path(row.name).stem).glob("*.jpg"))) == row.images
    path = folder / row.name
    return path.is_file() and _checked(row, path)


def _checked(row, path):
    """Return a file that is there; raise `IntegrityError` if it has another hash."""
    algorithm = row.hash.partition(":")[0]
    found = f"{algorithm}:{pooch.file_hash(str(path), alg=algorithm)}"
    if found != row.hash:
        msg = (
            f"'{path}' is not the file published at {PAGE}: expected {row.hash}, found {found}; "
            "delete it and run the command again, or place the right one there (tables: choose "
            "'Original File Format' on the page)"
        )
        raise IntegrityError(msg)
    return path


def _download(dataset, row, downloads, progress):
    """Try several times, each continuing the one before; return the file with the right hash."""
    pooch.get_logger().setLevel("WARNING")  # its notes would break the progress bar
    resume = _Resume(row, downloads, progress)
    for attempt in range(1, TRIES + 1):
        try:
            return Path(pooch.retrieve(row.url, row.hash, row.name, downloads, downloader=resume))
        except ValueError as error:  # how pooch reports a wrong hash
            msg = (
                f"{row.name} from {row.url} is not the file published at {PAGE}: {error} Run the "
                "command again; if that does not help, see in a browser what the server sends"
            )
            raise IntegrityError(msg) from error
        except requests.RequestException as error:
            if attempt == TRIES:
                to, by_hand = shlex.quote(str(downloads.parent)), shlex.quote(str(downloads))
                msg = (
                    f"cannot download {row.name} from {row.url}: {error} (tried {TRIES} times); "
                    "what has arrived is kept and continued next time. Or by hand: get "
                    f"{', '.join(row.name for row in files(dataset))} from {PAGE} (tables as "
                    f"'Original File Format'), put them into {by_hand}, run `python -m skinlib "
                    f"fetch --dataset {dataset} --to {to}` to check and unpack them, then `python "
                    f"-m skinlib check-data --data {to}`"
                )
                raise TemporaryError(msg) from error
            time.sleep(BACKOFF * 2 ** (attempt - 1))


class _Resume:
    """A downloader for pooch that keeps the bytes of a broken transfer in ``NAME.part``."""

    def __init__(self, row, downloads, progress):
        self.row, self.part, self.progress = row, downloads / f"{row.name}.part", progress

    def __call__(self, url, output, _pooch):
        have = self.part.stat().st_size if self.part.exists() else 0
        # Dataverse answers 403 to the default name of requests (dataverse.harvard.edu#479).
        # A compressed answer could not be continued by counting bytes.
        headers = {"User-Agent": f"skinlib/{__version__}", "Accept-Encoding": "identity"}
        if have:
            headers["Range"] = f"bytes={have}-"
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
            if response.status_code in (404, 410):
                msg = (
                    f"the server does not have {self.row.name}: {url} answered "
                    f"{response.status_code}; look at {PAGE}"
                )
                raise DataError(msg)
            if response.status_code == 416:  # the partial file is as long as the server's
                self.part.unlink()
            response.raise_for_status()
            if response.status_code != 206:  # no Range here: the whole file comes again
                have = 0
            total = have + int(response.headers.get("Content-Length", 0))
            options = {"initial": have, "total": total, "unit": "B", "unit_scale": True}
            hidden = None if self.progress else True
            with (
                tqdm(desc=self.row.name, disable=hidden, **options) as bar,
                self.part.open("ab" if have else "wb") as out,
            ):
                for block in response.iter_content(BLOCK):
                    bar.update(out.write(block))
        os.replace(self.part, output)
