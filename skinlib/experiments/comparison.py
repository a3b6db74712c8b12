"""Compare two runs on the same images: the difference of a metric, with its interval.

The lesions are resampled together for both runs, so what is hard in them cancels. This is right for
the same images only, so whatever could mix two splits or two copies of the data is refused.
"""

import pandas as pd

from skinlib.common import paths
from skinlib.common.errors import DataError, IntegrityError
from skinlib.data import splits
from skinlib.experiments import effects, external
from skinlib.stats import paired
from skinlib.stats.bootstrap import N_RESAMPLES

METRICS = ("accuracy", "mean recall")


def compare(first, second, part="test", *, n_resamples=N_RESAMPLES):
    """Compare two finished runs.

    Parameters
    ----------
    first, second : skinlib.experiments.run.Run
    part : {'test', 'validation', 'official'}
    n_resamples : int

    Returns
    -------
    pandas.DataFrame
        One row a metric: ``first``, ``second``, ``difference`` (second minus first)
        and the 95 % interval of the difference, ``low`` and ``high``.
    """
    same_images(first, second, part)
    pair = effects.together((first, second), part)
    found = paired.effect([pair], METRICS, n_resamples=n_resamples)
    names = ("first", "second", "difference", "low", "high")
    return pd.DataFrame({"metric": METRICS, **{name: getattr(found, name) for name in names}})


def read_same(models, part="test"):
    """Return what `skinlib.experiments.effects.together` does, of runs by name, after a check.

    The probabilities are by name, too.

    Raises
    ------
    DataError, IntegrityError
        Without runs; see `same_images`.
    """
    if not models:
        msg = "there are no runs to compare; expected at least one finished run"
        raise DataError(msg)
    first, *others = runs = list(models.values())
    for other in others:
        same_images(first, other, part)
    labels, probabilities, lesions = effects.together(runs, part)
    return labels, dict(zip(models, probabilities, strict=True)), lesions


def same_images(first, second, part):
    """Refuse two runs that were not evaluated on the same images.

    Raises
    ------
    DataError
        A run has not finished.
    IntegrityError
        The runs are of different data or splits, the file of the split was edited
        since, or the predictions are not of the images of the split.
    """
    for run in (first, second):
        if not run.finished:
            msg = f"run '{run.folder}' is {run.record['status']}; a comparison needs finished runs"
            raise DataError(msg)
    wanted = (("data", "fingerprint"), ("split", "hash"))
    # The official test is nobody's split: models of different ones may meet there.
    for what, key in (("external", "fingerprint"),) if part == external.PART else wanted:
        one, other = (run.record.get(what, {}).get(key) for run in (first, second))
        if one != other:
            msg = (
                f"'{first.folder}' and '{second.folder}' have different {what} ({one} and "
                f"{other}), so their numbers are not of the same images; train both on one {what}"
            )
            raise IntegrityError(msg)
    for run in (first, second):
        expected, found = _expected(run, part), set(run.predictions(part)["image_id"])
        if expected is not None and expected != found:
            odd = sorted(expected ^ found)
            msg = (
                f"the predictions of '{run.folder}' are not of the {part} set of its split "
                f"{run.record['split']['hash']}: {', '.join(odd[:5])}; train the run again"
            )
            raise IntegrityError(msg)


def _expected(run, part):
    """Return the images of a set by the file of the split, None where there is none."""
    path = paths.RESULTS / "splits" / run.record["split"].get("file", "")
    if part == external.PART or not path.is_file():
        return None
    table = splits.read(path, run.record["split"]["unit"]).table
    return set(table.loc[table["part"] == part, "image_id"])
