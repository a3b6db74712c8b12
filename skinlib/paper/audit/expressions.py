"""Arithmetic on printed, logged and counted numbers, as ``claims.yaml`` writes it.

An expression is made of numbers, ``+ - * /``, names, and the functions below:
``log('ResNet50 MD', 'accuracy')``, ``mean(TP / (TP + FN))``. Values of all classes are arrays in
the order of `skinlib.common.classes.CLASSES`.
"""

import ast
import operator
import re

import numpy as np

from skinlib.common.classes import CLASSES
from skinlib.paper import rounding
from skinlib.paper.audit.facts import NotAvailable, OutOfReach

_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
# What ``preprocess_input`` of a module of keras.applications does.
_CAFFE = "channels reversed, ImageNet means subtracted"
_SCALINGS = {
    **dict.fromkeys(("mobilenet", "mobilenet_v2", "inception_resnet_v2", "nasnet"), "−1 to 1"),
    "mobilenet_v3": "0 to 255, which the network itself scales to −1 to 1",
    "densenet": "normalised with the mean and deviation of ImageNet",
    "resnet": _CAFFE,
}
_SWITCH = {True: "on", False: "off"}


def evaluate(text, facts, run=None):
    """Evaluate an expression; what is no text is its own value.

    For the names of `counts`, `run` is the logged training run that is meant.

    Raises
    ------
    ValueError
        If the text is anything else than such an expression.
    skinlib.paper.audit.facts.NotAvailable
        If a number in it is not known.
    """
    names = counts(facts, run)

    def value(node):
        match node:
            case ast.Constant(value=int() | float() | str() as found):
                return found
            case ast.Name(id=name) if name in names:
                return names[name]
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                return _OPERATORS[type(op)](value(left), value(right))
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                if name in _PLAIN:
                    return _PLAIN[name](*map(value, arguments))
                if name in _FUNCTIONS:
                    return _FUNCTIONS[name](facts, *map(value, arguments))
        msg = f"'{text}' is no formula of {', '.join([*names, *_PLAIN, *_FUNCTIONS])}"
        raise ValueError(msg)

    return value(ast.parse(text, mode="eval").body) if isinstance(text, str) else text


def counts(facts, run=None):
    """Return the names of the paper's formulas.

    Always ``N``, ``C`` and ``N_i``: images, classes, and images by class, as Table 2 prints. Of a
    logged training run ``TN``, ``FP``, ``FN`` and ``TP`` by class, NaN where not logged, and
    ``rows``, ``columns``, ``diagonal`` and ``total`` of its confusion matrix, true classes in rows.
    """
    table = facts.printed["paper"]["2"]
    images = np.array([table.value(name, "images") for name in CLASSES], float)
    names = {"N": images.sum(), "C": len(CLASSES), "N_i": images}
    if run is not None:
        names |= facts.run(run).counts()
    if run in facts.confusion["logged"]:
        matrix = np.array(facts.confusion["logged"][run])
        names |= {"rows": matrix.sum(axis=1), "columns": matrix.sum(axis=0)}
        names |= {"diagonal": np.diag(matrix), "total": matrix.sum()}
    return names


def cell(facts, table, row, column, version="paper"):
    """Return one printed cell; the version is ``paper`` or ``journal``."""
    value = facts.printed[version][table].value(row, column)
    if value is None:
        msg = f"Table {table} prints nothing for {row}, {column}"
        raise NotAvailable(msg)
    return value


def row(facts, table, name):
    """Return the printed cells of a row, by class."""
    return np.array(facts.printed["paper"][table].rows[name][: len(CLASSES)], float)


def column(facts, table, name=None):
    """Return the cells of a column, without empty ones; by default the names of the rows."""
    found = facts.printed["paper"][table]
    if name is None:
        return list(found.rows)
    cells = [found.value(each, name) for each in found.rows if name in found.columns]
    return np.array([value for value in cells if value is not None], object)


