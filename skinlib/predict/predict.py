"""The command ``python -m skinlib predict``: photographs in, a text, JSON or CSV file out."""

import dataclasses
import json
import os
import sys

import pandas as pd
from tqdm import tqdm

from skinlib.common import NOT_A_DEVICE
from skinlib.common.classes import CLASSES, LONG_NAMES
from skinlib.common.errors import DataError, Interrupted, SkinlibError
from skinlib.common.files import atomic_path, require_place, write_csv
from skinlib.predict import predictions, released, requests

# Other ages that are tried; the page in the browser tries the same (``book/browser/what-if.js``).
AGES = (20.0, 40.0, 60.0, 80.0)
# What was measured without all three facts.
NONE = "without facts"
# Errors that are printed; the table has them all.
SHOWN = 10
# Bytes of a photograph's name that its overlay keeps: file systems allow 255 in all.
KEPT = 100
# Endings that make --overlay the name of one picture; of these, PNG is written.
PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".tif", ".tiff", ".bmp")


def run(args):
    """Classify what the arguments of the command name; return its exit code."""
    given = requests.gather(args.image, args.age, args.sex, args.site)
    overlays = _places(args, given)
    found, stop = [], None
    # What was predicted before somebody, or a full disk or memory, stopped the command is kept.
    try:
        classifier = released.locate(args.model, onnx=True)
        for prediction in _predicted(args, classifier, given, overlays):
            found.append(prediction)
    except KeyboardInterrupt:
        stop = Interrupted("interrupted")
    except (OSError, SkinlibError) as error:
        if not found:
            raise
        stop = error
    if found:
        _report(args, classifier, found)
    faults = [each.error for each in found if each.error is not None]
    for error in faults[:SHOWN]:
        print(f"skinlib: {' '.join(str(error).split())}", file=sys.stderr)
    if len(faults) > SHOWN:
        print(f"skinlib: and {len(faults) - SHOWN} more that failed", file=sys.stderr)
    if stop is not None:
        kept = "their answers are kept" if found else "nothing was written"
        msg = f"after {len(found)} of {len(given)} photographs; {kept}"
        if isinstance(stop, Interrupted):
            msg = f"interrupted {msg}"
            raise Interrupted(msg) from stop
        print(f"skinlib: stopped {msg}", file=sys.stderr)
        raise stop
    return faults[0].exit_code if faults else 0


def _places(args, given):
    """Return the overlay of each photograph, or None; refuse what could not be written."""
    if args.output and args.output.suffix.lower() != ".csv":
        msg = f"--output '{args.output}' does not end in .csv; name the table to write"
        raise DataError(msg)
    overlays = _overlays(args.overlay, given) if args.overlay else [None] * len(given)
    targets = [path for path in (args.output, *overlays) if path]
    inputs = set(map(os.path.realpath, [*args.image, *(request.image for request in given)]))
    for target in targets:
        if os.path.realpath(target) in inputs:
            msg = f"'{target}' is one of the input files and would be lost; name another"
            raise DataError(msg)
    for folder in filter(os.path.isdir, args.image) if args.overlay else ():
        if os.path.realpath(args.overlay) == os.path.realpath(folder):
            msg = f"--overlay '{args.overlay}' is a folder of photographs; name another one"
            raise DataError(msg)
    # All overlays go to one folder.
    for target in targets[:2]:
        require_place(target)
    return overlays


def _overlays(path, given):
    if path.is_dir() or path.suffix.lower() not in PICTURES:
        # Numbered: two folders may hold photographs of one name.
        names = [os.fsencode(request.image.stem)[:KEPT] for request in given]
        stems = [name.decode(errors="ignore") for name in names]
        return [path / f"{place:04d}-{stem}.png" for place, stem in enumerate(stems, 1)]
    if path.suffix.lower() != ".png":
        msg = f"--overlay '{path}' does not end in .png; name the file to write, or a folder"
        raise DataError(msg)
    if len(given) > 1:
        msg = f"--overlay '{path}' is one file for {len(given)} photographs; name a folder"
        raise DataError(msg)
    return [path]


def _predicted(args, classifier, given, overlays):
    """Yield the predictions, and write their overlays."""
    if args.overlay and classifier.recipe.attention == "none":
        msg = "this model has no attention to lay over a photograph; leave out --overlay"
        raise DataError(msg)
    found = predictions.predict(classifier, given, overlays=bool(args.overlay))
    silent = args.no_progress or len(given) == 1
    progress = tqdm(found, total=len(given), unit="image", disable=silent)
    for prediction, place in zip(progress, overlays, strict=True):
        if prediction.overlay is not None:
            with atomic_path(place) as temporary:
                prediction.overlay.save(temporary, format="PNG")
        # Not kept: a folder of photographs would fill the memory with them.
        yield dataclasses.replace(prediction, overlay=None)


