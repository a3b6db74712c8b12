"""Bring HAM10000 and the ISIC 2018 Task 3 test set from Harvard Dataverse into a folder.

Nothing is believed on its name: every file is checked against the hash that its
archive publishes (`skinlib.data.download`) and looked through before anything is
unpacked (`skinlib.data.archive`). Files placed by hand are treated the same way.
"""

import datetime
import json
import logging
import os
import shlex
import shutil
import tempfile
from pathlib import Path

import filelock

from skinlib.common.errors import DataError, IntegrityError, TemporaryError
from skinlib.common.files import atomic_path, sha256, write_json
from skinlib.data.archive import read_ids, seal, unpack, unpacked
from skinlib.data.download import check_hash, digest, download
from skinlib.data.registry import DATASETS, PAGE, WITHOUT_IMAGE, files

_log = logging.getLogger(__name__)


def default_folder():
    """Return ``SKINLIB_DATA`` when it names a folder, else ``data/ham10000`` here."""
    chosen = os.environ.get("SKINLIB_DATA", "")
    # skinlib.data.ham10000 also understands the word `synthetic`, which is no place to write to.
    if not chosen or chosen.partition(":")[0] == "synthetic":
        return Path("data/ham10000")
    return Path(chosen)


def fetch(dataset="ham10000", folder=None, *, base_url=None, progress=True, retries=3):
    """Download, check and unpack a data set; what is there already is left alone.

    Parameters
    ----------
    dataset : str
        A key of `DATASETS`.
    folder : str or pathlib.Path, optional
        Where the table and the image folders go; see `default_folder`. The files as
        downloaded stay in its sub-folder ``downloads`` and may be deleted afterwards.
    base_url : str, optional
        A mirror: file names are appended to it. The hashes stay the same.
    progress : bool
        Show progress bars where standard error is a terminal.
    retries : int
        Tries after the first that fail in a row without bringing in new bytes.

    Returns
    -------
    pathlib.Path
        The folder, in the layout that `skinlib.data.ham10000` reads.

    Raises
    ------
    DataError
        Unknown data set, folder that cannot be written to or holds another table of
        the same name, or a server that does not know the file.
    IntegrityError
        A file that is not what it claims to be. No such download is kept.
    TemporaryError
        The network fails, the disk is full or another fetch is at work.
    """
    rows = files(dataset)
    if base_url is not None and not base_url.startswith(("https://", "http://")):
        msg = f"base URL '{base_url}' is not a web address; expected https://... or http://..."
        raise DataError(msg)
    folder = Path(default_folder() if folder is None else folder)
    _check_folder(dataset, rows, folder)
    try:
        with filelock.FileLock(folder / "downloads" / ".lock", timeout=0):
            _fetch_all(dataset, rows, folder, base_url, progress, retries)
    except filelock.Timeout as error:
        msg = f"another fetch is writing to '{folder}'; wait until it has finished"
        raise TemporaryError(msg) from error
    except OSError as error:
        msg = f"cannot write below '{folder}': {error}; free some space and run the command again"
        raise TemporaryError(msg) from error
    return folder


def _fetch_all(dataset, rows, folder, base_url, progress, retries):
    """Bring in the tables, which name the images, and then the images."""
    ids, found = set(), set()
    for file in rows:
        target = folder / Path(file.name).stem
        if file.kind == "zip" and (images := unpacked(target)):
            found |= images
            continue
        path, url = _placed(file, folder), None
        if path:
            check_hash(file, path)
        else:
            url = f"{base_url.rstrip('/')}/{file.name}" if base_url else file.url
            try:
                path = download(file, url, folder / "downloads", progress=progress, retries=retries)
            except TemporaryError as error:
                msg = f"{error}. Or by hand: {_by_hand(dataset, folder)}"
                raise TemporaryError(msg) from error
        try:
            if file.kind == "csv":
                ids |= read_ids(file, path)
            else:
                found |= unpack(file, path, target, ids, progress=progress)
        except IntegrityError:
            if url:  # ours; a file placed by hand is its owner's to delete
                path.unlink()
            raise
        if file.kind == "csv" and path != folder / file.name:
            with atomic_path(folder / file.name) as temporary:
                shutil.copyfile(path, temporary)
        _record(dataset, file, path, url, folder)
        if file.kind == "zip":
            seal(file, target)
    missing = sorted(ids - found - WITHOUT_IMAGE)
    if missing:
        msg = (
            f"{len(missing)} images named in the table of {dataset} came with no archive: "
            f"{', '.join(missing[:5])}; compare '{folder}' with {PAGE}"
        )
        raise IntegrityError(msg)


