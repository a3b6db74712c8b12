"""Pictures that the ranges of int8 activations are measured on: of the training part."""

import numpy as np

COUNT = 128


def pictures(classifier, data, count=COUNT):
    """Return training pictures of a model, evenly from its training part.

    Parameters
    ----------
    classifier : skinlib.predict.model.Classifier
    data : str or pathlib.Path
        What it was trained on; see `skinlib.data.ham10000.locate`.
    count : int

    Returns
    -------
    dict of str to numpy.ndarray
        Inputs of `skinlib.predict.export.graph.servable`, in RGB whatever the model was trained on.

    Raises
    ------
    skinlib.common.errors.IntegrityError
        The data or the split are not those of the model.
    """
    from skinlib.predict.measure import prepare

    part = prepare(classifier, data).parts["train"]
    return inputs(part, np.unique(np.linspace(0, len(part) - 1, count).astype(int)))


def inputs(part, index):
    """Return inputs of a `skinlib.predict.export.graph.servable` from a part.

    Parameters
    ----------
    part : skinlib.data.batches.Part
    index : numpy.ndarray
        Positions within the part.

    Returns
    -------
    dict of str to numpy.ndarray
    """
    return {"image": part.pixels[part.rows[index]], **part.facts(index)}
