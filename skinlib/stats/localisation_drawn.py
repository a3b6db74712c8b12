"""Soft attention of a released model on drawn pictures, which may be shown beside their masks.

Photographs of HAM10000 are not passed on. Drawn lesions can be shown, and where they are is
known exactly. They illustrate what `skinlib.stats.localisation` measures on photographs.
"""

import numpy as np

from skinlib.common.classes import CLASSES
from skinlib.data import synthetic
from skinlib.data.grid import cell_shares

SEED, SIZE = 0, 192


def lesions():
    """Return the first drawn lesion of each class of the default set, by class: its number."""
    table = synthetic.metadata(700, SEED).drop_duplicates("lesion_id").set_index("dx")
    first = table.loc[~table.index.duplicated()]
    return {dx: int(first.loc[dx, "lesion_id"].removeprefix("SYN_")) for dx in CLASSES}


def measure():
    """Compute the maps with the newest released model; needs its weights and a backend.

    Returns
    -------
    dict or None
        ``model``, ``seed``, ``size``, and ``maps`` by class: rows of numbers that sum to 1.
        None where no model is released.
    """
    import pandas as pd

    from skinlib.predict import released

    if not released.folders():
        return None
    folder = released.newest()
    network = released.load(folder)
    numbers = lesions()
    side = network.record["input_size"]
    pictures = np.stack(
        [synthetic.photograph(dx, number, 0, SEED, side, side) for dx, number in numbers.items()]
    )
    # The maps are computed before the facts of the patient join the network.
    facts = pd.DataFrame({"age": np.nan, "sex": "unknown", "localization": "unknown"}, numbers)
    maps = network.ask(pictures, facts, views="one").maps
    return {
        "model": folder.name,
        "seed": SEED,
        "size": side,
        "maps": {
            dx: np.round(values, 5).tolist() for dx, values in zip(numbers, maps, strict=True)
        },
    }


def examples(record, classes=CLASSES):
    """Return what `skinlib.plots.pointing.beside` draws.

    Parameters
    ----------
    record : dict
        From `measure`.
    classes : sequence of str

    Returns
    -------
    list of dict
        ``title``, ``image`` (uint8, H × W × 3), ``shares`` (h × w: part of each cell that is
        lesion) and ``attention`` (h × w, in multiples of an even spread).
    """
    numbers, found = lesions(), []
    for dx in classes:
        arguments = (dx, numbers[dx], 0, record["seed"], record["size"], record["size"])
        attention = np.array(record["maps"][dx])
        found.append(
            {
                "title": dx,
                "image": synthetic.photograph(*arguments),
                "shares": cell_shares(synthetic.mask(*arguments), attention.shape, "none"),
                "attention": attention / attention.mean(),
            }
        )
    return found
