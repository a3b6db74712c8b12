"""Download HAM10000 and the ISIC 2018 Task 3 test set from Harvard Dataverse.

Nothing is believed on its name: a file is checked against the hash its archive
publishes before it gets its final name, a zip is looked through before anything
is written, and a folder of images counts only once its ``.complete`` marker lies
in it. What has arrived is kept, so a broken download continues where it stopped,
and files placed by hand are checked and unpacked in the same way.
"""

import csv
import dataclasses
import datetime
import json
import logging
import os
import re
import shlex
import shutil
import stat
import struct
import tempfile
import time
import zipfile
import zlib
from pathlib import Path, PurePosixPath

import filelock
import pooch
import requests
from tqdm import tqdm

from skinlib import __version__
from skinlib.errors import DataError, IntegrityError, TemporaryError
from skinlib.files import atomic_path, sha256, write_json

PAGE = "https://doi.org/10.7910/DVN/DBW86T"
HOST = "dataverse.harvard.edu"

# Seconds before the second try; doubles with each further one. Tests set it to 0.
BACKOFF = 2.0

# Seconds to wait for a connection, and for the next bytes on it.
TIMEOUT = (10, 60)

# A failure after this many new bytes does not count as one of the `retries`: over a poor
# line a 1.4 GB file breaks often, and each break that brought something on is progress.
PROGRESS = 1 << 20

# Bytes written at a time; a break loses the block that it falls into.
BLOCK = 1 << 16

# Bounds on what a zip may unpack to. The largest real archive holds 1.4 GB, and JPEG does
# not compress: a ratio beyond a few per cent is no photograph.
UNPACKED_LIMIT = 8_000_000_000
UNPACKED_RATIO = 20

# Row of the test ground truth without an image: 1,512 rows, 1,511 JPEGs.
# ImageMarkup/isic-challenge-scoring, isic_challenge_scoring/task3.py (excluded from scoring);
# Avnish1505/cancer-fusion-ai, src/evaluate_isic2018.py (counted in the Dataverse zip).
WITHOUT_IMAGE = frozenset({"ISIC_0035068"})

_log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class RemoteFile:
    """One file of the archive.

    Attributes
    ----------
    name : str
        Its name, here and on a mirror.
    url : str
        Where it is served.
    hash : str or None
        ``md5:...`` or ``sha256:...``; None where no source tells it, and then the
        content alone is checked.
    bytes : int or None
        Size, possibly rounded; bounds the download and the disk space asked for.
    kind : str
        ``zip`` (images) or ``csv`` (one row an image).
    members : int or None
        Number of images in a zip, of rows in a table.
    """

    name: str
    url: str
    hash: str | None
    bytes: int | None
    kind: str
    members: int | None


# The file ids and MD5 sums were read in these public repositories (repository: path):
#   [drift]  erjonb19/clinical-drift-monitor: docs/DATA_CARD.md, src/cdm/data.py
#   [medxai] aniketmeena12/medxai: data/raw/ham10000/SOURCE.md (also sizes and SHA-256)
#   [sit]    sit-start/core: python/sitstart/ml/data/datasets/ham10k.py
#   [fusion] Avnish1505/cancer-fusion-ai: src/evaluate_isic2018.py
# Tables need ``format=original``: Dataverse otherwise serves its own tab-separated conversion,
# while the sum it publishes is that of the file as uploaded (IQSS/dataverse#9501).
_FILE = f"https://{HOST}/api/access/datafile/"
DATASETS = {
    "ham10000": (
        RemoteFile(
            "HAM10000_metadata.csv",
            _FILE + "4338392?format=original",  # [drift] [medxai]
            "md5:8f85fb1aa29d80a2797247e434deb79d",  # [drift] [sit]
            690_218,  # [medxai]
            "csv",
            10_015,
        ),
        RemoteFile(
            "HAM10000_images_part_1.zip",
            _FILE + "3172585",  # [drift] [medxai]
            "md5:4639bfa73ab251610530a97c898e6e46",  # [drift] [medxai] [sit]
            1_366_522_108,  # [medxai]
            "zip",
            5_000,  # the dataset's page
        ),
        RemoteFile(
            "HAM10000_images_part_2.zip",
            _FILE + "3172584",  # [drift] [medxai]
            "md5:da43d6cc50f6613013be07e8986b384b",  # [drift] [medxai] [sit]
            1_403_566_547,  # [medxai]
            "zip",
            5_015,  # the dataset's page
        ),
    ),
    "isic2018-test": (
        RemoteFile(
            "ISIC2018_Task3_Test_GroundTruth.csv",
            _FILE + "6924466?format=original",  # [fusion]
            "md5:2b5663aacc9644740f27e355cf7f369a",  # [sit], the only source found
            None,
            "csv",
            1_512,  # [fusion]
        ),
        RemoteFile(
            "ISIC2018_Task3_Test_Images.zip",
            _FILE + "3855824",  # [fusion]
            "md5:0488b6f65849e310857d9207daa55a21",  # [sit]
            421_000_000,  # shown as 401.5 MB (of 2^20 bytes) on the dataset's page
            "zip",
            1_511,  # [fusion] and the dataset's page
        ),
    ),
}


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
    if dataset not in DATASETS:
        msg = f"unknown data set '{dataset}'; expected one of {', '.join(DATASETS)}"
        raise DataError(msg)
    if base_url is not None and not base_url.startswith(("https://", "http://")):
        msg = f"base URL '{base_url}' is not a web address; expected https://... or http://..."
        raise DataError(msg)
    folder = Path(folder) if folder is not None else default_folder()
    _check_folder(dataset, folder)
    pooch.get_logger().setLevel("WARNING")  # its notes would break the progress bar
    lock = filelock.FileLock(folder / "downloads" / ".lock", timeout=0)
    try:
        with lock:
            _fetch_all(dataset, folder, base_url, progress, retries)
    except filelock.Timeout as error:
        msg = f"another fetch is writing to '{folder}'; wait until it has finished"
        raise TemporaryError(msg) from error
    except OSError as error:
        msg = f"cannot write below '{folder}': {error}; free some space and run the command again"
        raise TemporaryError(msg) from error
    return folder


