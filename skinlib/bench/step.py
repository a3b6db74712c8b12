"""What a step costs, backbone by backbone, and how far it is from what the machine can do."""

import numpy as np

from skinlib.bench.cost import BYTES_PER_ELEMENT, FLOP_PER_MAC, PASSES
from skinlib.bench.session import Setting
from skinlib.bench.timing import load, machine, rates, significant, spread
from skinlib.bench.worker import Worker, WorkerError

BATCH = 8
# A backbone is measured for about so many seconds, but twice at least.
BUDGET = 12.0
ROUNDS = (2, 10)


def measure(*, backbones=None, quick=False, progress=True):
    """Time training steps, predictions, input and the machine's peaks, in turn.

    Each backbone has a process of its own. After a first step, which traces and compiles, and
    a second one, every round takes one training step, one prediction, one augmented batch
    and one probe of the device, so that each ratio is between neighbours in time.

    Parameters
    ----------
    backbones : sequence of str, optional
        The whole table by default.
    quick : bool
        One small network on small pictures.
    progress : bool

    Returns
    -------
    dict
        `skinlib.bench.timing.machine`, the settings and ``backbones``; see `one`, and the
        ``load`` at its end. A backbone whose process ended has an ``error`` instead.
    """
    from tqdm import tqdm

    from skinlib.models.backbones import BACKBONES

    names = backbones or (["MobileNet"] if quick else list(BACKBONES))
    size, budget = (32, 0.0) if quick else (None, BUDGET)
    found = {}
    record = machine()
    bar = tqdm(names, unit="network", disable=not progress)
    for name in bar:
        bar.set_postfix_str(name)
        try:
            with Worker(Setting(name, size=size, batch=BATCH), quick=quick) as worker:
                found[name] = {**one(worker.do, budget), "load": load()}
        except WorkerError as error:
            found[name] = {"error": str(error)}
    return {
        **record,
        "quick": quick,
        "recipe": "clean",
        "precision": "float32",
        "batch": BATCH,
        "bytes_per_element": BYTES_PER_ELEMENT["float32"],
        "backbones": found,
    }


def one(do, budget):
    """Measure one session.

    Parameters
    ----------
    do : callable
        Calls a method of a `skinlib.bench.session.Session` by its name.
    budget : float
        Seconds for the rounds.

    Returns
    -------
    dict
        ``input_size``, ``batch``, ``build_seconds``, the cost (``macs``, ``activations``,
        ``parameters``, ``layers``), ``first_step_seconds``, ``memory_mb``, ``train`` and
        ``forward`` (images a second), ``input_share`` (of a training step), ``peak``
        (FLOP and bytes a second), ``achieved`` and the shares of the peaks:
        ``of_compute``, ``of_bandwidth`` and ``of_roofline``; spreads over the rounds.
    """
    about = do("describe")
    first = do("train")
    second = do("train")
    memory = do("memory")
    for method in ("forward", "feed", "probe"):
        do(method)
    rounds = int(np.clip(budget / second, *ROUNDS))
    seconds = {name: [] for name in ("train", "forward", "feed")}
    probes = []
    for _ in range(rounds):
        for name, values in seconds.items():
            values.append(do(name))
        probes.append(do("probe"))
    return {
        **about,
        "first_step_seconds": round(first, 2),
        "memory_mb": memory,
        **analyse(about, seconds, probes),
    }


def analyse(about, seconds, probes):
    """Compare the seconds of some rounds with each other and with the machine's peaks."""
    train = np.array(seconds["train"]) / about["batch"]
    flop = PASSES * FLOP_PER_MAC * about["macs"]
    moved = BYTES_PER_ELEMENT["float32"] * about["activations"]
    peak_flops = np.array([probe["flops"] for probe in probes])
    peak_bytes = np.array([probe["bytes_per_second"] for probe in probes])
    compute, bandwidth = flop / peak_flops / train, moved / peak_bytes / train
    return {
        "train": rates(seconds["train"], about["batch"]),
        "forward": rates(seconds["forward"], about["batch"]),
        "input_share": spread(np.array(seconds["feed"]) / seconds["train"]),
        "peak": {"flops": spread(peak_flops), "bytes_per_second": spread(peak_bytes)},
        "achieved": {
            "flops": significant(flop / np.median(train)),
            "bytes_per_second": significant(moved / np.median(train)),
            "flop_per_byte": significant(flop / moved),
        },
        "of_compute": spread(compute),
        "of_bandwidth": spread(bandwidth),
        "of_roofline": spread(np.maximum(compute, bandwidth)),
    }
