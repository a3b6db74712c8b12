"""Loss and optimiser: class weights, the weighted cross-entropy of paper §2.2.5, and Adam."""

import math

import numpy as np

from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError
from skinlib.training import distillation

# Smallest probability inside the logarithm, as in Keras.
EPSILON = 1e-7


def compile_network(network, recipe):
    """Compile what is trained with the loss and the optimiser of a recipe.

    Sets the `sums` of a `skinlib.training.network.Network`, and returns the class weights, (7,).
    """
    import keras

    from skinlib.training.averaging import AveragingAdam

    labels = network.parts["train"].labels
    weights = weights_of(recipe, labels)
    loss = weighted_cross_entropy(
        # Cumulative ones come with the images of each epoch (`skinlib.training.mixing`).
        np.ones(len(CLASSES)) if recipe.cumulative else weights,
        smoothing=recipe.label_smoothing,
        offsets=prior_offsets(labels, recipe.logit_adjustment),
        focal=recipe.focal,
        cap=recipe.loss_cap,
    )
    if recipe.relations:
        loss = distillation.with_relations(loss, recipe.relations)
    # By object, not by name: Keras makes the sums of a named metric in its first step only,
    # too late to restore saved ones.
    accuracy = keras.metrics.MeanMetricWrapper(_correct, name="accuracy")
    # It is Keras' Adam, but for the average of the weights, which only `ema` keeps.
    optimizer = AveragingAdam(
        recipe.learning_rate,
        epsilon=recipe.epsilon,
        # With one this is AdamW.
        weight_decay=recipe.weight_decay or None,
        use_ema=bool(recipe.ema),
        ema_momentum=recipe.ema,
    )
    model = network.trained
    # Before the first step: TensorFlow traces a step a second time when the first trace makes
    # variables, and a trace of a large network takes a minute.
    optimizer.build(model.trainable_variables)
    model.compile(
        optimizer=optimizer,
        loss=loss,
        metrics=[accuracy],
        jit_compile=network.jit_compile,
        steps_per_execution=recipe.steps_per_execution,
    )
    network.sums = [*model.metrics[0].variables, *accuracy.variables]
    return np.asarray(weights)


def _correct(targets, probabilities):
    """Return 1 where the class of the highest probability is that of the highest target, (b,)."""
    import keras

    return keras.metrics.categorical_accuracy(targets[:, : len(CLASSES)], probabilities)


def weights_of(recipe, labels, epoch=None):
    """Return the class weights of a recipe, shape (7,); of an epoch, where they are cumulative."""
    weights, power = recipe.class_weights, recipe.weight_power
    if isinstance(weights, str):
        weights = class_weights(labels) if weights == "balanced" else np.ones(len(CLASSES))
    if recipe.cumulative and epoch is not None:
        power *= (epoch / max(recipe.epochs - 1, 1)) ** 2
    if power == 1:
        return weights
    raised = np.asarray(weights, float) ** power
    return raised / raised[labels].mean()


def class_weights(labels):
    """Return W_c = N / (C · N_c), shape (7,): the weights of the paper's "new loss" (§2.2.5).

    `labels` are the class indices of the training images, (n,); `DataError`: a class has none.
    """
    counts = np.bincount(labels, minlength=len(CLASSES))
    if not counts.all():
        empty = [name for name, count in zip(CLASSES, counts, strict=True) if not count]
        msg = (
            f"no training image of class {', '.join(empty)}, its weight is undefined; add images "
            "of it, or train without weights: --set class_weights=none"
        )
        raise DataError(msg)
    return len(labels) / (len(CLASSES) * counts)


def prior_offsets(labels, strength):
    """Return τ log π_c for logit adjustment, shape (7,); None where `strength` τ is 0."""
    if not strength:
        return None
    counts = np.bincount(labels, minlength=len(CLASSES))
    return strength * np.log(np.maximum(counts, 1) / len(labels))


def weighted_cross_entropy(weights, *, smoothing=0.0, offsets=None, focal=0.0, cap=0.0):
    """Return the loss -1/N Σ_n W_(class of n) log p_n(class of n).

    It is a function of (one_hot, probabilities) that gives losses of shape (n,), whose mean Keras
    takes. The weight multiplies each image, as Keras' ``class_weight`` does.

    Parameters
    ----------
    weights : array_like
        W_c, shape (7,).
    smoothing : float
        Share of each target that is spread evenly over the classes.
    offsets : array_like, optional
        Added to the logits inside the loss only, shape (7,): τ log π_c for logit adjustment
        (Menon et al. 2021, equation 10).
    focal, cap : float
        γ of the factor (1 - p)^γ on each term, and the probability β that bounds it by -log β.
    """
    from keras import ops

    weights = np.asarray(weights, np.float32)
    shifts = None if offsets is None else np.asarray(offsets, np.float32)

    def weighted_categorical_cross_entropy(one_hot, probabilities):
        logarithm = ops.log(ops.clip(probabilities, EPSILON, 1.0 - EPSILON))
        if shifts is not None:
            logarithm = ops.log_softmax(logarithm + shifts, axis=-1)
        certain = ops.exp(logarithm) if focal else None
        if cap:
            logarithm = ops.maximum(logarithm, math.log(cap))
        if focal:
            logarithm = logarithm * (1.0 - certain) ** focal
        if not smoothing:
            return -ops.sum(one_hot * logarithm * weights, axis=-1)
        weight = ops.sum(one_hot * weights, axis=-1)
        target = (1.0 - smoothing) * one_hot + smoothing / len(CLASSES)
        return -weight * ops.sum(target * logarithm, axis=-1)

    return weighted_categorical_cross_entropy


def cross_entropy(labels, probabilities):
    """Return the plain mean cross-entropy, in nats, of labels (n,) and probabilities (n, 7)."""
    chosen = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.clip(chosen, EPSILON, 1.0)).mean())
