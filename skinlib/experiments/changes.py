"""One thing changed at a time: the attention, or one setting of the authors' notebooks."""

from skinlib.experiments.study import load_study
from skinlib.stats import paired
from skinlib.stats.bootstrap import N_RESAMPLES

NONE, CODED, DESCRIBED = "metadata-weights", "as-coded", "attention-metadata-weights"
# Titles, and two variants of the studies: the first is subtracted from the second.
ATTENTIONS = {
    "described − coded (clean)": (CODED, DESCRIBED),
    "coded − none (clean)": (NONE, CODED),
    "described − none (clean)": (NONE, DESCRIBED),
}
RGB, ATTENTION = "RGB", "attention as described"
SETTINGS = {
    RGB: "rgb",
    ATTENTION: "attention-as-described",
    "batches of 32": "batch-32",
    "ImageNet scaling": "scaling-mirrored",
}
SETTINGS_STUDY, SETTINGS_RECIPE = "as-logged-vs-described", "md-as-logged-frozen"


def attentions(*, n_resamples=N_RESAMPLES):
    """Compare no attention, attention as coded and as described, in the clean recipe.

    All three have metadata and class weights and no augmentation. The seeds are those of the
    studies ``ablation`` and ``attention``.

    Parameters
    ----------
    n_resamples : int
        Of lesions.

    Returns
    -------
    dict of str to skinlib.stats.paired.Effect
        By `ATTENTIONS`.
    """
    studies = [load_study(name) for name in ("ablation", "attention")]
    ways = {
        variant: {
            key: run for study in studies for key, run in paired.finished(study, variant).items()
        }
        for variant in (NONE, CODED, DESCRIBED)
    }
    return paired.contrasts(ways, ATTENTIONS, n_resamples=n_resamples)


def settings(*, n_resamples=N_RESAMPLES):
    """Change one setting of the authors' recipe at a time, from as logged to as described.

    Parameters
    ----------
    n_resamples : int
        Of lesions.

    Returns
    -------
    dict of str to skinlib.stats.paired.Effect
        By `SETTINGS`. The test set also chose the epoch, as in the notebooks.
    """
    study = load_study(SETTINGS_STUDY)
    ways = {
        variant: paired.finished(study, variant, SETTINGS_RECIPE)
        for variant in (None, *SETTINGS.values())
    }
    wanted = {title: (None, variant) for title, variant in SETTINGS.items()}
    return paired.contrasts(ways, wanted, n_resamples=n_resamples)
