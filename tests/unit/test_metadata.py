"""The 21-vector, against a case worked by hand and against the Keras layers the authors used."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from skinlib.common.errors import DataError
from skinlib.data import synthetic
from skinlib.data.metadata import MetadataEncoder, apply_age_policy
from skinlib.data.prepare import prepare
from skinlib.experiments.recipes import get_recipe

CLEAN = get_recipe("clean")


def rows(*values):
    return pd.DataFrame(values, columns=["age", "sex", "localization"])


TRAIN = rows(
    (40.0, "male", "face"), (60.0, "female", "back"), (np.nan, "male", "back"),
    (50.0, "female", "scalp"),
)  # fmt: skip


def test_vectors_worked_by_hand():
    """Ages 40, 50, 60: mean 50, variance 200/3. Slot 0 of each block is for the unseen."""
    encoder = MetadataEncoder.fit(TRAIN)
    encoder = MetadataEncoder.from_json(json.loads(json.dumps(encoder.to_json())))
    found = encoder.transform(rows((70.0, "male", "face"), (np.nan, "unknown", "ear")))
    sex = [0, 0, 1, 0]  # unseen, female, male, and a free slot
    site = [0, 0, 1, 0] + 12 * [0]  # unseen, back, face, scalp, and free slots
    known = [20 / np.sqrt(200 / 3), *sex, *site]
    # A missing age counts as the mean.
    nothing = [0, 1, 0, 0, 0, 1, *15 * [0]]
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [known, nothing], rtol=1e-6)
    np.testing.assert_array_equal(encoder.nothing(), nothing)


def test_it_equals_the_keras_layers():
    """Normalization and StringLookup with sorted vocabulary, then one-hot (protocol §1.5)."""
    pytest.importorskip("tensorflow")
    from keras import layers

    table = synthetic.metadata(600, 3).dropna(subset="age").fillna("unknown")
    train, test = table[:400], table[400:]
    assert train["localization"].nunique() > 10
    age = layers.Normalization(axis=None)
    age.adapt(train["age"].to_numpy(np.float32))
    blocks = [np.asarray(age(test["age"].to_numpy(np.float32))).reshape(-1, 1)]
    for column, slots in (("sex", 4), ("localization", 16)):
        lookup = layers.StringLookup(vocabulary=sorted(train[column].unique()))
        one_hot = layers.CategoryEncoding(num_tokens=slots, output_mode="one_hot")
        blocks.append(np.asarray(one_hot(lookup(test[column].to_numpy(object)))))
    found = MetadataEncoder.fit(train).transform(test)
    np.testing.assert_allclose(found, np.concatenate(blocks, axis=1), atol=1e-6)


def test_the_categories_of_ham10000_just_fit():
    """Three sexes and fifteen sites fill 4 and 16 slots; one more is refused."""
    sexes = ("female", "male", "unknown") * 5
    sites = [f"site {chr(97 + number)}" for number in range(15)]
    full = rows(*((50.0, sex, site) for sex, site in zip(sexes, sites, strict=True)))
    found = MetadataEncoder.fit(full).transform(full)
    assert (found[:, 1:5].argmax(axis=1) == [1, 2, 3] * 5).all()
    assert (found[:, 5:].argmax(axis=1) == np.arange(1, 16)).all()
    for column in ("sex", "localization"):
        more = pd.concat([full, rows((50.0, "female", "site a")).assign(**{column: "zzz"})])
        with pytest.raises(DataError, match=column):
            MetadataEncoder.fit(more)


def test_no_age_at_all_is_refused_and_one_age_is_not_divided_by_zero():
    with pytest.raises(DataError, match="no training row has an age"):
        MetadataEncoder.fit(TRAIN.assign(age=np.nan))
    found = MetadataEncoder.fit(TRAIN.assign(age=30.0)).transform(TRAIN.assign(age=31.0))
    assert found[:, 0].tolist() == [1, 1, 1, 1]


def test_it_is_fitted_on_the_training_part_alone(dataset):
    """Other ages, sexes and sites in the held-out parts change nothing in the encoder."""
    before = prepare(CLEAN, dataset, 8, 0, progress=False)
    train = dataset.table["image_id"].isin(before.tables["train"]["image_id"])
    assert before.encoder.age_mean == pytest.approx(before.tables["train"]["age"].mean())
    assert before.encoder.age_std == pytest.approx(before.tables["train"]["age"].std(ddof=0))
    doctored = dataset.table.copy()
    doctored.loc[~train, ["age", "sex", "localization"]] = (0.0, "unknown", "acral")
    other = dataclasses.replace(dataset, table=doctored)
    after = prepare(CLEAN, other, 8, 0, progress=False)
    assert after.encoder == before.encoder
    assert (after.parts["test"].metadata != before.parts["test"].metadata).any()


def test_age_policies_and_their_counts():
    kept, counts = apply_age_policy(TRAIN, "drop")
    assert kept["age"].tolist() == [40, 60, 50]
    assert kept.index.tolist() == [0, 1, 2]
    assert counts == {"policy": "drop", "dropped": 1, "imputed": 0}
    kept, counts = apply_age_policy(TRAIN, "impute")
    pd.testing.assert_frame_equal(kept, TRAIN)
    assert counts == {"policy": "impute", "dropped": 0, "imputed": 1}


def test_rows_of_the_cache_are_those_of_the_tables(dataset):
    """Every image of every part is the one of its id, also when rows were dropped."""
    table = dataset.table.copy()
    table.loc[[0, 30], "age"] = np.nan
    other = dataclasses.replace(dataset, table=table)
    prepared = prepare(CLEAN.replace(missing_age="drop"), other, 8, 0, progress=False)
    assert sum(map(len, prepared.parts.values())) == table["age"].notna().sum() < 69
    for name, part in prepared.parts.items():
        ids = table["image_id"].to_numpy()[part.rows]
        assert ids.tolist() == prepared.tables[name]["image_id"].tolist()
