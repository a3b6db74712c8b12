"""Classify many photographs; one that cannot be read becomes a row with the reason."""

import dataclasses
import itertools

import numpy as np

from skinlib.common.classes import CLASSES, LONG_NAMES
from skinlib.common.errors import DataError, SkinlibError
from skinlib.data.images import in_threads
from skinlib.predict import abstention
from skinlib.predict.requests import Request, open_photograph, table
from skinlib.stats import operating

BATCH = 32
ERROR = "error"
COLUMNS = (
    "image", "status", "answer", "diagnosis", "confidence", "alike", "flagged", *CLASSES,
    "distance", "error", "note",
)  # fmt: skip
# Largest side of the picture under an overlay, in pixels.
LARGEST = 512
# Opacity of the attention over the picture.
STRENGTH = 0.45


@dataclasses.dataclass(frozen=True)
class Prediction:
    """What is predicted for one request, as of `skinlib.predict.model.Predictions`.

    Attributes
    ----------
    status : str
        Of `skinlib.predict.abstention`, or `ERROR`, where nothing but `error` is known.
    overlay : PIL.Image.Image or None
    note : str or None
        What was done to the colours, see `skinlib.data.images.decode`.
    error : skinlib.common.errors.SkinlibError or None
    """

    request: Request
    status: str
    probabilities: np.ndarray | None = None
    distance: float | None = None
    alike: int | None = None
    flagged: bool | None = None
    overlay: object = None
    note: str | None = None
    error: SkinlibError | None = None

    def row(self):
        """Return the values of `COLUMNS`; None for what is not known."""
        row = dict.fromkeys(COLUMNS) | {"image": self.request.name, "status": self.status}
        if self.error is not None:
            return row | {"error": " ".join(str(self.error).split())}
        row |= dict(zip(CLASSES, map(float, self.probabilities), strict=True))
        row |= {"confidence": float(self.probabilities.max()), "note": self.note}
        if self.distance is not None:
            row["distance"] = float(self.distance)
        if self._named_alike:
            row |= {"alike": CLASSES[self.alike], "flagged": bool(self.flagged)}
        if self.status == abstention.ANSWERED:
            best = CLASSES[self.probabilities.argmax()]
            row |= {"answer": best, "diagnosis": LONG_NAMES[best]}
        return row

    @property
    def _named_alike(self):
        return self.alike is not None and self.status != abstention.UNLIKE

    def to_json(self):
        """Return `row` with the probabilities together."""
        row = self.row()
        values = {name: row.pop(name) for name in CLASSES}
        return {**row, "probabilities": None if self.error is not None else values}

    def text(self, rule=None):
        """Return a few lines for a person; `rule` is that of the model."""
        order = np.argsort(-self.probabilities, kind="stable")
        named, confidence = _named(order[0]), self.probabilities[order[0]]
        # Rounded it would be 100 %, which nobody can promise.
        sure = "over 99%" if confidence >= 0.995 else f"{confidence:.0%}"
        if self.status == abstention.ANSWERED:
            line = f"answer: {named}, {sure} sure"
        elif self.status == abstention.UNSURE:
            line = f"NO ANSWER, not sure enough; it would be {named} at {sure}, "
            line += _least(rule, self.request.complete)
        else:
            line = (
                "NO ANSWER, the picture is unlike the training pictures: distance "
                f"{self.distance:.2g}, answers go up to {rule.distance:g}"
            )
        lines = [line, self.note] if self.note else [line]
        if self._named_alike:
            would = "" if self.status == abstention.ANSWERED else "it would be "
            share, threshold = self.probabilities[operating.MELANOMA], rule.decision.melanoma
            above = "above" if self.flagged else "not above"
            lines += [
                f"every class alike: {would}{_named(self.alike)}",
                f"melanoma: {share:.1%}, {above} its threshold of {threshold:.1%}",
            ]
        lines += [
            f"{self.probabilities[k]:6.1%}  {CLASSES[k]:<5} {LONG_NAMES[CLASSES[k]]}" for k in order
        ]
        return "\n  ".join([self.request.name, *lines])


def _named(place):
    return f"{LONG_NAMES[CLASSES[place]]} ({CLASSES[place]})"


def _least(rule, complete):
    least = rule.least(complete)
    if least is None:
        without = "" if complete else " without age, sex or site"
        return f"and this model was never sure enough{without} when it was tested"
    start = f"answers start at {least:.0%}"
    return start if complete else f"{start} where age, sex or site is unknown"


def predict(classifier, requests, *, overlays=False):
    """Yield a `Prediction` for each request, in order; one that fails stops no other.

    Parameters
    ----------
    classifier : skinlib.predict.model.Classifier
    requests : sequence of skinlib.predict.requests.Request
    overlays : bool
        Lay the attention over each photograph.
    """
    read = in_threads(lambda each: _read(classifier, each, overlays), requests, ahead=2 * BATCH)
    pairs = zip(requests, read, strict=True)
    while batch := list(itertools.islice(pairs, BATCH)):
        good = [(request, found) for request, found in batch if isinstance(found, tuple)]
        predicted = _classified(classifier, good) if good else None
        for request, found in batch:
            if isinstance(found, tuple):
                yield next(predicted)
            else:
                yield Prediction(request, ERROR, error=found)


def _read(classifier, request, overlays):
    """Return what the network takes and what an overlay shows, or the error."""
    try:
        if request.fault:
            raise DataError(request.fault)
        image = open_photograph(request.image)
        return (
            classifier.square(image, classifier.record["input_size"]),
            classifier.square(image, min(LARGEST, *image.size)) if overlays else None,
            image.info["note"] or None,
        )
    except SkinlibError as error:
        return error
    except OSError as error:
        msg = f"'{request.image}' cannot be read: {error.strerror}; see to its rights and its disk"
        return DataError(msg)


def _classified(classifier, batch):
    """Yield the predictions of pairs: a request, and what `_read` returned for it."""
    pictures = np.stack([picture for _, (picture, *_) in batch])
    found = classifier.classify(pictures, table([request.facts for request, _ in batch]))
    columns = {
        "status": found.status, "probabilities": found.probabilities, "distance": found.distances,
        "alike": found.alike, "flagged": found.flagged,
    }  # fmt: skip
    for place, (request, (_, shown, note)) in enumerate(batch):
        values = {name: None if each is None else each[place] for name, each in columns.items()}
        overlay = None if shown is None else lay_over(shown, found.maps[place])
        yield Prediction(request, **values, overlay=overlay, note=note)


def lay_over(picture, attention):
    """Lay an attention map over a picture, cell by cell as the layer computes it.

    Not smoothed, which would show a resolution that is not there.

    Parameters
    ----------
    picture : numpy.ndarray
        Shape (s, s, 3), uint8.
    attention : numpy.ndarray
        Shape (h, w), not negative; the colours run from 0 to its largest value.
    """
    import matplotlib as mpl
    from PIL import Image

    from skinlib.plots.photographs import ATTENTION_MAP

    coloured = mpl.colormaps[ATTENTION_MAP](attention / max(float(attention.max()), 1e-12))
    cells = Image.fromarray((255 * coloured[..., :3]).round().astype(np.uint8))
    large = cells.resize(picture.shape[1::-1], Image.Resampling.NEAREST)
    return Image.blend(Image.fromarray(picture), large, STRENGTH)
