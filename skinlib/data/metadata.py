"""Patient metadata as a vector of 21 numbers: age z-score, sex (4), localization (16)."""

import dataclasses

import numpy as np
import pandas as pd

from skinlib.common.errors import DataError

# Slot 0 of each one-hot block is for values not seen in training, as Keras' StringLookup has it.
SEX_SLOTS = 4
SITE_SLOTS = 16
WIDTH = 1 + SEX_SLOTS + SITE_SLOTS
# Where age, sex and site are in the vector.
BLOCKS = (slice(0, 1), slice(1, 1 + SEX_SLOTS), slice(1 + SEX_SLOTS, WIDTH))
UNKNOWN = "unknown"


@dataclasses.dataclass(frozen=True)
class MetadataEncoder:
    """Encode age, sex and localization; fitted on the training set only.

    Attributes
    ----------
    age_mean, age_std : float
        Mean and standard deviation of the known training ages, in years; the latter with
        ``ddof=0``, as Keras' Normalization computes it.
    sexes, sites : tuple of str
        At most 3 and 15 sorted training values.
    """

    age_mean: float
    age_std: float
    sexes: tuple[str, ...]
    sites: tuple[str, ...]

    @classmethod
    def fit(cls, table, needed=True):
        """Fit on the training set: ``age`` (years, NaN allowed), ``sex`` and ``localization``.

        Ages may all be unknown where facts are not `needed`.
        """
        ages = table["age"].dropna().to_numpy(float)
        if not len(ages):
            if needed:
                msg = (
                    "no training row has an age; expected at least one to normalise by. Add ages, "
                    "or train without facts: --set metadata=False"
                )
                raise DataError(msg)
            ages = np.zeros(1)
        sexes = tuple(sorted(set(table["sex"])))
        sites = tuple(sorted(set(table["localization"])))
        for name, values, slots in (("sex", sexes, SEX_SLOTS), ("localization", sites, SITE_SLOTS)):
            if len(values) >= slots:
                msg = f"{name} has {len(values)} categories {values}; expected at most {slots - 1}"
                raise DataError(msg)
        return cls(float(ages.mean()), float(ages.std() or 1.0), sexes, sites)

    def transform(self, table):
        """Return rows encoded, shape (n, 21), float32: age z-score, one-hot sex and site.

        A missing age becomes the training mean, a z-score of 0. Slot 0 of a one-hot block is
        for values not seen in training.
        """
        encoded = np.zeros((len(table), WIDTH), np.float32)
        age = table["age"].fillna(self.age_mean).to_numpy(float)
        encoded[:, 0] = (age - self.age_mean) / self.age_std
        rows = np.arange(len(table))
        for start, values, column in (
            (1, self.sexes, table["sex"]),
            (1 + SEX_SLOTS, self.sites, table["localization"]),
        ):
            slot = {value: 1 + index for index, value in enumerate(values)}
            encoded[rows, start + column.map(lambda v, s=slot: s.get(v, 0)).to_numpy(int)] = 1.0
        return encoded

    def nothing(self):
        """Return the vector of somebody of whom nothing is known, shape (21,), float32."""
        row = {"age": [float("nan")], "sex": [UNKNOWN], "localization": [UNKNOWN]}
        return self.transform(pd.DataFrame(row))[0]

    def to_json(self):
        """Return a plain dictionary for run.json."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, value):
        """Rebuild from `to_json`'s dictionary."""
        return cls(
            value["age_mean"], value["age_std"], tuple(value["sexes"]), tuple(value["sites"])
        )


def apply_age_policy(table, policy):
    """Drop or keep the rows without an age; return a copy, and the counts for run.json.

    ``drop`` removes the rows, as the authors did (57 rows of HAM10000); ``impute`` keeps them,
    encoded with the training mean. The counts are ``{'policy', 'dropped', 'imputed'}``.
    """
    missing = table["age"].isna()
    dropped = missing & (policy == "drop")
    counts = {"dropped": int(dropped.sum()), "imputed": int((missing & ~dropped).sum())}
    return table[~dropped].reset_index(drop=True), {"policy": policy, **counts}
