"""A run directory belongs to one process at a time, and to one set of settings."""

import os

from filelock import FileLock, Timeout

from skinlib.common.errors import DataError
from skinlib.experiments import run
from skinlib.training import state


def hold(folder):
    """Hold a run directory; to be used in a ``with`` statement.

    The system frees the lock of a process that dies, so there are no stale locks.

    Raises
    ------
    DataError
        Another process holds it; its pid is named.
    """
    lock = FileLock(folder / ".lock", timeout=0)
    owner = folder / ".owner"
    try:
        held = lock.acquire()
    except Timeout as error:
        pid = owner.read_text(encoding="utf-8") if owner.exists() else "unknown"
        msg = f"process {pid} is training '{folder}' now; wait for it or choose another name"
        raise DataError(msg) from error
    owner.write_text(str(os.getpid()), encoding="utf-8")
    # Not the lock itself: `with lock` would take it a second time and release it once.
    return held


def sweep(folder):
    """Remove what a killed process was in the middle of writing (`files.atomic_path`)."""
    for name in (run.RUN, run.HISTORY, run.PREDICTIONS, run.ATTENTION, state.NAME, "best"):
        for torn in folder.glob(f".{name}*"):
            torn.unlink()


def existing(folder, identity):
    """Return the run in a directory, None if there is none.

    Raises
    ------
    DataError
        It was made with other settings.
    """
    if not (folder / run.RUN).is_file():
        return None
    found = run.read_run(folder)
    if found.record["identity"] != identity:
        msg = (
            f"'{folder}' holds run {found.record['identity']} with other settings than this one "
            f"({identity}); choose another name or remove the directory"
        )
        raise DataError(msg)
    return found


def best(folder, epoch):
    """Return where the weights of an epoch are kept while the training continues.

    Each epoch has its own name: the state names the best epoch, and whatever happens between two
    writes, its weights are there.
    """
    return folder / f"best-{epoch + 1}.weights.h5"


def forget_others(folder, epoch):
    """Remove the weights of epochs that are no longer the best."""
    for path in folder.glob("best-*.weights.h5"):
        if path != best(folder, epoch):
            path.unlink()


def settle(folder, epoch):
    """Give the weights of the best epoch their final name and return it."""
    path = folder / run.WEIGHTS
    if best(folder, epoch).exists():
        os.replace(best(folder, epoch), path)
    return path
