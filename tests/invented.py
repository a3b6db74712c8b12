"""Finished runs of the real studies with invented predictions, to be read like any others."""

import numpy as np
import pandas as pd
import records

from skinlib.common.classes import CLASSES
from skinlib.experiments import external
from skinlib.experiments.run import HISTORY, folder_of, write_predictions, write_record
from skinlib.experiments.study import load_study
from skinlib.stats.selection import METRICS

IMAGES = 210


def invent(study, quality, parts=("validation", "test")):
    """Write runs of a study that are right as often as ``quality(spec)`` says; None writes none."""
    for number, spec in enumerate(load_study(study).specs):
        share = quality(spec)
        if share is None:
            continue
        folder = folder_of(study, spec.name)
        tables = [_table(spec.seed, part) for part in parts]
        answers = []
        for table in tables:
            labels = table["dx"].map(CLASSES.index).to_numpy()
            right = np.random.default_rng([number, spec.seed]).random(IMAGES) < share
            answers.append(0.88 * np.eye(7)[np.where(right, labels, (labels + 1) % 7)] + 0.12 / 7)
        table = pd.concat(tables, ignore_index=True)
        write_predictions(folder, table, np.repeat(parts, IMAGES), np.concatenate(answers))
        rising = {f"val_{name}": [0.1, 0.4, 0.5 + share / 100] for name in METRICS}
        pd.DataFrame({"epoch": [1, 2, 3], **rising}).to_csv(folder / HISTORY, index=False)
        record = records.blank() | {
            "status": "finished", "study": study, "run": spec.name, "seed": spec.seed,
            "recipe": spec.resolve().to_json(), "input_size": spec.size, "backbone": spec.backbone,
            "identity": spec.name,
        }  # fmt: skip
        if external.PART in parts:
            record["external"] = {"name": "isic2018-test-210", "fingerprint": "1", "images": IMAGES}
        write_record(folder, record)


def _table(seed, part):
    """Thirty photographs of each class, two of each lesion; the official ones are always the same."""
    offset = 0 if part == external.PART else seed * 1000
    labels = np.random.default_rng([offset, len(part)]).permutation(np.arange(IMAGES) % 7)
    return pd.DataFrame(
        {
            "image_id": [f"{part}{offset + k}" for k in range(IMAGES)],
            "lesion_id": [f"{part}{offset + k // 2}" for k in range(IMAGES)],
            "dx": [CLASSES[k] for k in labels],
        }
    )