def log(facts, run, what):
    """Return a field of a logged run: ``accuracy``, ``auc.macro``, or one of `SETTINGS`."""
    logged = facts.run(run)
    value = SETTINGS[what](logged) if what in SETTINGS else logged.get(what)
    if value is None or value == []:
        msg = f"'{what}' of {run} was not logged"
        raise NotAvailable(msg)
    if isinstance(value, list):
        return " and ".join(value) if isinstance(value[0], str) else np.array(value, float)
    return value


def _range(weights):
    if weights is None:
        return None
    return "equal" if len(set(weights)) == 1 else f"{min(weights):g} to {max(weights):g}"


def _batch(run):
    # 8,962 images in 896 steps is a batch of 10, the last one short.
    steps = run.settings.get("steps_per_epoch")
    return round(run.train_images / steps) if steps else None


def _device(run):
    return " and ".join(dict.fromkeys(name.partition(":")[0] for name in run.devices)) or None


def _channels(run):
    """Return the order in which the channels arrive at the network."""
    read, scaling = (run.settings.get(name) for name in ("channels", "scaling"))
    return read[::-1] if read and _SCALINGS[scaling] == _CAFFE else read


# Settings of a logged training run by name; None where they were not logged.
SETTINGS = {
    name: lambda run, name=name: run.settings.get(name.replace(" ", "_"))
    for name in (
        "attention parameters", "augmentation", "dropout", "epochs at most", "epsilon", "factor",
        "learning rate", "metadata units", "minimum rate", "patience", "pixels", "tap",
        "tap layer", "tap shape", "weights",
    )
} | {
    "all images": lambda run: run.test_images + run.train_images,
    "batch size": _batch,
    "channels": _channels,
    "class weights": lambda run: _range(run.class_weights),
    "device": _device,
    "held-out share": lambda run: round(run.test_images / (run.test_images + run.train_images), 2),
    "learning-rate schedule": lambda run: _SWITCH.get(run.settings.get("schedule")),
    "scaling": lambda run: _SCALINGS.get(run.settings.get("scaling")),
    "stopping on": lambda run: run.settings.get("monitor"),
    "test images": lambda run: run.test_images,
    "training images": lambda run: run.train_images,
}  # fmt: skip


def rate(facts, run, name):
    """Return a rate of a logged training run by class: ``auc``, or one computed from its counts."""
    found = facts.run(run).rates()[name]
    if np.isnan(found).any():
        msg = f"the one-vs-rest counts of {run} are not complete"
        raise NotAvailable(msg)
    return found


def fact(facts, field, *path):
    """Return a member of a field of the facts, by keys of dictionaries, in a list by ``name``.

    A truth value is ``on`` or ``none``; nothing is ``none``.
    """
    found = getattr(facts, field)
    for name in path:
        if isinstance(found, list):
            found = next(each for each in found if each["name"] == name)
        elif name in found:
            found = found[name]
        else:
            msg = f"there is no '{name}' in '{field}'"
            raise NotAvailable(msg)
    if found is None or isinstance(found, bool):
        return "on" if found else "none"
    return found


def tapped(facts, run, pattern):
    """Return the number of the block that is tapped: the group of a pattern of the layer's name."""
    layer = log(facts, run, "tap layer")
    match = re.search(pattern, layer)
    if match is None:
        msg = f"the tap of {run} is '{layer}', which does not tell its block"
        raise NotAvailable(msg)
    return int(match[1])


def work(facts, number, *path):
    """Return what a cited work says, by the names in ``comparators.yaml``."""
    found = facts.works[number]
    for name in path:
        found = (found or {}).get(name)
    if found is None:
        where = "the paper names no source for it" if number == "none" else f"[{number}]"
        msg = f"no text at hand says it ({where})"
        raise OutOfReach(msg)
    return found


_FUNCTIONS = {
    function.__name__: function for function in (cell, row, column, log, rate, fact, tapped, work)
}
_PLAIN = {
    "mean": np.mean,
    "sum": np.sum,
    "min": lambda *values: np.min(values),
    "max": lambda *values: np.max(values),
    "count": len,
    "cut": rounding.cut,
    "item": lambda values, place: int(values[place]),
    "yes": lambda value: "yes" if value else "no",
    "of": lambda values, name: values[CLASSES.index(name)],
    "scaled": _SCALINGS.get,
}
