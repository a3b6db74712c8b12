"""Teachers of a training: finished runs on the same split, whose mean prediction is learned too."""

import numpy as np

from skinlib.common.classes import CLASSES
from skinlib.data.prepare import prepare
from skinlib.experiments.records import starting_weights
from skinlib.models.classifier import build_classifier
from skinlib.models.prediction import predict
from skinlib.models.starting import RUN_PREFIX
from skinlib.models.weights import load_classifier

# Of the loss; the rest is of the labels.
SHARE = 0.5
# Of the softmax over similarities.
TEMPERATURE = 0.1


def teachers(recipe, row, seed, split):
    """Return the finished runs that a recipe names, as `skinlib.models.starting.Start`.

    ``{seed}`` in a name is the seed of the training. `DataError`: one has not finished, keeps no
    weights, or is of another backbone or split (by its hash).
    """
    found = [
        starting_weights(row, f"{RUN_PREFIX}{name.format(seed=seed)}") for name in recipe.teachers
    ]
    for each in found:
        each.check_split(split)
    return found


def taught(teachers, prepared, record):
    """Return the mean probabilities of teachers for the training set, shape (n, 7), or None."""
    found = []
    for each in teachers:
        size, seed = each.record["input_size"], record["seed"]
        theirs = prepare(each.recipe, prepared.dataset, size, seed, progress=False)
        model = build_classifier(each.record["backbone"], each.recipe, size=size)
        load_classifier(model, each.path, each.record["weights_sha256"])
        found.append(predict(model, theirs.parts["train"]))
    return np.mean(found, axis=0) if found else None


def targets(one_hot, taught, class_weights):
    """Return targets whose class-weighted cross-entropy is the sum of two losses, shape (b, 7).

    These are that of the labels, with class weights, and that of the teachers, without; each has
    its `SHARE`.
    """
    return (1 - SHARE) * one_hot + SHARE * taught / np.asarray(class_weights, np.float32)


def with_relations(loss, weight):
    """Return a loss that also keeps the relations between the images of a batch.

    The relations of an image are a softmax over its similarities to the others, so what the
    teachers find alike is drawn together. To the loss of each image, (b,), the Kullback-Leibler
    divergence from the teachers' relations to the network's is added, times `weight`. The targets
    are (b, 14): the last seven columns are the probabilities of the teachers.

    A simple form of the idea of Xing et al. 2021, which compares features with the centres of the
    classes.
    """
    from keras import ops

    def related(targets, probabilities):
        taught = _log_relations(targets[:, len(CLASSES) :])
        own = _log_relations(probabilities)
        divergence = ops.sum(ops.exp(taught) * (taught - own), axis=-1)
        return loss(targets[:, : len(CLASSES)], probabilities) + weight * divergence

    return related


def _log_relations(probabilities):
    """Return the logarithm of the relations of the images of a batch: (b, 7) to (b, b)."""
    from keras import ops

    # The similarity is the cosine; an image has none with itself.
    unit = probabilities / ops.norm(probabilities, axis=-1, keepdims=True)
    similar = ops.matmul(unit, ops.transpose(unit)) / TEMPERATURE
    # Finite, since 0 times an infinite difference is not a number.
    itself = ops.eye(ops.shape(unit)[0], dtype=unit.dtype) * 1e4
    return ops.log_softmax(similar - itself, axis=-1)
