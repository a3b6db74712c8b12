"""Make a classifier of a finished run, and prepare the data that it was trained on."""

from skinlib.common.errors import DataError, IntegrityError
from skinlib.data import ham10000
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


def require_weights(run):
    """Return the file of a run's weights; refuse a run whose weights were not kept."""
    if not run.weights_path.is_file():
        msg = f"run '{run.folder}' has no weights, git keeps none; train it anew: {run.command()}"
        raise DataError(msg)
    return run.weights_path


def load_run(folder, *, with_rule=False):
    """Return the `Classifier` of a finished run whose weights were kept.

    With a rule it is fitted on its validation set, if there is one.
    """
    run = finished(folder)
    recipe = from_json(run.record["recipe"])
    if recipe.picture != "plain" or recipe.mask_path:
        msg = (
            f"run '{folder}' was trained on changed photographs or with masks (recipe fields "
            "picture and mask_path); predict with a run that leaves them as they are"
        )
        raise DataError(msg)
    weights = require_weights(run)
    classifier = Classifier(run.record, weights, run.record["weights_sha256"])
    if with_rule and "validation" in set(run.predictions()["part"]):
        classifier.rule = abstention.fit(*run.arrays("validation"))
    return classifier


def prepare(classifier, data=None, *, progress=True):
    """Prepare the data that a run or a released model was trained on, and refuse any other."""
    # It imports scikit-learn, which `predict` does without.
    from skinlib.data import prepare as preparing

    record = classifier.record
    # A released model has of its run what run.json has.
    made = record["run"] if isinstance(record["run"], dict) else record
    wanted, name = made["data"], f"{made['study']}/{made['run']}"
    dataset = data if isinstance(data, ham10000.Dataset) else ham10000.load(data, decode=False)
    # Before minutes are spent on decoding.
    if dataset.fingerprint != wanted["fingerprint"]:
        msg = (
            f"'{name}' was trained on the data {wanted['name']} ({wanted['fingerprint']}), this is "
            f"{dataset.name} ({dataset.fingerprint}) in '{dataset.folder}'; set SKINLIB_DATA or "
            "--data to the folder of the former"
        )
        raise IntegrityError(msg)
    prepared = preparing.prepare(
        classifier.recipe, dataset, record["input_size"], record["seed"], progress=progress
    )
    if prepared.split.hash != made["split"]["hash"]:
        msg = (
            f"'{name}' was trained on the split {made['split']['hash']} of {dataset.name}, drawn "
            f"here it is {prepared.split.hash}; another version of skinlib or scikit-learn drew "
            "it, so install the versions of requirements.lock"
        )
        raise IntegrityError(msg)
    return prepared
