"""Runs beside each other on a machine with several GPUs take a different one each."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from filelock import FileLock, Timeout

from skinlib.common.errors import TemporaryError

# Locks of this process; the system frees them when it ends, however it ends.
_HELD = []


def visible():
    """Return the names of the GPUs that this process may use; without loading a backend.

    Returns
    -------
    list of str
        What ``CUDA_VISIBLE_DEVICES`` lists where it is set, as a scheduler does; else the
        identifiers that ``nvidia-smi`` prints. Empty without GPUs.
    """
    if "CUDA_VISIBLE_DEVICES" in os.environ:
        listed = os.environ["CUDA_VISIBLE_DEVICES"]
    elif shutil.which("nvidia-smi"):
        command = ["nvidia-smi", "--query-gpu=uuid", "--format=csv,noheader"]
        found = subprocess.run(command, capture_output=True, text=True, check=False)
        listed = "" if found.returncode else ",".join(found.stdout.split())
    else:
        listed = ""
    return [name.strip() for name in listed.split(",") if name.strip()]


def take(count=1):
    """Take free GPUs for as long as this process lives, and hide all others from it.

    A backend reserves the memory of every GPU it sees, so two runs that see the same
    ones get in each other's way. To be called before a backend is imported. Where there
    are no more GPUs than wanted there is nothing to choose, and nothing happens.

    Parameters
    ----------
    count : int
        GPUs of this run: the field ``devices`` of its recipe.

    Returns
    -------
    list of str
        The GPUs that are visible now.

    Raises
    ------
    TemporaryError
        Other runs of this user have them.
    """
    names = visible()
    if len(names) <= count:
        return names
    folder = Path(tempfile.gettempdir()) / f"skinlib-gpus-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    taken = []
    for name in names:
        lock = FileLock(folder / f"{name}.lock", timeout=0)
        try:
            lock.acquire()
        except Timeout:
            continue
        taken.append((name, lock))
        if len(taken) == count:
            break
    else:
        for _, lock in taken:
            lock.release()
        msg = (
            f"{count} of {len(names)} GPUs wanted, {len(taken)} are free: other runs have the "
            "rest; wait for them, or start fewer at a time (make's DEVICES)"
        )
        raise TemporaryError(msg)
    _HELD.extend(lock for _, lock in taken)
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(name for name, _ in taken)
    return visible()
