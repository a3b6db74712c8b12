"""The run, or the file, whose weights a training starts with."""

from skinlib.common import paths
from skinlib.common.errors import DataError
from skinlib.experiments import recipes
from skinlib.experiments.run import RUN, folder_of, read_run
from skinlib.models.starting import RUN_PREFIX, Start, resolve


def starting_weights(backbone, weights):
    """Return where the first weights of a training come from.

    ``run:<study>/<run>`` is a finished run (`skinlib.models.starting.Start`); for all else see
    `skinlib.models.starting.resolve`.

    Raises
    ------
    DataError
        There is no such run, it has not finished, keeps no weights or is of another backbone.
    """
    if not str(weights).startswith(RUN_PREFIX):
        return resolve(backbone, weights)
    place = str(weights).removeprefix(RUN_PREFIX)
    study, _, name = place.partition("/")
    folder = folder_of(study, name)
    if not name or not (folder / RUN).is_file():
        msg = f"weights '{weights}': there is no such run, expected run:<study>/<run>"
        raise DataError(msg)
    found = read_run(folder)
    if not found.finished or not found.weights_path.is_file():
        listed = (paths.STUDIES / f"{study}.yaml").is_file()
        how = f"`python -m skinlib run {study} {name}`" if listed else "as it was begun"
        msg = (
            f"weights '{weights}': the run has not finished or did not keep its weights; train it "
            f"first, {how}"
        )
        raise DataError(msg)
    if found.record["backbone"] != backbone.name:
        msg = (
            f"weights '{weights}' are of {found.record['backbone']}, expected {backbone.name}; "
            "name a run of that network"
        )
        raise DataError(msg)
    recipe = recipes.from_json(found.record["recipe"])
    return Start(place, found.weights_path, found.record, recipe)