def _fetch_all(dataset, folder, base_url, progress, retries):
    """Bring in the tables, which name the images, and then the images."""
    for left in (folder / "downloads").glob(".unpack-*"):  # by a killed process; we hold the lock
        shutil.rmtree(left)
    ids, found = set(), set()
    for file in sorted(DATASETS[dataset], key=lambda file: file.kind):  # csv before zip
        target = folder / Path(file.name).stem
        if file.kind == "zip" and _is_complete(target):
            found |= {path.stem for path in target.glob("*.jpg")}
            continue
        path, url = _placed(file, folder), None
        if path is None:
            url = f"{base_url.rstrip('/')}/{file.name}" if base_url else file.url
            path = _download(file, url, dataset, folder, progress, retries)
        else:
            _check_hash(file, path)
        try:
            if file.kind == "csv":
                ids |= _read_ids(file, path)
                if path != folder / file.name:
                    with atomic_path(folder / file.name) as temporary:
                        shutil.copyfile(path, temporary)
            else:
                found |= _unpack(file, path, target, ids, progress)
        except IntegrityError:
            if url is not None:  # ours; a file placed by hand is its owner's to delete
                path.unlink()
            raise
        _record(dataset, file, path, url, folder)
        if file.kind == "zip":
            seal = {"archive": file.name, "images": len(list(target.glob("*.jpg")))}
            write_json(target / ".complete", seal)
    missing = sorted(ids - found - WITHOUT_IMAGE)
    if missing:
        msg = (
            f"{len(missing)} images named in the table of {dataset} came with no archive: "
            f"{', '.join(missing[:5])}; compare '{folder}' with {PAGE}"
        )
        raise IntegrityError(msg)


def _check_folder(dataset, folder):
    """Refuse a folder that cannot hold the data before anything is downloaded."""
    try:
        (folder / "downloads").mkdir(parents=True, exist_ok=True)
        for place in (folder, folder / "downloads"):
            tempfile.TemporaryFile(dir=place).close()
    except OSError as error:
        msg = f"cannot write to folder '{folder}': {error}; choose another one with --to FOLDER"
        raise DataError(msg) from error
    needed = 0
    for file in DATASETS[dataset]:
        path = folder / file.name
        if file.kind == "csv" and file.hash and path.is_file() and _hash(file, path) != file.hash:
            msg = (
                f"'{path}' is another table than the {file.name} to be fetched (expected "
                f"{file.hash}, found {_hash(file, path)}); choose an empty folder with --to FOLDER"
            )
            raise DataError(msg)
        if file.kind == "zip" and not _is_complete(folder / Path(file.name).stem):
            # Once as downloaded, once unpacked: JPEG does not compress further.
            needed += (file.bytes or 0) * (1 if _placed(file, folder) else 2)
    free = shutil.disk_usage(folder).free
    if free < needed:
        msg = (
            f"'{folder}' has {free / 1e9:.1f} GB of free space, {dataset} needs "
            f"{needed / 1e9:.1f} GB; free some or choose another disk with --to FOLDER"
        )
        raise TemporaryError(msg)


