"""Fixtures of the training tests: a tiny network, and a results folder of their own."""

import pytest
import tiny

from skinlib.common import paths
from skinlib.predict import release


@pytest.fixture(scope="session", autouse=True)
def results(tmp_path_factory):
    """Write all runs below a temporary folder, and put the tiny network into the table."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("results")
        patch.setattr(paths, "RESULTS", folder)
        tiny.install(patch)
        yield folder


@pytest.fixture(scope="session")
def trained(dataset):
    """A finished run of the clean recipe: three epochs on 70 pictures."""
    from skinlib.training import loop

    return loop.train(tiny.recipe(), "Tiny", data=dataset, study="clean", progress=False)


@pytest.fixture
def train(dataset):
    """Train the tiny network: ``train(study, recipe_name, **fields, **options)``."""

    from skinlib.training import loop

    def run(study, name="clean", *, options=None, **fields):
        options = {"data": dataset, "progress": False, **(options or {})}
        return loop.train(tiny.recipe(name, **fields), "Tiny", study=study, **options)

    return run


@pytest.fixture(scope="module")
def tiny_release(trained, dataset, tmp_path_factory):
    """The folder of the only released model there is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "MODELS", tmp_path_factory.mktemp("models"))
        yield release.make(trained.folder, dataset, name="tiny", risk=0.5, progress=False)


@pytest.fixture(scope="session")
def fold_runs(dataset):
    """Two folds of halves, the test sets predicted in eight turns."""
    from skinlib.training import loop

    return [
        loop.train(
            tiny.recipe("folds", epochs=2, test_share=0.5, fold=fold, crops=None), "Tiny",
            data=dataset, study="folds", name=f"fold{fold}", progress=False,
        )
        for fold in (0, 1)
    ]  # fmt: skip


@pytest.fixture(scope="session")
def measured(fold_runs, dataset):
    """The `Conditions` of these runs."""
    from skinlib.predict import conditions

    return [conditions.measure(run, dataset, progress=False) for run in fold_runs]
