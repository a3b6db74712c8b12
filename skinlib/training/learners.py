"""Classifiers of scikit-learn on features of a pretrained network: recipe field ``learner``."""

import dataclasses
import time

import keras
import numpy as np
import pandas as pd
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skinlib.common.classes import CLASSES
from skinlib.experiments import records, run
from skinlib.models.classifier import build_classifier
from skinlib.models.prediction import predict
from skinlib.models.runtime import peak_memory_mb
from skinlib.training import evaluation, losses


def train(job, prepared, weights):
    """Fit the learner of a recipe, predict all other sets and close the record of the run.

    What it learns from are the channels of the tapped tensor, averaged over positions, and the
    metadata. There is one "epoch", and no weights are kept.
    """
    record, recipe, start = job.record, job.recipe, time.perf_counter()
    model = build_classifier(
        record["backbone"], recipe, size=record["input_size"], weights=weights, seed=record["seed"]
    )
    labels = prepared.parts["train"].labels
    class_weights = losses.weights_of(recipe, labels)
    records.equip(record, prepared, model, class_weights)
    features = {name: features_of(model, part) for name, part in prepared.parts.items()}
    job.watch.check("before the learner is fitted")
    scaler = StandardScaler().fit(features["train"])
    inputs = {name: scaler.transform(each) for name, each in features.items()}
    lesions = prepared.tables["train"]["lesion_id"].to_numpy()
    chosen = learner(
        recipe.learner, class_weights, record["seed"], inputs["train"], labels, lesions
    )
    chosen.fit(inputs["train"], labels)
    found = {name: np.zeros((len(each), len(CLASSES))) for name, each in inputs.items()}
    for name, each in inputs.items():
        found[name][:, chosen.classes_] = chosen.predict_proba(each)
    rows = {
        name: evaluation.epoch_scores(prepared.parts[name].labels, found[name])
        for name in ("train", recipe.selection)
    }
    history = {"epoch": 1, "loss": rows["train"]["loss"], "accuracy": rows["train"]["accuracy"]}
    history |= {f"val_{name}": value for name, value in rows[recipe.selection].items()}
    seconds = time.perf_counter() - start
    run.write_history(job.folder, [{**history, "learning_rate": 0.0, "seconds": seconds}])
    held_out = [name for name in prepared.parts if name != "train"]
    tables = [prepared.tables[name] for name in held_out]
    run.write_predictions(
        job.folder,
        pd.concat(tables, ignore_index=True),
        np.repeat(held_out, [len(table) for table in tables]),
        np.concatenate([found[name] for name in held_out]),
    )
    record.update(
        status="finished", epochs=1, best_epoch=1, selection=recipe.selection, stopped_early=False,
        seconds_per_epoch=round(seconds, 2), peak_memory_mb=peak_memory_mb(),
        finished=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    )  # fmt: skip
    run.write_record(job.folder, record)


def features_of(model, part):
    """Return the tapped tensor averaged over positions, and the metadata: shape (n, C [+ 21])."""
    tap = keras.layers.GlobalAveragePooling2D()(model.get_layer("pool").input)
    below = keras.Model({"image": model.get_layer("image").output}, tap)
    features = predict(below, dataclasses.replace(part, metadata=None, masks=None))
    return features if part.metadata is None else np.hstack([features, part.metadata])


def learner(name, class_weights, seed, inputs, labels, lesions):
    """Return a classifier of scikit-learn that is not fitted yet.

    Parameters
    ----------
    name : {'random_forest', 'gradient_boosting', 'svm'}
    class_weights : numpy.ndarray
        Shape (7,).
    seed : int
    inputs, labels, lesions : numpy.ndarray
        Of the training set: (n, k), (n,) and (n,). The probabilities of the support vector machine
        are calibrated on folds by lesion.
    """
    weights = dict(enumerate(np.asarray(class_weights, float)))
    if name == "random_forest":
        return RandomForestClassifier(500, class_weight=weights, random_state=seed)
    if name == "gradient_boosting":
        return HistGradientBoostingClassifier(class_weight=weights, random_state=seed)
    folds = StratifiedGroupKFold(3, shuffle=True, random_state=seed)
    return CalibratedClassifierCV(
        SVC(class_weight=weights),
        cv=list(folds.split(inputs, labels, lesions)),
        ensemble=False,
    )
