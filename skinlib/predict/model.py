"""A trained network with its preprocessing and its rule: pixels in, probabilities out.

`Classifier` computes it with Keras, the reference, `OnnxClassifier` a released model without.
`Predictor` is what both share.
"""

import dataclasses
import functools

import numpy as np
from tqdm import tqdm

from skinlib.common.classes import CLASSES
from skinlib.common.errors import IntegrityError
from skinlib.common.process import import_keras
from skinlib.data import pixels
from skinlib.data.metadata import MetadataEncoder
from skinlib.experiments.recipes import from_json
from skinlib.models.prediction import d4, outputs
from skinlib.models.weights import check_file, load_classifier
from skinlib.predict import abstention, ood
from skinlib.predict.export import running
from skinlib.predict.requests import check_facts, complete, open_photograph, table


@dataclasses.dataclass(frozen=True)
class Predictions(abstention.Answers):
    """What a model predicts for n photographs; without a rule all are answered.

    Attributes
    ----------
    distances : numpy.ndarray or None
        From the training set, see `skinlib.predict.ood`, shape (n,).
    maps : numpy.ndarray or None
        Mean of the K attention maps, shape (n, h, w); each sums to 1.
    """

    distances: np.ndarray | None
    maps: np.ndarray | None


class Predictor:
    """What is before and after a network, whichever runtime computes it.

    A subclass has ``runtime``, the name and version of that runtime, ``_run``, which computes the
    outputs of `skinlib.predict.export.graph.servable` by name, and ``_probabilities``, which
    computes the first of them alone.

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
        self._cut = {"interpolation": self.recipe.interpolation, "crop": self.recipe.crop}

    @property
    def name(self):
        """Name of a released model, or study and name of a run."""
        return self.record.get("name") or f"{self.record['study']}/{self.record['run']}"

    def prepare(self, path):
        """Return a photograph as the network takes it: (size, size, 3), uint8, RGB."""
        return self.square(open_photograph(path), self.record["input_size"])

    def square(self, image, size):
        """Return the square of a decoded photograph that the network sees."""
        return pixels.resize(image, size, **self._cut)

    def cached(self, dataset, progress=True):
        """Return all images of a data set as the network takes them, from the pixel cache."""
        return pixels.cached(dataset, self.record["input_size"], **self._cut, progress=progress)

    def known(self, facts):
        """Return whether all facts that the model takes are known, shape (n,), or True."""
        return complete(facts) if self.recipe.metadata else True

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
        return abstention.joined(
            [self._classify(pictures[each], facts.iloc[each], views) for each in rows]
        )

    def _classify(self, pictures, facts, views):
        inputs = {"image": np.ascontiguousarray(pictures)}
        if self.recipe.metadata:
            inputs["metadata"] = self.encoder.transform(facts)
        # The other squares of `crops` are of whole photographs, which are not here.
        several = (views or self.recipe.views) != "one"
        seen = list(d4(inputs["image"])) if several else [inputs["image"]]
        # Distance and attention are those of the first view, the picture as it is.
        found = self._run(inputs)
        distances, maps = found.get("distance"), found.get("attention")
        others = [self._probabilities({**inputs, "image": view}) for view in seen[1:]]
        probabilities = np.mean([found["probabilities"], *others], axis=0)
        if self.rule:
            answers = self.rule.answers(probabilities, distances, self.known(facts))
        else:
            status = np.full(len(probabilities), abstention.ANSWERED, object)
            answers = abstention.Answers(probabilities, status, None, None)
        return Predictions(**vars(answers), distances=distances, maps=maps)

    def predict(self, path, *, age=None, sex="unknown", site="unknown"):
        """Return class to probability for one photograph, fitted to the data if there is a rule.

        Errors are those of `check_facts` and `open_photograph` of `skinlib.predict.requests`.
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
    """

    def __init__(self, record, weights, sha256, *, rule=None, detector=None):
        # Before seconds are spent on building the network.
        check_file(weights, sha256)
        import_keras()
        import keras

        from skinlib.models.classifier import build_classifier

        super().__init__(record, rule)
        self.detector = detector
        self.runtime = f"Keras {keras.__version__}, {keras.backend.backend()}"
        self.model = build_classifier(record["backbone"], self.recipe, size=record["input_size"])
        load_classifier(self.model, weights, sha256)

    @functools.cached_property
    def _inner(self):
        import keras

        return keras.Model(self.model.inputs, outputs(self.model))

    def _fed(self, inputs):
        return {**inputs, "image": self._channels(inputs["image"])}

    def _probabilities(self, inputs):
        return np.asarray(self.model.predict_on_batch(self._fed(inputs)))

    def _run(self, inputs):
        fed = self._fed(inputs)
        # By name is by position here: the functional graph keeps the order of its inputs.
        found = self._inner.predict_on_batch([fed[tensor.name] for tensor in self.model.inputs])
        found = {name: np.asarray(values, np.float32) for name, values in found.items()}
        if self.detector:
            colours = ood.colours(inputs["image"])
            found["distance"] = self.detector.distance(colours, found["features"])
        if "attention" in found:
            found["attention"] = found["attention"].mean(axis=-1)
        return found

    def _channels(self, pictures):
        if self.recipe.channel_order == "rgb":
            return pictures
        return np.ascontiguousarray(pictures[..., ::-1])

    def features(self, pictures):
        """Return what a `skinlib.predict.ood.Detector` sees of n pictures: (n, 12) and (n, C)."""
        import keras

        image = next(tensor for tensor in self.model.inputs if tensor.name == "image")
        body = keras.Model(image, outputs(self.model)["features"])
        found = body.predict(self._channels(pictures), batch_size=self.batch, verbose=0)
        return ood.colours(pictures), np.asarray(found, np.float32)


class OnnxClassifier(Predictor):
    """A released model in ONNX Runtime, with its out-of-distribution check in the graph.

    It answers as Keras does, and takes a tenth of the time to start.

    Parameters
    ----------
    record : dict
        Of ``model.json``.
    graph : bytes
        What `skinlib.predict.export` wrote as ONNX, its hash checked.
    rule : skinlib.predict.abstention.Rule, optional

    Raises
    ------
    IntegrityError
        ONNX Runtime does not take the graph, or it does not measure the distance.
    """

    # What a processor keeps near: more at a time is slower.
    batch = 8

    def __init__(self, record, graph, *, rule=None):
        import onnxruntime

        super().__init__(record, rule)
        self.runtime = f"ONNX Runtime {onnxruntime.__version__}"
        try:
            self._run = running.onnx(graph)
        # It has no error of its own that all of its errors are.
        except Exception as error:
            msg = (
                f"ONNX Runtime cannot read the network of '{self.name}' ({error}); "
                "fetch its folder again"
            )
            raise IntegrityError(msg) from error
        if "distance" not in self._run.outputs:
            msg = f"the network of '{self.name}' has no output 'distance'; fetch its folder again"
            raise IntegrityError(msg)

    def _probabilities(self, inputs):
        return self._run(inputs, ["probabilities"])["probabilities"]
