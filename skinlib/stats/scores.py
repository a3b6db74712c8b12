"""The scores that effects are measured on, for all resamples of a bootstrap at once."""

import numpy as np

from skinlib.common.classes import CLASSES
from skinlib.common.errors import IntegrityError
from skinlib.stats import bootstrap

SCORES = ("accuracy", "mean recall", "macro F1", "AUC, macro")


def scores(weights, labels, probabilities):
    """Return the scores of `SCORES` under weights of the images.

    With weights of 1 they are `skinlib.stats.metrics.summary`'s. Classes that a resample lacks are
    left out of its means.

    Parameters
    ----------
    weights : numpy.ndarray
        Shape (d, n), see `skinlib.stats.bootstrap.cluster_weights`.
    labels : numpy.ndarray
        Class index, shape (n,).
    probabilities : numpy.ndarray
        Shape (n, 7).

    Returns
    -------
    numpy.ndarray
        Shape (d, 4).
    """
    areas = [bootstrap.auc(weights, labels == k, probabilities[:, k]) for k in range(len(CLASSES))]
    macro = bootstrap.mean_present(np.stack(areas, axis=1))
    return np.column_stack([decisions(weights, labels, probabilities), macro])


def decisions(weights, labels, probabilities):
    """Return the scores that depend on the predicted class alone, all but the AUC.

    Parameters
    ----------
    weights, labels, probabilities
        As of `scores`.

    Returns
    -------
    numpy.ndarray
        Shape (d, 3), the first three of `SCORES`.
    """
    truth, answer = (np.eye(len(CLASSES))[each] for each in (labels, probabilities.argmax(axis=1)))
    positive, named = weights @ truth, weights @ answer
    right = weights @ (truth * answer)
    f1 = np.where(positive > 0, bootstrap.ratio(2 * right, positive + named), np.nan)
    return np.column_stack(
        [
            bootstrap.ratio(right.sum(axis=1), weights.sum(axis=1)),
            bootstrap.mean_present(bootstrap.ratio(right, positive)),
            bootstrap.mean_present(f1),
        ]
    )


def together(runs, part="test"):
    """Return the predictions of several runs for the same images.

    Parameters
    ----------
    runs : sequence of skinlib.experiments.run.Run
    part : str

    Returns
    -------
    labels : numpy.ndarray
        Class index, shape (n,).
    lesions : numpy.ndarray
        Lesion id of each image, shape (n,).
    probabilities : list of numpy.ndarray
        Of each run, shape (n, 7).

    Raises
    ------
    IntegrityError
        If they are not for the same images of the same data.
    """
    frames = [run.predictions(part) for run in runs]
    for run, frame in zip(runs, frames, strict=True):
        same = list(frame["image_id"]) == list(frames[0]["image_id"])
        if not same or run.record["data"] != runs[0].record["data"]:
            msg = f"'{run.folder}' and '{runs[0].folder}' have predictions for different images"
            raise IntegrityError(msg)
    labels = frames[0]["label"].map(CLASSES.index).to_numpy()
    lesions = frames[0]["lesion_id"].to_numpy()
    return labels, lesions, [frame[list(CLASSES)].to_numpy(float) for frame in frames]
