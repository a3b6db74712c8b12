"""How long one photograph takes, from pixels to probabilities: what the paper's Table 6 lacks.

The paper prints the training time of an epoch as time of prediction, of networks that
were trained on different devices. Here: one device, one process, networks in turn.
"""

import platform
import time

import numpy as np

WARM_UP = 3


def measure(backbones, *, recipe, repeats=30, threads=1, progress=True):
    """Time the classification of single images.

    Each network of `recipe` is built at the authors' input size, with random weights,
    which cost the same as trained ones, and called `WARM_UP` times unmeasured. Then all
    take turns, so that whatever else the machine does falls on all alike.

    Parameters
    ----------
    backbones : sequence of str
    recipe : skinlib.recipes.Recipe
    repeats : int
    threads : int
        What the backend was limited to, by its environment variables; only recorded here.

    Returns
    -------
    dict
        ``device``, ``versions``, ``recipe``, ``threads``, ``repeats`` and by backbone
        ``input_size``, ``parameters`` and seconds: ``median``, ``p90``, ``minimum``.
    """
    from tqdm import tqdm

    from skinlib import device
    from skinlib.models.backbones import get_backbone
    from skinlib.models.classifier import build_classifier

    rng = np.random.default_rng(0)
    models, inputs, seconds = {}, {}, {name: [] for name in backbones}
    for name in backbones:
        size = get_backbone(name).input_size
        model = build_classifier(name, recipe)
        model.compile(jit_compile=device.jit_compile())
        models[name] = model
        inputs[name] = {"image": rng.integers(0, 256, (1, size, size, 3), dtype=np.uint8)}
        if recipe.metadata:
            inputs[name]["metadata"] = np.zeros((1, 21), np.float32)
        for _ in range(WARM_UP):
            model.predict_on_batch(inputs[name])
    for _ in tqdm(range(repeats), unit="round", disable=not progress):
        for name, model in models.items():
            start = time.perf_counter()
            model.predict_on_batch(inputs[name])
            seconds[name].append(time.perf_counter() - start)
    return {
        "device": device.device_name(),
        "system": platform.platform(),
        "versions": device.versions(),
        "recipe": recipe.name,
        "threads": threads,
        "repeats": repeats,
        "measured": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "backbones": {
            name: {
                "input_size": get_backbone(name).input_size,
                "parameters": models[name].count_params(),
                **_spread(seconds[name]),
            }
            for name in backbones
        },
    }


def _spread(seconds):
    return {
        "median": round(float(np.median(seconds)), 5),
        "p90": round(float(np.quantile(seconds, 0.9)), 5),
        "minimum": round(float(np.min(seconds)), 5),
    }
