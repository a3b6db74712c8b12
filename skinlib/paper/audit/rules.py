"""Rules beside `agree`: an effect by itself, the reach of the attention, and our own runs."""

import math

from skinlib.paper.audit import verdicts
from skinlib.paper.audit.expressions import SETTINGS, cell, log
from skinlib.paper.audit.facts import NotAvailable
from skinlib.paper.audit.verdicts import Result, listed, marked, rule
from skinlib.paper.measured import scores
from skinlib.paper.others import BETTER, WORSE
from skinlib.paper.rounding import written

# Of a difference of two shares: a gain counts when it is larger.
STANDARD_ERRORS = 2
# How close our number must be to the printed one.
TOLERANCE = 0.02


@rule
def isolated_effect(facts, compared, like_for_like, effect):
    """Does a comparison differ in one thing only, and what do the pairs say that do?

    One pair is one training run each, without a fixed seed.
    """
    pairs = listed(f"{second} with {first}" for first, second in compared)
    differing = set().union(*(_differences(facts, *pair) for pair in compared))
    gains, parts, cells = [], [], []
    for names in like_for_like:
        if _differences(facts, *names):
            msg = f"{listed(names)} differ in {listed(sorted(_differences(facts, *names)))}"
            raise NotAvailable(msg)
        a, b = map(facts.run, names)
        error = math.sqrt(sum(r.accuracy * (1 - r.accuracy) / r.test_images for r in (a, b)))
        gains.append((b.accuracy - a.accuracy) / error)
        pair = marked(f"{b.name} {b.accuracy:.4f}, {a.name} {a.accuracy:.4f}")
        parts.append(f"{pair} (macro F1 {b.macro['f1']:.2f}, {a.macro['f1']:.2f})")
        clear = gains[-1] > STANDARD_ERRORS
        what = f"{b.name} against {a.name}"
        cells.append(verdicts.compared(what, a.accuracy, b.accuracy, clear))
    evidence = (
        f"Compared are {pairs}. Beside {effect} they differ in {listed(sorted(differing))}. "
        f"Pairs of the logs that differ in {effect} alone – {'; '.join(parts)}."
    )
    verdict = verdicts.OPEN if max(gains) > 0 else verdicts.LOGS
    verdict = verdicts.HOLDS if min(gains) > STANDARD_ERRORS else verdict
    return Result(f"{effect} raises the accuracy", evidence, verdict, tuple(cells))


def _differences(facts, first, second):
    """Return the names of the settings that both training runs logged and that differ."""
    runs = facts.run(first), facts.run(second)
    pairs = {name: tuple(map(read, runs)) for name, read in SETTINGS.items()}
    return {name for name, pair in pairs.items() if None not in pair and pair[0] != pair[1]}


