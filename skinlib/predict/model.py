"""A trained network with its preprocessing and its rule: pixels in, probabilities out.

`Classifier` computes it with Keras, the reference. `skinlib.predict.onnx_classifier` computes a
released model without. `Predictor` is what both share.
"""

import dataclasses
from pathlib import Path

import numpy as np
from tqdm import tqdm

from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError
from skinlib.common.files import require_file
from skinlib.common.process import import_keras
from skinlib.data import pixels
from skinlib.data.images import MAX_PHOTOGRAPH, decode
from skinlib.data.metadata import MetadataEncoder
from skinlib.experiments.recipes import from_json
from skinlib.models.prediction import d4
from skinlib.models.weights import check_file, load_classifier
from skinlib.predict import abstention, ood
from skinlib.predict.requests import check_facts, complete, table
from skinlib.stats import points

# Pixels; a smaller picture shows nothing that a network could use.
LEAST_SIDE = 32


@dataclasses.dataclass(frozen=True)
class Predictions:
    """What a model predicts for n photographs.

    Attributes
    ----------
    probabilities : numpy.ndarray
        Fitted to the data if the model has a rule, shape (n, 7).
    status : numpy.ndarray of str
        Of `skinlib.predict.abstention`, shape (n,).
    alike : numpy.ndarray or None
        Class index at the operating point *every class alike*, shape (n,); None without a rule.
    flagged : numpy.ndarray or None
        Whether the melanoma probability exceeds its threshold, shape (n,); None without a rule.
    colours, features : numpy.ndarray or None
        For `skinlib.predict.ood`, shapes (n, 12) and (n, C); None where it is part of the graph.
    distances : numpy.ndarray or None
        From the training set, see `skinlib.predict.ood`, shape (n,).
    maps : numpy.ndarray or None
        Mean of the K attention maps, shape (n, h, w); each sums to 1.
    """

    probabilities: np.ndarray
    status: np.ndarray
    alike: np.ndarray | None
    flagged: np.ndarray | None
    colours: np.ndarray
    features: np.ndarray
    distances: np.ndarray | None
    maps: np.ndarray | None


class Predictor:
    """What is before and after a network, whichever runtime computes it.

    A subclass has ``runtime``, the name and version of that runtime, and computes ``_inside`` and
    ``_probabilities``.

    Parameters
    ----------
    record : dict
        Of ``run.json`` or ``model.json``: ``recipe``, ``metadata``, ``backbone``, ``input_size``.
    rule : skinlib.predict.abstention.Rule, optional
        Without one probabilities are those of the network, and every photograph is answered.
    """

    batch = 64

    def __init__(self, record, rule=None):
        self.record, self.rule = record, rule
        self.recipe = from_json(record["recipe"])
        self.encoder = MetadataEncoder.from_json(record["metadata"])

    @property
    def name(self):
        """Name of a released model, or study and name of a run."""
        return self.record.get("name") or f"{self.record['study']}/{self.record['run']}"

    def prepare(self, path):
        """Return a photograph as the network takes it: (size, size, 3), uint8, RGB."""
        return self.square(open_photograph(path), self.record["input_size"])

    def square(self, image, size):
        """Return the square of a decoded photograph that the network sees."""
        recipe = self.recipe
        return pixels.resize(image, size, interpolation=recipe.interpolation, crop=recipe.crop)

    def cached(self, dataset, progress=True):
        """Return all images of a data set as the network takes them, from the pixel cache."""
        recipe, size = self.recipe, self.record["input_size"]
        options = {"interpolation": recipe.interpolation, "crop": recipe.crop}
        return pixels.cached(dataset, size, **options, progress=progress)

    def classify(self, pictures, facts, *, views=None, progress=None):
        """Return `Predictions`.

        Parameters
        ----------
        pictures : numpy.ndarray
            From `prepare`, shape (n, size, size, 3).
        facts : pandas.DataFrame
            n rows of ``age``, ``sex``, ``localization``, see `skinlib.predict.requests.table`.
        views : {'one', 'd4'}, optional
            The recipe's by default.
        progress : str, optional
            Title of a progress bar; False or None: no bar.
        """
        starts = range(0, len(facts), self.batch)
        starts = tqdm(starts, progress, unit="batch", disable=not progress)
        rows = (slice(start, start + self.batch) for start in starts)
        found = [self._classify(pictures[each], facts.iloc[each], views) for each in rows]
        columns = zip(*(vars(each).values() for each in found), strict=True)
        return Predictions(*(None if each[0] is None else np.concatenate(each) for each in columns))

    def _classify(self, pictures, facts, views):
        inputs = {"image": np.ascontiguousarray(pictures)}
        if self.recipe.metadata:
            inputs["metadata"] = self.encoder.transform(facts)
        # The other squares of `crops` are of whole photographs, which are not here.
        several = (views or self.recipe.views) != "one"
        seen = list(d4(inputs["image"])) if several else [inputs["image"]]
        # Distance and attention are those of the first view, the picture as it is.
        found = self._inside(inputs)
        others = [self._probabilities({**inputs, "image": view}) for view in seen[1:]]
        probabilities = np.mean([found.pop("probabilities"), *others], axis=0)
        if not self.rule:
            status = np.full(len(probabilities), abstention.ANSWERED, object)
            return Predictions(probabilities, status, None, None, **found)
        known = complete(facts) if self.recipe.metadata else True
        answers = self.rule.answers(probabilities, found["distances"], known)
        alike = answers.named[points.ALIKE]
        return Predictions(answers.probabilities, answers.status, alike, answers.flagged, **found)

    def _inside(self, inputs):
        """Return probabilities and the last fields of `Predictions`, of pictures as they are."""
        raise NotImplementedError

    def _probabilities(self, inputs):
        """Return the probabilities of one view, shape (n, 7)."""
        raise NotImplementedError

    def predict(self, path, *, age=None, sex="unknown", site="unknown"):
        """Return class to probability for one photograph, fitted to the data if there is a rule.

        Errors are those of `skinlib.predict.requests.check_facts` and `open_photograph`.
        """
        check_facts(age, sex, site)
        found = self.classify(self.prepare(path)[None], table([(age, sex, site)]))
        return dict(zip(CLASSES, map(float, found.probabilities[0]), strict=True))


