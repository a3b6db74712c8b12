"""Ask a classifier about many photographs, and write down what it says: text, JSON, a table.

A photograph that cannot be read gets a row that says why, and the others get their answers.
"""

import dataclasses

import numpy as np

from skinlib.common.classes import CLASSES, LONG_NAMES
from skinlib.common.errors import DataError, SkinlibError
from skinlib.data.images import in_threads
from skinlib.predict import abstention
from skinlib.predict.cases import Case, table

BATCH = 32
ERROR = "error"
# Side of the picture under an overlay, at most; more would show no more of a map of few cells.
LARGEST = 512
# How strongly the attention covers the picture.
STRENGTH = 0.45
# What is said of an answer, here and on the page in the browser.
SENTENCES = {
    abstention.ANSWERED: "answer: {named}, {confidence} sure",
    abstention.UNSURE: "NO ANSWER, not sure enough; it would be {named} at {confidence}, {least}",
    abstention.UNLIKE: "NO ANSWER, the picture is unlike the training pictures: distance "
    "{distance}, answers go up to {farthest}",
}
FROM = "answers start at {least}"
WITHOUT = " where age, sex or site is unknown"
NEVER = "and this model was never sure enough on its validation part"
COLUMNS = (
    "image", "status", "answer", "diagnosis", "confidence", *CLASSES, "distance", "error",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Answer:
    """What came of one case.

    Attributes
    ----------
    case : skinlib.predict.cases.Case
    status : str
        Of `skinlib.predict.abstention`, or `ERROR`.
    probabilities : numpy.ndarray or None
        Shape (7,).
    distance : float or None
        See `skinlib.predict.ood`.
    overlay : PIL.Image.Image or None
    error : skinlib.common.errors.SkinlibError or None
    """

    case: Case
    status: str
    probabilities: np.ndarray | None = None
    distance: float | None = None
    overlay: object = None
    error: SkinlibError | None = None

    @property
    def best(self):
        """The most probable class, whether it is an answer or not."""
        return None if self.probabilities is None else CLASSES[self.probabilities.argmax()]

    @property
    def confidence(self):
        """Its probability."""
        return None if self.probabilities is None else float(self.probabilities.max())

    def row(self):
        """Return the values of `COLUMNS`; None where there is nothing to say."""
        answer = self.best if self.status == abstention.ANSWERED else None
        known = self.probabilities is not None
        return {
            "image": self.case.name,
            "status": self.status,
            "answer": answer,
            "diagnosis": LONG_NAMES.get(answer),
            "confidence": self.confidence,
            **dict(zip(CLASSES, map(float, self.probabilities) if known else [None] * 7,
                       strict=True)),
            "distance": self.distance,
            "error": None if self.error is None else " ".join(str(self.error).split()),
        }  # fmt: skip

    def to_json(self):
        """Return `row` with the probabilities together."""
        row = self.row()
        values = {name: row.pop(name) for name in CLASSES}
        return {**row, "probabilities": None if self.probabilities is None else values}

    def text(self, rule=None):
        """Say it in a few lines for a person."""
        if self.error is not None:
            return f"{self.case.name}\n  error: {' '.join(str(self.error).split())}"
        named = f"{LONG_NAMES[self.best]} ({self.best})"
        line = SENTENCES[self.status].format(
            named=named,
            confidence=sureness(self.confidence),
            least=_least(rule, self.case.facts == 3),
            distance=f"{self.distance or 0:.2g}",
            farthest=f"{getattr(rule, 'distance', 0) or 0:g}",
        )
        order = np.argsort(-self.probabilities, kind="stable")
        rows = [
            f"  {self.probabilities[k]:6.1%}  {CLASSES[k]:<5} {LONG_NAMES[CLASSES[k]]}"
            for k in order
        ]
        return "\n".join([self.case.name, f"  {line}", *rows])


def sureness(confidence):
    """Return a probability as per cent, never as all of it."""
    return "over 99%" if confidence >= 0.995 else f"{confidence:.0%}"


def _least(rule, complete):
    least = None if rule is None else rule.least(complete)
    without = "" if complete else WITHOUT
    return (NEVER if least is None else FROM.format(least=f"{least:.0%}")) + without


def ask(classifier, cases, *, overlays=False):
    """Yield an `Answer` for each case, in order.

    Parameters
    ----------
    classifier : skinlib.predict.inference.Classifier
    cases : sequence of skinlib.predict.cases.Case
    overlays : bool
        Lay the attention over each photograph.
    """
    read = in_threads(lambda case: _read(classifier, case, overlays), cases, ahead=2 * BATCH)
    batch = []
    for case, found in zip(cases, read, strict=True):
        batch.append((case, found))
        if len(batch) == BATCH:
            yield from _answered(classifier, batch)
            batch = []
    yield from _answered(classifier, batch)


def _read(classifier, case, overlays):
    """Return what the network takes and what an overlay shows, or the error."""
    from skinlib.predict.inference import open_photograph

    try:
        if case.fault:
            raise DataError(case.fault)
        image = open_photograph(case.image)
        side = min(LARGEST, *image.size)
        return (
            classifier.square(image, classifier.record["input_size"]),
            classifier.square(image, side) if overlays else None,
        )
    except SkinlibError as error:
        return error
    except OSError as error:
        msg = f"'{case.image}' cannot be read: {error.strerror}; see to its rights and its disk"
        return DataError(msg)


def _answered(classifier, batch):
    good = [(case, found) for case, found in batch if not isinstance(found, SkinlibError)]
    answers = None
    if good:
        pictures = np.stack([found[0] for _, found in good])
        answers = classifier.ask(pictures, table([case for case, _ in good]))
    place = 0
    for case, found in batch:
        if isinstance(found, SkinlibError):
            yield Answer(case, ERROR, error=found)
            continue
        overlay = None
        if found[1] is not None and answers.maps is not None:
            overlay = lay_over(found[1], answers.maps[place])
        distance = None if answers.distances is None else float(answers.distances[place])
        yield Answer(case, answers.status[place], answers.probabilities[place], distance, overlay)
        place += 1


def lay_over(picture, attention):
    """Lay an attention map over a picture, cell by cell as the layer computes it.

    Parameters
    ----------
    picture : numpy.ndarray
        Shape (s, s, 3), uint8.
    attention : numpy.ndarray
        Shape (h, w), not negative; the colours run from 0 to its largest value.

    Returns
    -------
    PIL.Image.Image
        s × s pixels. Cells are not smoothed: that would show a resolution that is not there.
    """
    import matplotlib as mpl
    from PIL import Image

    from skinlib.plots.photographs import ATTENTION_MAP

    coloured = mpl.colormaps[ATTENTION_MAP](attention / max(float(attention.max()), 1e-12))
    cells = Image.fromarray((255 * coloured[..., :3]).round().astype(np.uint8))
    height, width = picture.shape[:2]
    large = cells.resize((width, height), Image.Resampling.NEAREST)
    return Image.blend(Image.fromarray(picture), large, STRENGTH)
