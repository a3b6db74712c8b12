"""Every two of several models on the same photographs, as tables."""

import dataclasses

import numpy as np
import pandas as pd

from skinlib.stats import agreement

LEVEL = 0.05


@dataclasses.dataclass(frozen=True)
class Pairs:
    """Tests and differences of every two models.

    Attributes
    ----------
    tests : pandas.DataFrame
        Of `skinlib.stats.agreement.tests`.
    differences : pandas.DataFrame
        Of `skinlib.stats.agreement.differences`.
    images, lesions : int
    """

    tests: pd.DataFrame
    differences: pd.DataFrame
    images: int
    lesions: int

    def estimates(self, metric):
        """Return the difference of a metric of `agreement.METRICS` by pair of names."""
        found = self.differences[self.differences["metric"] == metric]
        return dict(zip(zip(found["first"], found["second"], strict=True), found["difference"],
                        strict=True))  # fmt: skip

    def apart(self):
        """Return by pair of names whether the test by lesion, with Holm's correction, says so."""
        clear = self.tests["holm_lesion"] <= LEVEL
        return dict(zip(self.estimates("accuracy"), map(bool, clear), strict=True))

    def of_tests(self):
        """Return the tests as a table of text."""
        frame = self.tests[["first", "second", "only_first", "only_second"]].copy()
        frame.columns = ["First", "Second", "Only the first correct", "Only the second correct"]
        for column, title in (("image", "photograph"), ("lesion", "lesion")):
            frame[f"p by {title}"] = self.tests[f"p_{column}"].map(p_value)
            frame[f"by {title}, Holm"] = self.tests[f"holm_{column}"].map(p_value)
        return frame

    def of_differences(self):
        """Return the differences as a table of text, one row a pair and one column a metric."""
        columns = {
            metric[0].upper() + metric[1:]: [
                each.text(signed=True) for each in self.estimates(metric).values()
            ]
            for metric in agreement.METRICS
        }
        return pd.DataFrame(
            {"First": self.tests["first"], "Second": self.tests["second"], **columns}
        )


def compare(runs, part):
    """Compare every two runs.

    Parameters
    ----------
    runs : dict of str to skinlib.experiments.run.Run
        By name, predicted on the same photographs.
    part : str

    Returns
    -------
    Pairs
    """
    labels, probabilities, lesions = agreement.answers(runs, part)
    return Pairs(
        agreement.tests(labels, probabilities, lesions),
        agreement.differences(labels, probabilities, lesions),
        len(labels),
        len(np.unique(lesions)),
    )


def p_value(p):
    """Format a p value."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
