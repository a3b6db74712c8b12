"""Make a classifier of a finished run."""

from skinlib.common.errors import DataError
from skinlib.experiments.recipes import from_json
from skinlib.experiments.run import PREDICTIONS, read_run
from skinlib.predict import abstention
from skinlib.predict.model import Classifier


def finished(folder):
    """Return a finished run; refuse any other."""
    run = read_run(folder)
    if not run.finished:
        status = run.record["status"]
        lacks = f"lacks '{PREDICTIONS}'" if status == "finished" else f"has status '{status}'"
        msg = f"run '{folder}' {lacks}, expected a finished run; train it to its end"
        raise DataError(msg)
    return run


def load_run(folder, *, calibrate=False):
    """Return the `Classifier` of a finished run whose weights were kept.

    With `calibrate`, temperature and least confidence are fitted on its validation set, if there
    is one.
    """
    run = finished(folder)
    recipe = from_json(run.record["recipe"])
    if recipe.picture != "plain" or recipe.mask_path:
        msg = (
            f"run '{folder}' was trained on changed photographs or with masks (recipe fields "
            "picture and mask_path); predict with a run that leaves them as they are"
        )
        raise DataError(msg)
    weights = run.weights_path
    if not weights.is_file():
        msg = f"run '{folder}' has no weights, git keeps none; train it anew: {run.command()}"
        raise DataError(msg)
    classifier = Classifier(run.record, weights, run.record["weights_sha256"])
    if calibrate and "validation" in set(run.predictions()["part"]):
        labels, probabilities, _ = run.arrays("validation")
        classifier.rule = abstention.fit(labels, probabilities)
    return classifier