class Classifier(Predictor):
    """A trained classifier in Keras.

    Parameters
    ----------
    record : dict
        See `Predictor`.
    weights : str or pathlib.Path
    sha256 : str
        Of the weights file, which is checked before it is opened.
    rule : skinlib.predict.abstention.Rule, optional
        See `Predictor`.
    detector : skinlib.predict.ood.Detector, optional
    name : str or pathlib.Path, optional
        See `skinlib.models.weights.load_classifier`.
    """

    def __init__(self, record, weights, sha256, *, rule=None, detector=None, name=None):
        # Before seconds are spent on building the network.
        check_file(weights, sha256)
        import_keras()
        import keras

        from skinlib.models.classifier import build_classifier

        super().__init__(record, rule)
        self.detector = detector
        self.runtime = f"Keras {keras.__version__}, {keras.backend.backend()}"
        self.model = build_classifier(record["backbone"], self.recipe, size=record["input_size"])
        load_classifier(self.model, weights, sha256, name)
        self._inner = None

    def _inside(self, inputs):
        import keras

        if self._inner is None:
            self._inner = keras.Model(self.model.inputs, outputs(self.model))
        # By name is by position here: the functional graph keeps the order of its inputs.
        fed = self._fed(inputs)
        found = self._inner.predict_on_batch([fed[tensor.name] for tensor in self.model.inputs])
        found = {name: np.asarray(values) for name, values in found.items()}
        colours, features = ood.colours(inputs["image"]), found["features"].astype(np.float32)
        return {
            "probabilities": found["probabilities"],
            "colours": colours,
            "features": features,
            "distances": self.detector.distance(colours, features) if self.detector else None,
            "maps": found["attention"].mean(axis=-1) if "attention" in found else None,
        }

    def _probabilities(self, inputs):
        return np.asarray(self.model.predict_on_batch(self._fed(inputs)))

    def _fed(self, inputs):
        if self.recipe.channel_order == "rgb":
            return inputs
        return {**inputs, "image": np.ascontiguousarray(inputs["image"][..., ::-1])}


def outputs(model):
    """Return tensors of a network by name: ``probabilities``, ``features`` and ``attention``.

    Features are means over positions, (n, C); attention is there if the network has any,
    (n, h, w, K).
    """
    import keras

    features = keras.ops.mean(model.get_layer("pool").input, axis=(1, 2))
    found = {"probabilities": model.output, "features": features}
    if any(layer.name == "soft_attention" for layer in model.layers):
        found["attention"] = model.get_layer("soft_attention").output[1]
    return found


def open_photograph(path):
    """Decode a photograph whole, upright, in RGB.

    Raises
    ------
    DataError
        No such file, or a side of fewer than `LEAST_SIDE` pixels.
    skinlib.common.errors.IntegrityError
        The file is not a whole image.
    """
    require_file(Path(path), "photograph")
    image = decode(path, limit=MAX_PHOTOGRAPH)
    if min(image.size) < LEAST_SIDE:
        msg = (
            f"'{path}' has {image.width} x {image.height} pixels, expected {LEAST_SIDE} a side at "
            "least; take the photograph as the camera made it"
        )
        raise DataError(msg)
    return image
