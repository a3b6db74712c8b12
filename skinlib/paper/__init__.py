"""The paper's numbers and the logged numbers, read from YAML inside the package."""

import functools
from importlib import resources

import yaml


@functools.cache
def accuracy():
    """Return printed, published and logged results of the metadata arm by backbone.

    Returns
    -------
    dict
        ``{backbone: {"accuracy": {"paper", "published", "logged"}, "auc": …, "source"}}``;
        see the comment at the top of ``accuracy.yaml`` for the sources.
    """
    text = resources.files(__package__).joinpath("accuracy.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


def value(backbone, metric, column):
    """Return one number, or None where it was not printed or not logged.

    Parameters
    ----------
    backbone : str
    metric : str
        ``accuracy``, ``auc``, ``macro_f1``, ``mean_recall`` or ``macro_precision``.
    column : str
        ``paper``, ``published`` or ``logged``.
    """
    return accuracy().get(backbone, {}).get(metric, {}).get(column)
