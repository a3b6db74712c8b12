"""A run directory belongs to one process at a time, and to one set of settings."""

import contextlib
import os
import shutil

from filelock import FileLock, Timeout

from skinlib.common.errors import DataError, SkinlibError
from skinlib.experiments import run
from skinlib.training import state


@contextlib.contextmanager
def hold(folder, identity):
    """Hold a run directory inside the block; yield the run that is in it, or None.

    The system frees the lock of a process that dies, so there are no stale locks. What such a
    process was in the middle of writing (`skinlib.common.files.atomic_path`) is removed.

    Raises
    ------
    DataError
        Another process holds it, whose pid is named, or it holds a run with another identity.
    """
    folder.mkdir(parents=True, exist_ok=True)
    owner = folder / ".owner"
    try:
        held = FileLock(folder / ".lock", timeout=0).acquire()
    except Timeout as error:
        pid = owner.read_text(encoding="utf-8") if owner.exists() else "unknown"
        msg = f"process {pid} is training '{folder}' now; wait for it or choose another name"
        raise DataError(msg) from error
    with held:
        owner.write_text(str(os.getpid()), encoding="utf-8")
        found = run.read_run(folder) if (folder / run.RUN).is_file() else None
        if found and found.record["identity"] != identity:
            msg = (
                f"'{folder}' holds run {found.record['identity']} with other settings than this "
                f"one ({identity}); choose another name or remove the directory"
            )
            raise DataError(msg)
        for name in (run.RUN, run.HISTORY, run.PREDICTIONS, run.ATTENTION, state.NAME, "best"):
            for torn in folder.glob(f".{name}*"):
                torn.unlink()
        try:
            yield found
        except SkinlibError:
            # A refusal leaves nothing behind; what has begun stays.
            if {path.name for path in folder.iterdir()} <= {".lock", ".owner"}:
                shutil.rmtree(folder)
                with contextlib.suppress(OSError):  # the study has other runs
                    folder.parent.rmdir()
            raise


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