def _check_folder(dataset, rows, folder):
    """Refuse a folder that cannot hold the data before anything is downloaded."""
    try:
        (folder / "downloads").mkdir(parents=True, exist_ok=True)
        for place in (folder, folder / "downloads"):
            tempfile.TemporaryFile(dir=place).close()
    except OSError as error:
        msg = f"cannot write to folder '{folder}': {error}; choose another one with --to FOLDER"
        raise DataError(msg) from error
    needed = 0
    for file in rows:
        path = folder / file.name
        known = file.kind == "csv" and file.hash and path.is_file()
        if known and (found := digest(file, path)) != file.hash:
            msg = (
                f"'{path}' is another table than the {file.name} to be fetched (expected "
                f"{file.hash}, found {found}); choose an empty folder with --to FOLDER"
            )
            raise DataError(msg)
        if file.kind == "zip" and not unpacked(folder / path.stem):
            # Once as downloaded, once unpacked: JPEG does not compress further.
            needed += (file.bytes or 0) * (1 if _placed(file, folder) else 2)
    free = shutil.disk_usage(folder).free
    if free < needed:
        msg = (
            f"'{folder}' has {free / 1e9:.1f} GB of free space, {dataset} needs "
            f"{needed / 1e9:.1f} GB; free some or choose another disk with --to FOLDER"
        )
        raise TemporaryError(msg)


def _placed(file, folder):
    """Return where a file lies already, from an earlier run or by hand, or None."""
    places = (folder / "downloads" / file.name, folder / file.name)
    return next((path for path in places if path.is_file()), None)


def _record(dataset, file, path, url, folder):
    """Write down what a file was and how far it was checked, and say so where that was less."""
    notes = folder / "fetched.json"
    try:
        known = json.loads(notes.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    found = sha256(path)
    # A second look at a file says nothing new, least of all that it was placed by hand.
    if known.get(dataset, {}).get(file.name, {}).get("sha256") == found:
        return
    known.setdefault(dataset, {})[file.name] = {
        "url": url or "placed by hand",
        "bytes": path.stat().st_size,
        "sha256": found,
        "verified": file.hash or "by content only",
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }
    write_json(notes, known)
    if file.hash is None:
        text = "%s was verified by content only: no published hash is known. SHA-256 %s, see %s"
        _log.warning(text, file.name, found, notes)


def _commands(dataset, folder):
    """Return what to type once the files lie in ``downloads``: fetch, then check."""
    place = shlex.quote(str(folder))
    return (
        f"python -m skinlib fetch --dataset {dataset} --to {place}",
        f"python -m skinlib check-data --data {place}",
    )


def _by_hand(dataset, folder):
    """Return the way without a network in one line."""
    unpacking, checking = _commands(dataset, folder)
    return (
        f"get {', '.join(file.name for file in files(dataset))} from {PAGE} (tables as "
        f"'Original File Format'), put them into {shlex.quote(str(folder / 'downloads'))}, "
        f"run `{unpacking}` to check and unpack them, then `{checking}`"
    )


def instructions(dataset="ham10000", folder=None):
    """Return how to get a data set by hand, for people and machines without a network.

    Parameters are those of `fetch`; the result is several lines of plain text.
    """
    rows = files(dataset)
    folder = Path(default_folder() if folder is None else folder)
    unpacking, checking = _commands(dataset, folder)
    lines = [
        f"{dataset} comes from Harvard Dataverse, {PAGE}",
        "(CC BY-NC 4.0: credit the authors, no commercial use, do not pass the images on).",
        "",
        "1. On a machine with a network, download there:",
    ]
    for file in rows:
        size = f"{file.bytes / 1e6:,.0f} MB, " if file.bytes else ""
        lines += [f"     {file.name}  ({size}{file.hash or 'no hash known'})", f"       {file.url}"]
    lines += [
        "   On the web page choose 'Original File Format' for the tables.",
        f"2. Put the files as they are into {shlex.quote(str(folder / 'downloads'))}",
        "3. Check and unpack them (this asks no server for what is there):",
        f"     {unpacking}",
        "4. Check the result:",
        f"     {checking}",
        "Everything but the paper's numbers also runs without it, on `--data synthetic`.",
    ]
    return "\n".join(lines)


def add_arguments(parser):
    """Add the options of ``skinlib fetch`` to an argument parser."""
    parser.add_argument(
        "--dataset", choices=[*DATASETS, "all"], default="ham10000", help="what to download"
    )
    parser.add_argument(
        "--to", metavar="FOLDER", help="where to (default: SKINLIB_DATA or ./data/ham10000)"
    )
    parser.add_argument("--base-url", metavar="URL", help="a mirror; file names are appended")
    parser.add_argument("--no-progress", action="store_true", help="show no progress bars")


def run(args):
    """Download a data set, check it against the hashes of its archive, and unpack it."""
    for dataset in list(DATASETS) if args.dataset == "all" else [args.dataset]:
        folder = fetch(dataset, args.to, base_url=args.base_url, progress=not args.no_progress)
        print(f"{dataset} is complete in '{folder}'")
    print(f"next: python -m skinlib check-data --data {shlex.quote(str(folder))}")
    return 0