def _is_complete(target):
    """Tell whether an image folder was unpacked to the end and has lost nothing since."""
    try:
        images = json.loads((target / ".complete").read_text(encoding="utf-8"))["images"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return images == len(list(target.glob("*.jpg")))


def _placed(file, folder):
    """Return where a file lies already, from an earlier run or by hand, or None."""
    places = (folder / "downloads" / file.name, folder / file.name)
    return next((path for path in places if path.is_file()), None)


def _hash(file, path):
    algorithm = file.hash.partition(":")[0]
    return f"{algorithm}:{pooch.file_hash(str(path), alg=algorithm)}"


def _check_hash(file, path):
    """Refuse a file that lies there with other bytes than the archive's."""
    if file.hash is None or (actual := _hash(file, path)) == file.hash:
        return
    hint = " (tables: choose 'Original File Format' on the page)" if file.kind == "csv" else ""
    msg = (
        f"'{path}' is not the file published at {PAGE}: expected {file.hash}, found {actual}; "
        f"delete it and run the command again, or place the right one there{hint}"
    )
    raise IntegrityError(msg)


def _record(dataset, file, path, url, folder):
    """Write down what a file was and how far it was checked, and say so where that was less."""
    notes = folder / "fetched.json"
    try:
        known = json.loads(notes.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    digest = sha256(path)
    entry = {
        "url": url or "placed by hand",
        "bytes": path.stat().st_size,
        "sha256": digest,
        "verified": file.hash or "by content only",
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }
    # A second look at a file says nothing new, least of all that it was placed by hand.
    if known.get(dataset, {}).get(file.name, {}).get("sha256") != digest:
        known.setdefault(dataset, {})[file.name] = entry
        write_json(notes, known)
        if file.hash is None:
            text = "%s was verified by content only: no published hash is known. SHA-256 %s, see %s"
            _log.warning(text, file.name, digest, notes)


# Downloading


class _Interrupted(Exception):
    """A transfer stopped before its end; another try may go on from there."""


def _download(file, url, dataset, folder, progress, retries):
    """Have pooch download one file: to a temporary name, then hash-checked, then renamed."""
    downloader = _Resume(file, folder / "downloads", progress, retries)
    try:
        path = pooch.retrieve(
            url, file.hash, fname=file.name, path=folder / "downloads", downloader=downloader
        )
    except _Interrupted as error:
        msg = (
            f"cannot download {file.name} from {url}: {error}; what has arrived is kept and "
            f"continued next time. Or by hand: {_by_hand(dataset, folder)}"
        )
        raise TemporaryError(msg) from error
    except ValueError as error:  # how pooch reports a wrong hash
        msg = (
            f"{file.name} from {url} is not the file published at {PAGE}: {error} Run the "
            "command again; if that does not help, the server's copy is wrong"
        )
        raise IntegrityError(msg) from error
    return Path(path)


class _Resume:
    """A downloader for pooch that keeps ``NAME.part`` and continues it by HTTP Range."""

    def __init__(self, file, downloads, progress, retries):
        self.file = file
        self.part = downloads / f"{file.name}.part"
        self.progress = progress
        self.retries = retries
        self.limit = UNPACKED_LIMIT
        if file.bytes is not None:
            self.limit = int(file.bytes * 1.05) + PROGRESS  # sizes may be rounded

    def __call__(self, url, output_file, _pooch):
        best, failures = self._size(), 0
        while True:
            try:
                self._transfer(url)
                break
            except (requests.RequestException, _Interrupted) as error:
                failures += 1
                if self._size() >= best + PROGRESS:
                    best, failures = self._size(), 1
                if failures > self.retries:
                    msg = f"{error} (tried {failures} times)"
                    raise _Interrupted(msg) from error
                time.sleep(BACKOFF * 2 ** (failures - 1))
        try:
            _check_start(self.file, self.part)
        except IntegrityError:
            self.part.unlink()
            raise
        os.replace(self.part, output_file)

    def _size(self):
        return self.part.stat().st_size if self.part.exists() else 0

    def _transfer(self, url):
        """Ask for the bytes that are missing and append what comes."""
        have = self._size()
        # Dataverse answers 403 to the default name of requests (dataverse.harvard.edu#479).
        # A compressed answer could not be continued by counting bytes.
        headers = {"User-Agent": f"skinlib/{__version__}", "Accept-Encoding": "identity"}
        if have:
            headers["Range"] = f"bytes={have}-"
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
            status = response.status_code
            start, total = _content_range(response)
            if status == 416 and total == have:
                return  # nothing was missing but the end of the last run
            if status == 416 or (status == 206 and start != have):
                self.part.unlink(missing_ok=True)
                msg = "the partial file does not fit the server's; starting anew"
                raise _Interrupted(msg)
            if status in (400, 401, 404, 410):
                msg = (
                    f"the server does not have {self.file.name}: {url} answered {status} "
                    f"{response.reason}; check --base-url, or look at {PAGE}"
                )
                raise DataError(msg)
            if status not in (200, 206):
                msg = f"the server answered {status} {response.reason}"
                raise _Interrupted(msg)
            if status == 200:  # no Range here: the whole file comes again
                length = response.headers.get("Content-Length", "")
                have, total = 0, int(length) if length.isdigit() else None
            bar = tqdm(
                desc=self.file.name, initial=have, total=total, unit="B", unit_scale=True,
                disable=None if self.progress else True,
            )  # fmt: skip
            with bar, self.part.open("ab" if have else "wb") as out:
                for block in response.iter_content(BLOCK):
                    have += len(block)
                    if have > self.limit:
                        break
                    out.write(block)
                    bar.update(len(block))
        if have > self.limit:
            self.part.unlink()
            msg = (
                f"{self.file.name} from {url} is longer than the {self.limit} bytes allowed for "
                f"it; this is not the file published at {PAGE}"
            )
            raise IntegrityError(msg)
        if total is not None and have < total:
            msg = f"the connection closed after {have} of {total} bytes"
            raise _Interrupted(msg)


def _content_range(response):
    """Return (start, total) of a Content-Range header, None where it does not say."""
    place, _, total = (
        response.headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
    )
    start = place.partition("-")[0]
    return tuple(int(text) if text.isdigit() else None for text in (start, total))


def _check_start(file, path):
    """Refuse a web page, which servers like to send instead of a file, by its first bytes."""
    with path.open("rb") as stream:
        head = stream.read(64).lstrip()
    good = head.startswith(b"PK") if file.kind == "zip" else head and not head.startswith(b"<")
    if not good:
        start = re.match(rb"[^\s>]{0,16}", head)[0].decode("ascii", "backslashreplace")
        msg = (
            f"{file.name} is not a {file.kind} (starts with '{start}'); the server sent something "
            f"else, look at {PAGE} with a browser"
        )
        raise IntegrityError(msg)


# Checking and unpacking

# What zipfile raises for damaged files: more than its own BadZipFile (found by fuzzing).
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    ValueError,
    OSError,
)


def _read_ids(file, path):
    """Return the image ids of a table, every one once and as many as there should be."""
    _check_start(file, path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (UnicodeDecodeError, csv.Error) as error:
        msg = f"'{path}' is not a csv table: {error}; delete it and fetch it again"
        raise IntegrityError(msg) from error
    column = next((name for name in ("image_id", "image") if rows and name in rows[0]), None)
    ids = {row[column] for row in rows if row[column]} if column else set()
    if not ids or len(ids) != len(rows) or file.members not in (None, len(rows)):
        msg = (
            f"'{path}' has {len(rows)} rows with {len(ids)} different image ids, expected "
            f"{file.members or 'as many ids as rows'} in a column image_id, comma-separated; "
            "delete it and fetch it again"
        )
        raise IntegrityError(msg)
    return ids


def _unpack(file, path, target, ids, progress):
    """Unpack the images of a zip into `target` and return their ids.

    Everything is read and checked before the first byte is written; then the
    images are unpacked beside the zip and moved into place one by one.
    """
    _check_start(file, path)
    try:
        archive = zipfile.ZipFile(path)
    except _ZIP_ERRORS as error:
        msg = f"'{path}' is a truncated or corrupt zip ({error}); delete it and fetch it again"
        raise IntegrityError(msg) from error
    with archive:
        images = _images(file, path, archive)
        _test(path, archive, progress)
        unknown = sorted(set(images) - ids)
        if unknown or file.members not in (None, len(images)):
            msg = (
                f"'{path}' holds {len(images)} images, expected {file.members or 'any number'}; "
                f"{len(unknown)} are in no row of the table {unknown[:5]}; delete and fetch again"
            )
            raise IntegrityError(msg)
        with tempfile.TemporaryDirectory(
            prefix=".unpack-", dir=target.parent / "downloads"
        ) as temporary:
            temporary = Path(temporary)
            # Not called .jpg yet: readers search the whole folder for images, and must not
            # meet one twice, even after a power cut.
            for name, info in images.items():
                with archive.open(info) as source, (temporary / name).open("wb") as out:
                    shutil.copyfileobj(source, out)
            target.mkdir(exist_ok=True)
            for name in images:
                os.replace(temporary / name, target / f"{name}.jpg")
    return set(images)


def _images(file, path, archive):
    """Return {image id: member} of a zip, refusing every way to harm that zips are known for."""
    images, unpacked = {}, 0
    for info in archive.infolist():
        place = PurePosixPath(info.filename.replace("\\", "/"))
        reason = None
        if place.is_absolute() or ":" in info.filename:
            reason = "has an absolute name"
        elif ".." in place.parts:
            reason = "points outside the folder"
        elif stat.S_ISLNK(info.external_attr >> 16):
            reason = "is a symbolic link"
        elif info.flag_bits & 1 or info.compress_type not in (
            zipfile.ZIP_STORED,
            zipfile.ZIP_DEFLATED,
        ):
            reason = "is encrypted or packed in an unusual way"
        elif place.stem in images and place.suffix.lower() == ".jpg":
            reason = "is there twice"
        unpacked += info.file_size
        if unpacked > min(UNPACKED_LIMIT, UNPACKED_RATIO * path.stat().st_size):
            reason = f"brings the unpacked size to {unpacked} bytes, far beyond {file.name}"
        if reason:
            msg = f"'{path}': member '{info.filename}' {reason}; refused, nothing was unpacked"
            raise IntegrityError(msg)
        # Zips made on a Mac carry a shadow of every file, also called .jpg.
        shadow = "__MACOSX" in place.parts or place.name.startswith("._")
        if place.suffix.lower() == ".jpg" and not shadow and not info.is_dir():
            images[place.stem] = info
    return images


def _test(path, archive, progress):
    """Read every member to its end and name the first that is corrupt.

    `zipfile.ZipFile.testzip` lets the errors of the decompressor through without
    the name of the member.
    """
    bar = tqdm(archive.infolist(), desc=f"testing {path.name}", disable=None if progress else True)
    for info in bar:
        try:
            with archive.open(info) as source:
                while source.read(1 << 20):
                    pass
        except _ZIP_ERRORS as error:
            msg = (
                f"'{path}': member '{info.filename}' is corrupt ({error}); nothing was unpacked. "
                "Delete the zip and fetch it again"
            )
            raise IntegrityError(msg) from error


# By hand, and the command line


def _by_hand(dataset, folder):
    """Return the way without a network in one line."""
    place = shlex.quote(str(folder))
    return (
        f"get {', '.join(file.name for file in DATASETS[dataset])} from {PAGE} (tables as "
        f"'Original File Format'), put them into {shlex.quote(str(Path(folder) / 'downloads'))}, "
        f"run `python -m skinlib fetch --dataset {dataset} --to {place}` to check and unpack "
        f"them, then `python -m skinlib check-data --data {place}`"
    )


def instructions(dataset="ham10000", folder=None):
    """Return how to get a data set by hand, for people and machines without a network.

    Parameters
    ----------
    dataset : str
        A key of `DATASETS`.
    folder : str or pathlib.Path, optional
        See `default_folder`.

    Returns
    -------
    str
        Several lines of plain text.
    """
    if dataset not in DATASETS:
        msg = f"unknown data set '{dataset}'; expected one of {', '.join(DATASETS)}"
        raise DataError(msg)
    folder = Path(folder) if folder is not None else default_folder()
    place = shlex.quote(str(folder))
    lines = [
        f"{dataset} comes from Harvard Dataverse, {PAGE}",
        "(CC BY-NC 4.0: credit the authors, no commercial use, do not pass the images on).",
        "",
        "1. On a machine with a network, download there:",
    ]
    for file in DATASETS[dataset]:
        size = f"{file.bytes / 1e6:,.0f} MB, " if file.bytes else ""
        lines += [f"     {file.name}  ({size}{file.hash or 'no hash known'})", f"       {file.url}"]
    lines += [
        "   On the web page choose 'Original File Format' for the tables.",
        f"2. Put the files as they are into {shlex.quote(str(folder / 'downloads'))}",
        "3. Check and unpack them (this asks no server for what is there):",
        f"     python -m skinlib fetch --dataset {dataset} --to {place}",
        "4. Check the result:",
        f"     python -m skinlib check-data --data {place}",
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
    """Carry out ``skinlib fetch``; errors pass through to the caller."""
    for dataset in list(DATASETS) if args.dataset == "all" else [args.dataset]:
        folder = fetch(dataset, args.to, base_url=args.base_url, progress=not args.no_progress)
        print(f"{dataset} is complete in '{folder}'")
    print(f"next: python -m skinlib check-data --data {shlex.quote(str(folder))}")
    return 0
