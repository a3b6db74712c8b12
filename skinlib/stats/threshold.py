"""Decisions shifted by the class shares, so that networks are compared at their best threshold.

A network trained without class weights seldom predicts rare classes, however well it ranks the
photographs. Dividing its probabilities by the class shares to a power, tau, moves the decisions
towards the rare classes without any training.

Source: Menon et al., Long-tail learning via logit adjustment, ICLR 2021.
"""

import numpy as np

from skinlib.common.classes import CLASSES
from skinlib.stats.scores import scores

TAUS = np.linspace(0, 2, 41)


def shift(probabilities, shares, tau):
    """Divide probabilities (n, 7) by the class shares (7,) to the power of tau; rows sum to 1."""
    moved = probabilities * shares**-tau
    return moved / moved.sum(axis=1, keepdims=True)


def best(labels, probabilities):
    """Choose tau: the smallest of `TAUS` that gives the best mean recall.

    Labels (n,) and probabilities (n, 7) are of validation photographs. Returned are tau and the
    shares (7,) of the classes among these; a class without any counts as one photograph.
    """
    shares = np.bincount(labels, minlength=len(CLASSES)).clip(min=1) / len(labels)
    once = np.ones((1, len(labels)))
    found = [
        scores(once, labels, shift(probabilities, shares, tau), ["mean recall"]) for tau in TAUS
    ]
    return float(TAUS[np.argmax(found)]), shares


def shifted(run, probabilities):
    """Shift probabilities of a run, shape (n, 7), by the tau that is best on its validation set."""
    labels, validation, _ = run.arrays("validation")
    tau, shares = best(labels, validation)
    return shift(probabilities, shares, tau)