def _report(args, classifier, found):
    """Write the table, then print JSON or text, and what was written."""
    good = [prediction for prediction in found if prediction.error is None]
    written = []
    if args.output:
        write_csv(args.output, pd.DataFrame([each.row() for each in found]), float_format="%.6g")
        written.append(f"Written: {args.output}, rows: {len(found)}")
    if args.overlay and good:
        written.append(f"Written: {args.overlay}, overlays: {len(good)}")
    if args.json:
        rows = [{**each.to_json(), "runtime": classifier.runtime} for each in found]
        print(json.dumps(rows, indent=2))
    elif args.output:
        counts = pd.Series([each.status for each in found]).value_counts()
        print("; ".join(f"{status}: {count}" for status, count in counts.items()))
    else:
        for each in good:
            print(each.text(classifier.rule))
        # Of one photograph there is room for it on the screen.
        if len(found) == len(good) == 1 and classifier.recipe.metadata:
            best = good[0].probabilities.argmax()
            print("\n".join(what_if(classifier, good[0].request, best)))
    # Standard output with --json is JSON alone.
    for line in written:
        print(line, file=sys.stderr if args.json else sys.stdout)
    if good and not args.json:
        print("\n".join([*_notes(classifier, good), NOT_A_DEVICE]))


def _notes(classifier, found):
    """Return what a reader of predictions should know about them, one line each."""
    record = classifier.record
    name = classifier.name if "name" in record else f"{classifier.name}, a run"
    about = f"{record['backbone']}, {record['input_size']} pixels"
    lines = [f"Model: {name} ({about}), computed with {classifier.runtime}."]
    if classifier.rule is None:
        lines.append("Probabilities as the network gives them, and no rule: no validation set.")
    elif found[0].distance is None:
        lines.append("Whether a picture is unlike the training pictures is not checked.")
    lines += _wrong(record)
    if classifier.recipe.metadata:
        if not all(each.request.complete for each in found):
            lines.append(_lost(record, [each.request for each in found]))
        lines.append("A guessed age, sex or site can turn the answer; give only what you know.")
    return lines


def _wrong(record):
    """Return lines with what was measured: both operating points, and wrong answers."""
    measured = record.get("abstention", {}).get("measured", {})
    if not measured:
        return []
    part, found = list(measured.items())[-1]
    title = released.titles(record, released.NEW_TO_IT)[part]
    scores = "; ".join(
        f"{point}, accuracy {each['accuracy'][0]:.2f} and mean recall {each['mean_recall'][0]:.2f}"
        for point, each in found["points"].items()
    )
    lines = [f"Measured on {found['images']:,} photographs ({title}): {scores}."]
    if risk := found["risk"]:
        lines.append(
            f"Of its answers there {risk[0]:.1%} [{100 * risk[1]:.1f}, {100 * risk[2]:.1f}] are "
            "wrong."
        )
    return lines


def _lost(record, given):
    """Return what is lost without all facts."""
    line = "Age, sex or site was not given; the model was trained with them"
    if measured := record.get("without_facts"):
        missing = {fact for each in given for fact in each.missing}
        one = f"without {missing.pop()}" if len(missing) == 1 else NONE
        condition = one if one in measured else NONE
        (answered, wrong), (answered_none, wrong_none) = (
            ["none" if share is None else f"{share[0]:.0%}" for share in
             (measured[key]["coverage"], measured[key]["risk"])]
            for key in ("given", condition)
        )  # fmt: skip
        line += (
            f". Of photographs new to it, it answers {answered} with all three and {answered_none} "
            f"{'with none' if condition == NONE else condition}; of these answers {wrong} and "
            f"{wrong_none} are wrong"
        )
    return f"{line}."


def alternatives(facts, encoder):
    """Return other facts by name.

    Parameters
    ----------
    facts : tuple
        Age, sex and site, see `skinlib.predict.requests`.
    encoder : skinlib.data.metadata.MetadataEncoder
        Knows the sexes and sites that the model was trained with.
    """
    age, sex, site = facts
    found = {
        **{f"age {other:g}": (other, sex, site) for other in AGES},
        **{other: (age, other, site) for other in encoder.sexes if other != "unknown"},
        **{other: (age, sex, other) for other in encoder.sites if other != "unknown"},
    }
    return {name: other for name, other in found.items() if other != tuple(facts)}


def what_if(classifier, request, best):
    """Return a few lines on how the best guess for a photograph, a class index, moves with facts.

    `classifier` is a `skinlib.predict.model.Predictor` that takes facts. One view of the photograph
    is asked, which takes an eighth of the time.
    """
    picture = classifier.prepare(request.image)[None]
    others = alternatives(request.facts, classifier.encoder)
    # The same picture every time, in batches as large as the runtime takes.
    rows = [tuple(request.facts), *others.values()]
    pictures = picture.repeat(len(rows), axis=0)
    found = classifier.classify(pictures, requests.table(rows), views="one")
    now, *moved = found.probabilities.argmax(axis=1)
    if now != best:
        return [f"What if one fact were another? Not shown: one view names {CLASSES[now]}."]
    groups = {}
    for name, each in zip(others, moved, strict=True):
        groups.setdefault(each, []).append(name)
    stays = groups.pop(now, [])
    text = (
        f"What if one fact were another? The best guess stays {LONG_NAMES[CLASSES[now]]} in "
        f"{len(stays)} of {len(others)} cases{'; it turns into' if groups else ''}"
    )
    turned = [
        f"  {LONG_NAMES[CLASSES[each]]}: {', '.join(names)}" for each, names in groups.items()
    ]
    return [f"{text}{'' if groups else '.'}", *turned]
