"""Classify single photographs with the weights of a finished run."""

import math
from pathlib import Path

import numpy as np
import pandas as pd

from skinlib import runs
from skinlib.classes import CLASSES
from skinlib.data.ham10000 import SEXES, SITES
from skinlib.data.images import decode
from skinlib.data.metadata import MetadataEncoder
from skinlib.data.pixels import resize
from skinlib.errors import DataError
from skinlib.recipes import from_json


class Classifier:
    """A trained classifier with the preprocessing of its run.

    Parameters
    ----------
    run : skinlib.runs.Run
        Finished, with ``best.weights.h5`` in its directory.
    """

    def __init__(self, run):
        from skinlib.models.classifier import build_classifier
        from skinlib.models.weights import check_file, load_classifier

        path = run.folder / "best.weights.h5"
        # Before seconds are spent on building the network.
        check_file(path, run.record["weights_sha256"])
        self.record = run.record
        self.recipe = from_json(run.record["recipe"])
        self.encoder = MetadataEncoder.from_json(run.record["metadata"])
        self.model = build_classifier(
            run.record["backbone"], self.recipe, size=run.record["input_size"]
        )
        load_classifier(self.model, path, run.record["weights_sha256"])

    def predict(self, path, *, age=None, sex="unknown", site="unknown"):
        """Classify one photograph.

        Parameters
        ----------
        path : str or pathlib.Path
            An image file; decoded whole or refused.
        age : float, optional
            Years, 0 to 120.
        sex, site : str
            One of the categories of HAM10000.

        Returns
        -------
        dict of str to float
            Class to probability; not calibrated.

        Raises
        ------
        DataError
            Missing file, or an impossible age, sex or site.
        skinlib.errors.IntegrityError
            A file that is no whole image.
        """
        if not Path(path).is_file():
            msg = f"image '{path}' does not exist"
            raise DataError(msg)
        if age is not None and not 0 <= age <= 120:
            msg = f"age {age} is impossible, expected years between 0 and 120"
            raise DataError(msg)
        for name, value, known in (("sex", sex, SEXES), ("site", site, SITES)):
            if value not in known:
                msg = f"{name} '{value}' is unknown, expected one of {', '.join(known)}"
                raise DataError(msg)
        pixels = resize(
            decode(path),
            self.record["input_size"],
            interpolation=self.recipe.interpolation,
            crop=self.recipe.crop,
        )
        if self.recipe.channel_order == "bgr":
            pixels = pixels[..., ::-1]
        row = pd.DataFrame(
            {"age": [math.nan if age is None else age], "sex": [sex], "localization": [site]}
        )
        inputs = {"image": pixels[None].copy()}
        if self.recipe.metadata:
            inputs["metadata"] = self.encoder.transform(row)
        probabilities = np.asarray(self.model.predict_on_batch(inputs))[0]
        return dict(zip(CLASSES, map(float, probabilities), strict=True))


def load(folder):
    """Load the classifier of a run directory.

    Raises
    ------
    DataError
        If the run has not finished or its weights were not kept.
    skinlib.errors.IntegrityError
        If the weights are not those of the run.
    """
    run = runs.read_run(folder)
    if not run.finished:
        msg = f"run '{folder}' has status '{run.record['status']}', expected a finished run"
        raise DataError(msg)
    return Classifier(run)
