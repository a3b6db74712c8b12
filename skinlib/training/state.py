"""The whole state of a training in one atomic file, so that a killed run continues where it was.

Weights, optimizer, random generators, running metrics, counters and history are written together.
The file before is kept until the next one, for a disk that damages what it stores. Plain arrays in
a zip with checksums; nothing is unpickled.
"""

import dataclasses
import json
import logging
import os

import numpy as np

from skinlib.common.errors import IntegrityError
from skinlib.common.files import atomic_path
from skinlib.training.schedule import Controls

NAME = "state.npz"
PREVIOUS = "state.previous.npz"


@dataclasses.dataclass
class Progress:
    """How far a training is.

    Attributes
    ----------
    controls : skinlib.training.schedule.Controls
    history : list of dict
        One dictionary for each complete epoch.
    step, seconds : int, float
        Steps taken in the epoch that is not complete, and the time they took.
    metrics : list of numpy.ndarray
        Running sums of loss and accuracy over these steps.
    logs : dict or None
        Loss and accuracy of an epoch whose steps are all taken, but which is not validated yet.
    """

    controls: Controls
    history: list
    step: int = 0
    seconds: float = 0.0
    metrics: list = dataclasses.field(default_factory=list)
    logs: dict | None = None

    def complete(self, row):
        """Close the epoch with its row of the history."""
        self.history.append(row)
        self.step, self.seconds, self.metrics, self.logs = 0, 0.0, [], None


def save(folder, model, optimizer, identity, progress):
    """Write the state into the run directory; the one before stays as `PREVIOUS`.

    The ``variables`` of the model include the states of the random generators. `identity` is that
    of the run.
    """
    header = {
        **dataclasses.asdict(progress), "metrics": len(progress.metrics), "identity": identity
    }  # fmt: skip
    arrays = {
        "header": np.frombuffer(json.dumps(header).encode(), np.uint8),
        **{f"model_{i}": to_numpy(v) for i, v in enumerate(model.variables)},
        **{f"optimizer_{i}": to_numpy(v) for i, v in enumerate(optimizer.variables)},
        **{f"metrics_{i}": array for i, array in enumerate(progress.metrics)},
    }
    with atomic_path(folder / NAME) as temporary:
        with temporary.open("wb") as file:
            np.savez(file, **arrays)
        if (folder / NAME).exists():
            # A second name for the present file before it is replaced: there is always at least
            # one whole state.
            (folder / PREVIOUS).unlink(missing_ok=True)
            os.link(folder / NAME, folder / PREVIOUS)


def load(folder, model, optimizer, identity):
    """Restore the newest whole state into a freshly built model and optimizer.

    Returns `Progress`, or None when there is no state.

    Raises
    ------
    IntegrityError
        No file is whole, or the state belongs to another run or another graph.
    """
    found = [folder / name for name in (NAME, PREVIOUS) if (folder / name).exists()]
    for path in found:
        try:
            arrays, found_identity, progress = _read(path)
        except IntegrityError as error:
            if path == found[-1]:
                raise
            logging.getLogger("skinlib").warning("%s; going on from the state before it", error)
            continue
        if found_identity != identity:
            msg = f"'{path}' belongs to run {found_identity}, not {identity}; {_remedy(path)}"
            raise IntegrityError(msg)
        _assign(path, model, optimizer, arrays)
        return progress
    return None


def discard(folder):
    """Remove the state of a run that is finished."""
    for name in (NAME, PREVIOUS):
        (folder / name).unlink(missing_ok=True)


def _remedy(path):
    return f"delete '{path}' to train this run from its beginning"


def _read(path):
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        header = json.loads(arrays["header"].tobytes())
        identity, count = header.pop("identity"), header.pop("metrics")
        header["controls"] = Controls(**header["controls"])
        metrics = [arrays[f"metrics_{index}"] for index in range(count)]
        progress = Progress(**header, metrics=metrics)
    # A flipped bit can look like a compression method that does not exist, encryption or bad
    # Python in an array's header: zipfile and NumPy raise almost anything then.
    except Exception as error:
        msg = f"'{path}' is torn or corrupt ({error}); {_remedy(path)}"
        raise IntegrityError(msg) from error
    return arrays, identity, progress


def _assign(path, model, optimizer, arrays):
    optimizer.build(model.trainable_variables)
    for kind, variables in (("model", model.variables), ("optimizer", optimizer.variables)):
        for index, variable in enumerate(variables):
            array = arrays.get(f"{kind}_{index}")
            if array is None or array.shape != tuple(variable.shape):
                msg = f"'{path}' does not fit the graph at {kind} variable {index}; {_remedy(path)}"
                raise IntegrityError(msg)
            variable.assign(array)


def to_numpy(variable):
    """Return the array of a Keras variable."""
    from keras import ops

    # A variable that TensorFlow mirrors on several devices has no array of its own.
    return ops.convert_to_numpy(ops.convert_to_tensor(variable))
