"""Two runs with the same numbers, bit by bit."""

import h5py
import numpy as np


def assert_same_numbers(one, other):
    """Predictions agree byte by byte, weights bit by bit.

    The weights files also hold the names of layers, which depend on the models built
    before in this process.
    """
    file = "predictions.csv"
    assert (one.folder / file).read_bytes() == (other.folder / file).read_bytes()
    mine, theirs = arrays(one), arrays(other)
    assert len(mine) == len(theirs) > 10
    for name, array in mine.items():
        np.testing.assert_array_equal(array, theirs[name], err_msg=name)


def arrays(run):
    found = {}
    with h5py.File(run.weights_path) as file:
        file.visititems(
            lambda name, item: found.update({name: item[()]}) if hasattr(item, "shape") else None
        )
    return found
