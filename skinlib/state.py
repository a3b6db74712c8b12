"""The whole state of a training in one atomic file, so that a killed run goes on where it was.

Weights, optimizer, random generators, counters and history are written together:
there is no moment at which one is newer than the other. Plain arrays in a zip
with checksums; nothing is ever unpickled.
"""

import dataclasses
import json

import numpy as np

from skinlib.controls import Controls
from skinlib.errors import IntegrityError
from skinlib.files import atomic_path

NAME = "state.npz"


def save(path, model, identity, controls, history):
    """Write the state after an epoch.

    Parameters
    ----------
    path : pathlib.Path
    model : keras.Model
        Compiled; its ``variables`` include the states of the random generators.
    identity : str
        Identity of the run the state belongs to.
    controls : skinlib.controls.Controls
    history : list of dict
        One dictionary an epoch.
    """
    header = {
        "identity": identity,
        "controls": dataclasses.asdict(controls),
        "history": history,
    }
    arrays = {
        "header": np.frombuffer(json.dumps(header).encode(), np.uint8),
        **{f"model_{i}": _numpy(v) for i, v in enumerate(model.variables)},
        **{f"optimizer_{i}": _numpy(v) for i, v in enumerate(model.optimizer.variables)},
    }
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def load(path, model, identity):
    """Restore a state into a freshly built and compiled model.

    Returns
    -------
    controls : skinlib.controls.Controls
    history : list of dict

    Raises
    ------
    IntegrityError
        If the file is torn, or belongs to another run or another graph.
    """
    remedy = f"delete '{path}' to train this run from its beginning"
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        header = json.loads(arrays["header"].tobytes())
        controls = Controls(**header["controls"])
    # A flipped bit can look like a compression method that does not exist, encryption or bad
    # Python in an array's header: zipfile and NumPy raise almost anything then.
    except Exception as error:
        msg = f"'{path}' is torn or corrupt ({error}); {remedy}"
        raise IntegrityError(msg) from error
    if header["identity"] != identity:
        msg = f"'{path}' belongs to run {header['identity']}, not {identity}; {remedy}"
        raise IntegrityError(msg)
    model.optimizer.build(model.trainable_variables)
    for kind, variables in (("model", model.variables), ("optimizer", model.optimizer.variables)):
        for index, variable in enumerate(variables):
            array = arrays.get(f"{kind}_{index}")
            if array is None or array.shape != tuple(variable.shape):
                msg = f"'{path}' does not fit the graph at {kind} variable {index}; {remedy}"
                raise IntegrityError(msg)
            variable.assign(array)
    return controls, header["history"]


def _numpy(variable):
    from keras import ops

    return ops.convert_to_numpy(variable.value)
