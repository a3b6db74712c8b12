"""Classifiers of scikit-learn on features of a pretrained network: recipe field ``learner``."""

import dataclasses
import time

import keras
import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skinlib.common.classes import CLASSES
from skinlib.experiments import records, run
from skinlib.models.classifier import build_classifier
from skinlib.models.prediction import predict
from skinlib.training import evaluation, losses
from skinlib.training.schedule import Controls
from skinlib.training.state import Progress


def train(job):
    """Fit the learner of a recipe, predict all other sets and close the record of the run.

    What it learns from are the channels of the tapped tensor, averaged over positions, and the
    metadata. There is one "epoch", and no weights are kept.
    """
    start = time.perf_counter()
    record, recipe, parts = job.record, job.recipe, job.prepared.parts
    size, seed = record["input_size"], record["seed"]
    model = build_classifier(record["backbone"], recipe, size=size, weights=job.weights, seed=seed)
    labels = parts["train"].labels
    class_weights = losses.weights_of(recipe, labels)
    records.equip(record, job.prepared, model, class_weights)
    features = {name: features_of(model, part) for name, part in parts.items()}
    job.watch.check("before the learner is fitted")
    scaler = StandardScaler().fit(features["train"])
    inputs = {name: scaler.transform(each) for name, each in features.items()}
    lesions = job.prepared.tables["train"]["lesion_id"].to_numpy()
    # A generator: split only by the learner that takes them.
    folds = StratifiedGroupKFold(3, shuffle=True, random_state=seed)
    folds = folds.split(inputs["train"], labels, lesions)
    weights = dict(enumerate(np.asarray(class_weights, float)))
    chosen = learner(recipe.learner, weights, seed, folds).fit(inputs["train"], labels)
    found = {name: np.zeros((len(each), len(CLASSES))) for name, each in inputs.items()}
    for name, each in inputs.items():
        found[name][:, chosen.classes_] = chosen.predict_proba(each)
    fitted, held_out = (
        evaluation.epoch_scores(parts[name].labels, found[name])
        for name in ("train", recipe.selection)
    )
    row = {"epoch": 1, "loss": fitted["loss"], "accuracy": fitted["accuracy"]}
    row |= {f"val_{name}": value for name, value in held_out.items()}
    row |= {"learning_rate": 0.0, "seconds": time.perf_counter() - start}
    del found["train"]
    run.write_history(job.folder, [row])
    evaluation.write_predictions(job, found)
    records.close(record, recipe, Progress(Controls(0.0, best_epoch=0), [row]), None)
    run.write_record(job.folder, record)


def features_of(model, part):
    """Return the tapped tensor averaged over positions, and the metadata: shape (n, C [+ 21])."""
    tap = keras.layers.GlobalAveragePooling2D()(model.get_layer("pool").input)
    below = keras.Model({"image": model.get_layer("image").output}, tap)
    features = predict(below, dataclasses.replace(part, metadata=None, masks=None))
    return features if part.metadata is None else np.hstack([features, part.metadata])


def learner(name, weights, seed, folds):
    """Return a classifier of scikit-learn that is not fitted yet.

    `weights` are those of the classes by index. The probabilities of the support vector machine
    are calibrated on `folds`.
    """
    if name == "random_forest":
        return RandomForestClassifier(500, class_weight=weights, random_state=seed)
    if name == "gradient_boosting":
        return HistGradientBoostingClassifier(class_weight=weights, random_state=seed)
    return CalibratedClassifierCV(SVC(class_weight=weights), cv=list(folds), ensemble=False)
