"""Download one file: continued where it broke off, checked before it gets its name.

pooch downloads to a temporary name, compares the hash and renames; what it lacks,
and this module adds, is to keep the bytes of a broken transfer in ``NAME.part``
and to ask the server for the rest only (HTTP Range).
"""

import os
import re
import time
from pathlib import Path

import pooch
import requests
from tqdm import tqdm

from skinlib import __version__
from skinlib.common.errors import DataError, IntegrityError, TemporaryError
from skinlib.data import registry

# Seconds before the second try; doubles with each further one. Tests set it to 0.
BACKOFF = 2.0

# Seconds to wait for a connection, and for the next bytes on it.
TIMEOUT = (10, 60)

# A failure after this many new bytes does not count as one of the `retries`: over a poor
# line a 1.4 GB file breaks often, and each break that brought something on is progress.
PROGRESS = 1 << 20

# Bytes written at a time; a break loses the block that it falls into.
BLOCK = 1 << 16


class _Interrupted(Exception):
    """A transfer stopped before its end; another try may go on from there."""


def download(file, url, folder, *, progress=True, retries=3):
    """Download one file, or the part of it that is missing.

    Parameters
    ----------
    file : skinlib.data.registry.RemoteFile
    url : str
        Where to ask for it.
    folder : pathlib.Path
        Where it goes, under ``file.name``.
    progress : bool
        Show a bar where standard error is a terminal.
    retries : int
        Tries after the first that fail in a row without bringing in new bytes.

    Returns
    -------
    pathlib.Path
        The file, with the right hash.

    Raises
    ------
    DataError
        The server does not know the file.
    IntegrityError
        It sent something else; none of that is kept.
    TemporaryError
        The network fails; what has arrived is kept.
    """
    part = folder / f"{file.name}.part"

    def resume(_url, output, _pooch):
        _receive(file, url, part, progress, retries)
        _check_start(file, part)
        os.replace(part, output)

    pooch.get_logger().setLevel("WARNING")  # its notes would break the progress bar
    try:
        path = pooch.retrieve(url, file.hash, fname=file.name, path=folder, downloader=resume)
    except ValueError as error:  # how pooch reports a wrong hash
        msg = (
            f"{file.name} from {url} is not the file published at {registry.PAGE}: {error} Run "
            "the command again; if that does not help, the server's copy is wrong"
        )
        raise IntegrityError(msg) from error
    return Path(path)


def digest(file, path):
    """Return the hash of what lies at `path`, by the algorithm of ``file.hash``."""
    algorithm = file.hash.partition(":")[0]
    return f"{algorithm}:{pooch.file_hash(str(path), alg=algorithm)}"


def check_hash(file, path):
    """Refuse a file placed by hand that has other bytes than the one published."""
    if file.hash is None or (found := digest(file, path)) == file.hash:
        return
    hint = " (tables: choose 'Original File Format' on the page)" if file.kind == "csv" else ""
    msg = (
        f"'{path}' is not the file published at {registry.PAGE}: expected {file.hash}, found "
        f"{found}; delete it and run the command again, or place the right one there{hint}"
    )
    raise IntegrityError(msg)


def _size(part):
    return part.stat().st_size if part.exists() else 0


def _receive(file, url, part, progress, retries):
    """Try until the partial file is whole."""
    best, failures = _size(part), 0
    while True:
        try:
            return _transfer(file, url, part, progress)
        except (requests.RequestException, _Interrupted) as error:
            failures += 1
            if _size(part) >= best + PROGRESS:
                best, failures = _size(part), 1
            if failures > retries:
                msg = (
                    f"cannot download {file.name} from {url}: {error} (tried {failures} times); "
                    "what has arrived is kept and continued next time"
                )
                raise TemporaryError(msg) from error
            time.sleep(BACKOFF * 2 ** (failures - 1))


def _transfer(file, url, part, progress):
    """Ask once for the bytes that are missing and append what comes."""
    have = _size(part)
    # Dataverse answers 403 to the default name of requests (dataverse.harvard.edu#479).
    # A compressed answer could not be continued by counting bytes.
    headers = {"User-Agent": f"skinlib/{__version__}", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    # Sizes may be rounded.
    limit = registry.LIMIT if file.bytes is None else int(file.bytes * 1.05) + PROGRESS
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        status = response.status_code
        start, total = _content_range(response)
        if status == 416 and total == have:
            return  # nothing was missing but the end of the last run
        if status == 416 or (status == 206 and start != have):
            part.unlink(missing_ok=True)
            msg = "the partial file does not fit the server's; starting anew"
            raise _Interrupted(msg)
        if status in (400, 401, 404, 410):
            msg = (
                f"the server does not have {file.name}: {url} answered {status} "
                f"{response.reason}; check --base-url, or look at {registry.PAGE}"
            )
            raise DataError(msg)
        if status not in (200, 206):
            msg = f"the server answered {status} {response.reason}"
            raise _Interrupted(msg)
        if status == 200:  # no Range here: the whole file comes again
            length = response.headers.get("Content-Length", "")
            have, total = 0, int(length) if length.isdigit() else None
        bar = tqdm(
            desc=file.name, initial=have, total=total, unit="B", unit_scale=True,
            disable=None if progress else True,
        )  # fmt: skip
        with bar, part.open("ab" if have else "wb") as out:
            for block in response.iter_content(BLOCK):
                have += len(block)
                if have > limit:
                    break
                out.write(block)
                bar.update(len(block))
    if have > limit:
        part.unlink()
        msg = (
            f"{file.name} from {url} is longer than the {limit} bytes allowed for it; this is "
            f"not the file published at {registry.PAGE}"
        )
        raise IntegrityError(msg)
    if total is not None and have < total:
        msg = f"the connection closed after {have} of {total} bytes"
        raise _Interrupted(msg)


def _content_range(response):
    """Return (start, total) of a Content-Range header, None where it does not say."""
    header = response.headers.get("Content-Range", "")
    place, _, total = header.removeprefix("bytes ").partition("/")
    start = place.partition("-")[0]
    return tuple(int(text) if text.isdigit() else None for text in (start, total))


def _check_start(file, part):
    """Delete and refuse a web page, which servers like to send instead of a file."""
    with part.open("rb") as stream:
        head = stream.read(64).lstrip()
    if head.startswith(b"PK") if file.kind == "zip" else head and not head.startswith(b"<"):
        return
    part.unlink()
    start = re.match(rb"[^\s>]{0,16}", head)[0].decode("ascii", "backslashreplace")
    msg = (
        f"{file.name} is not a {file.kind} (starts with '{start}'); the server sent something "
        f"else, look at {registry.PAGE} with a browser"
    )
    raise IntegrityError(msg)
