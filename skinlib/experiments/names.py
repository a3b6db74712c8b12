"""What the pages call a trained model: words of the field instead of the names of runs."""

RECIPES = {
    "best": "our model",
    "clean": "clean recipe",
    "clean-frozen": "clean recipe, frozen",
    "md-as-logged": "authors' recipe",
    "md-as-logged-frozen": "authors' recipe, frozen",
    "md-as-described": "recipe as described",
    "ad-as-logged": "authors' recipe without metadata",
    "ad-as-described": "recipe as described without metadata",
}
# Where nothing else is said, a model has this backbone.
BACKBONE = "MobileNetV2"
NBSP = "\u00a0"


def name(run):
    """Return the name of a run's model: recipe and side of the square in pixels.

    Parameters
    ----------
    run : skinlib.experiments.run.Run

    Returns
    -------
    str
        ``clean recipe, frozen, 96 px`` for example; the backbone in front where it is not
        MobileNetV2, and the recipe's own name where it is not in `RECIPES`.
    """
    recipe, backbone = run.record["recipe"]["name"], run.record["backbone"]
    before = "" if backbone == BACKBONE else f"{backbone}, "
    return f"{before}{RECIPES.get(recipe, recipe)}, {run.record['input_size']}{NBSP}px"


def named(runs):
    """Return runs by name, in their order; the seed is added where a name occurs twice."""
    names = [name(run) for run in runs]
    return {
        one if names.count(one) == 1 else f"{one}, seed {run.record['seed']}": run
        for one, run in zip(names, runs, strict=True)
    }
