"""How long photographs take in Keras, from pixels to probabilities.

The paper's Table 6 prints the training time of an epoch as time of prediction, of networks that
were trained on different devices. Here: one device, one process, networks in turn.
"""

import os

import numpy as np

from skinlib.bench import timing
from skinlib.experiments.recipes import get_recipe
from skinlib.models.backbones import BACKBONES, get_backbone

WARM_UP, REPEATS = 3, 20


def measure(*, quick=False):
    """Time the classification of single images, and of batches; see `skinlib.bench`.

    Networks have random weights and the authors' input size. Each is first called unmeasured,
    with one batch and then with `WARM_UP` single images. Batches are repeated a tenth as often.
    """
    from skinlib.models import runtime
    from skinlib.models.classifier import build_classifier

    names = ["MobileNet"] if quick else list(BACKBONES)
    repeats, batch = (3, 4) if quick else (REPEATS, 32)
    recipe, threads = get_recipe("md-as-logged"), os.environ.get("OMP_NUM_THREADS")
    rng = np.random.default_rng(0)
    about, single, many = {}, {}, {}
    for name in names:
        size = get_backbone(name).input_size
        model = build_classifier(name, recipe)
        model.compile(jit_compile=runtime.jit_compile())
        about[name] = {"input_size": size, "parameters": model.count_params()}
        for cases, count, warm_up in ((many, batch, 1), (single, 1, WARM_UP)):
            inputs = {
                "image": rng.integers(0, 256, (count, size, size, 3), dtype=np.uint8),
                "metadata": np.zeros((count, 21), np.float32),
            }
            cases[name] = lambda model=model, inputs=inputs: model.predict_on_batch(inputs)
            for _ in range(warm_up):
                cases[name]()
    record = timing.machine()
    seconds = timing.interleave(single, repeats)
    batched = timing.interleave(many, max(1, repeats // 10))
    return {
        **record, "quick": quick, "recipe": recipe.name,
        "threads": int(threads) if threads else None, "repeats": repeats, "batch": batch,
        "backbones": {
            name: {
                **about[name],
                **timing.spread(seconds[name]),
                "throughput": timing.rates(batched[name], batch),
            }
            for name in names
        },
    }  # fmt: skip
