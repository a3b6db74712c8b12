"""The highest epoch of the logged training runs beside their late ones.

The authors' logs have scores of the test images only, so what an epoch chosen on a validation set
would have reached is not known.
"""

import numpy as np
import pandas as pd

from skinlib import paper

# Epochs at the end of a logged training run whose mean stands for where it ended.
LATE = 10


def logged():
    """Return the authors' training runs of the metadata arm whose curve was logged, one row a run.

    ``name``, ``images`` (reported photographs), ``epochs``, ``schedule`` (did the learning rate
    fall?), accuracy on the reported photographs: ``best`` of all epochs, ``late`` (mean of the last
    `LATE`), ``end`` (last epoch), and ``over_late``, ``over_end``: ``best`` minus these.
    """
    rows = []
    for name, curve in paper.curves().items():
        # "DenseNet201 MD, no schedule": the arm is the word before the comma.
        if not name.partition(",")[0].endswith(" MD"):
            continue
        run, held_out = paper.logged_run(name), np.array(curve["val_accuracy"], float)
        rows.append(
            {
                "name": name,
                "images": run.test_images,
                "epochs": len(held_out),
                "schedule": bool(run.settings["schedule"]),
                "best": held_out.max(),
                "late": held_out[-LATE:].mean(),
                "end": held_out[-1],
            }
        )
    found = pd.DataFrame(rows)
    return found.assign(
        over_late=found["best"] - found["late"], over_end=found["best"] - found["end"]
    )
