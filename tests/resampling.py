"""A bootstrap over clusters that copies rows: slow and plain, to check the one with weights."""

import numpy as np


def cluster_bootstrap(statistic, labels, probabilities, clusters, *, draws=1000, seed=0):
    """Return the ends of the 95 % percentile interval of a statistic, or of each of k statistics."""
    members = [np.flatnonzero(clusters == each) for each in np.unique(clusters)]
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(draws):
        rows = np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))])
        values.append(statistic(labels[rows], probabilities[rows]))
    return np.nanquantile(np.array(values, float), [0.025, 0.975], axis=0)