def taps_in_use(length, taps, stride):
    """Return which taps of a convolution along an axis ever meet data, and which data they meet.

    The padding is "same": the zeros before and after the axis differ by one at most.
    """
    outputs = -(-length // stride)
    before = max((outputs - 1) * stride + taps - length, 0) // 2
    pairs = [(t, i * stride - before + t) for i in range(outputs) for t in range(taps)]
    met = [(t, x) for t, x in pairs if 0 <= x < length]
    return {t for t, _ in met}, {x for _, x in met}


@rule
def attention_reads(facts, runs, claimed):
    """Which channels can change the attention maps, and what share of the kernel meets data?

    Kernel and strides are those of ``notebooks.yaml``: along height, width and channels of the
    tensor, where ``channels`` stands for the number of channels.
    """
    layer, parts, cells, complete = facts.notebooks["attention"], [], [], True
    kernel, strides, heads = layer["kernel"], layer["strides"], layer["maps"]
    for name in runs:
        tap = [int(size) for size in log(facts, name, "tap shape")]
        size, step = (
            [tap[2] if each == "channels" else each for each in along]
            for along in (kernel, strides)
        )
        axes = [taps_in_use(*axis) for axis in zip(tap, size, step, strict=True)]
        used, whole = heads * math.prod(len(met) for met, _ in axes), heads * math.prod(size)
        read = sorted(axes[2][1])
        agrees = len(read) == tap[2]
        complete &= agrees
        part = marked(f"{len(read)} of {tap[2]} channels")
        parts.append(
            f"{name}: {part} and {used:,} of {whole:,} kernel "
            f"weights ({100 * used / whole:.1f}\u00a0%)"
        )
        cells.append(verdicts.compared(f"channels, {name}", tap[2], len(read), agrees))
    channels = "every channel affects" if complete else f"only channels {listed(read)} affect"
    evidence = f"With the kernel as coded, {channels} the attention maps. In the networks: "
    evidence += f"{'; '.join(parts)}."
    if not complete:
        evidence += " All other kernel weights only ever multiply padding zeros."
    return Result(claimed, evidence, verdicts.HOLDS if complete else verdicts.LOGS, tuple(cells))


@rule
def our_run(facts, backbone, recipe, table, row, column, metric="accuracy"):
    """What did our run of this network reach, and was it set up as theirs?

    ``open`` while there is no run; ``not testable here`` while the run had smaller
    pictures or a changed recipe, so that it decides nothing.
    """
    printed = cell(facts, table, row, column)
    claimed = f"{row}, {metric} {written(printed)}"
    runs = facts.ours.real.get((backbone, recipe), [])
    if not runs:
        return Result(claimed, f"No finished run of ours with {backbone}, {recipe}.", verdicts.OPEN)
    size = log(facts, f"{row} {column}", "pixels")
    full = [r for r in runs if r.record["input_size"] == size and not r.record["changes"]]
    run = (full or sorted(runs, key=lambda run: run.record["input_size"]))[-1]
    found = scores(run)
    near = abs(found[metric] - printed) <= TOLERANCE
    cells = (verdicts.compared(run.name, printed, float(found[metric]), near, full),)
    value = f"{found[metric]:.4f}"
    evidence = (
        f"{run.name}: {marked(value) if full else value} on {found['images']:,} test images, "
        f"{run.record['epochs']} epochs at {run.record['input_size']} pixels."
    )
    if not full:
        evidence += f" The authors trained longer, at {size} pixels, so this run does not decide."
        return Result(claimed, evidence, verdicts.NOT_HERE, cells)
    evidence += f" Within {TOLERANCE:g} of the printed number: {'yes' if near else 'no'}."
    return Result(claimed, evidence, verdicts.HOLDS if near else verdicts.MEASURED, cells)


@rule
def our_effect(facts, factor, direction, scores, claimed):
    """Does a factor of our factorial study act as the claim says, and what does it survive?

    An effect is a ``gain`` or a ``loss`` where it is clear over lesions and training runs. The
    verdict names the scores for which it is, and says where Holm's correction for all comparisons
    of the study, or a threshold chosen on the validation set, takes it away.
    """
    if factor not in facts.effects:
        return Result(claimed, "Our factorial study is not finished.", verdicts.OPEN)
    found = {score: facts.effects[factor][score] for score in scores}
    clear = [score for score, each in found.items() if each["result"] == direction]
    parts = []
    for score, each in found.items():
        text = f"{_called(score)} {each['estimate'].text(signed=True)}, {each['result']}"
        text = marked(text) if score in clear or not clear else text
        if each["result"] != "not clear":
            text += f" ({'also' if each['corrected'] else 'not'} after Holm's correction"
            if each["moved"]:
                text += f"; with a chosen threshold: {each['moved']}"
            text += ")"
        parts.append(text)
    evidence = (
        "Main effect over all combinations of the other factors, MobileNetV2 above a frozen lower "
        "part at 96 pixels, split by lesion, intervals over lesions and training runs: "
        f"{'; '.join(parts)}."
    )
    cells = tuple(
        verdicts.compared(f"{factor}, {score}", direction, each["result"], score in clear,
                          score in clear or not clear)
        for score, each in found.items()
    )  # fmt: skip
    if not clear:
        against = any(each["result"] != "not clear" for each in found.values())
        return Result(claimed, evidence, verdicts.MEASURED if against else verdicts.OPEN, cells)
    fails = {
        "before Holm's correction": [s for s in clear if not found[s]["corrected"]],
        "without a chosen threshold": [
            s for s in clear if found[s]["moved"] not in (None, direction)
        ],
    }
    where = [words for words, lost in fails.items() if lost == clear]
    if len(clear) == len(scores) and not any(fails.values()):
        return Result(claimed, evidence, verdicts.HOLDS, cells)
    what = listed(map(_called, clear))
    return Result(claimed, evidence, verdicts.only(", ".join([what, *where])), cells)


@rule
def our_ideas(facts, claimed):
    """What do the ideas of the other works change in one network, under one protocol?

    It decides nothing, since an idea in our network is not the network of the work; it shows what
    the printed numbers cannot.
    """
    if not facts.ideas:
        return Result(claimed, "No idea of another work was trained here yet.", verdicts.OPEN)
    found = {
        f"[{reference}] {idea}": outcomes
        for reference, ideas in facts.ideas.items()
        for idea, outcomes in ideas.items()
    }
    parts = []
    for word in (BETTER, WORSE):
        clear = {name: [_called(score) for score, each in outcomes.items() if each == word]
                 for name, outcomes in found.items()}  # fmt: skip
        named = [f"{name} ({listed(scores)})" for name, scores in clear.items() if scores]
        parts.append(f"Clearly {word} with {len(named)}: {marked('; '.join(named) or 'none')}.")
    evidence = (
        "The printed numbers are of different data, classes, splits and metrics, so they do not "
        f"rank the works. Here each of {len(found)} ideas of {len(facts.ideas)} works was added to "
        "one small network with soft attention and metadata, on the same lesion-grouped splits. "
        f"{' '.join(parts)} An idea in our network is not the network of the work."
    )
    cells = tuple(
        verdicts.compared(f"{name}, {score}", claimed, outcome, agrees=False, decides=False)
        for name, outcomes in found.items()
        for score, outcome in outcomes.items()
    )
    return Result(claimed, evidence, verdicts.NOT_HERE, cells)


def _called(score):
    return {"AUC, macro": "macro AUC"}.get(score, score)
