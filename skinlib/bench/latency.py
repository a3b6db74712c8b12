"""How long photographs take, from pixels to probabilities: what the paper's Table 6 lacks.

The paper prints the training time of an epoch as time of prediction, of networks that
were trained on different devices. Here: one device, one process, networks in turn.
"""

import os

import numpy as np

from skinlib.bench.timing import interleave, load, machine, rates, spread

WARM_UP = 3
BATCH = 32


def measure(*, names=None, recipe="md-as-logged", repeats=None, quick=False, progress=True):
    """Time the classification of single images, and of batches.

    Each network of `recipe` is built at the authors' input size, with random weights,
    which cost the same as trained ones, and called unmeasured, with one batch and then with
    `WARM_UP` single images: a backend may make its graph anew for another shape. Then all
    take turns, so that whatever else the machine does falls on all alike.

    Parameters
    ----------
    names : sequence of str, optional
        The whole table by default.
    recipe : str
    repeats : int, optional
        Of single images, 20 by default; batches are repeated a tenth as often.
    quick : bool
        One network, three single images.
    progress : bool

    Returns
    -------
    dict
        `skinlib.bench.timing.machine`, ``recipe``, ``threads`` (what the environment allows
        the backend; None: all), ``repeats``, ``batch`` and ``backbones``: by name
        ``input_size``, ``parameters``, the `spread` of the seconds of a single image, and
        ``throughput``, the spread of images a second in batches.
    """
    from skinlib.experiments.recipes import get_recipe
    from skinlib.models import device
    from skinlib.models.backbones import BACKBONES, get_backbone
    from skinlib.models.classifier import build_classifier

    names = list(names or (["MobileNet"] if quick else BACKBONES))
    repeats = repeats or (3 if quick else 20)
    batch, batches = (4, 1) if quick else (BATCH, max(1, repeats // 10))
    recipe = get_recipe(recipe)
    rng = np.random.default_rng(0)
    models, single, many = {}, {}, {}
    for name in names:
        size = get_backbone(name).input_size
        model = build_classifier(name, recipe)
        model.compile(jit_compile=device.jit_compile())
        models[name] = model
        for cases, count, warm_up in ((many, batch, 1), (single, 1, WARM_UP)):
            inputs = {"image": rng.integers(0, 256, (count, size, size, 3), dtype=np.uint8)}
            if recipe.metadata:
                inputs["metadata"] = np.zeros((count, 21), np.float32)
            cases[name] = _caller(model, inputs)
            for _ in range(warm_up):
                cases[name]()
    record = machine()
    seconds = interleave(single, repeats, progress=progress)
    batched = interleave(many, batches, progress=progress)
    threads = os.environ.get("OMP_NUM_THREADS")
    return {
        **record,
        "load_after": load(),
        "quick": quick,
        "recipe": recipe.name,
        "threads": int(threads) if threads else None,
        "repeats": repeats,
        "batch": batch,
        "backbones": {
            name: {
                "input_size": get_backbone(name).input_size,
                "parameters": models[name].count_params(),
                **spread(seconds[name]),
                "throughput": rates(batched[name], batch),
            }
            for name in names
        },
    }


def _caller(model, inputs):
    return lambda: model.predict_on_batch(inputs)
