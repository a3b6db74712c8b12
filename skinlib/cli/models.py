"""The commands that use or make a trained model: predict, export, release and browser."""

from pathlib import Path

from skinlib.common.errors import DataError, SkinlibError


def predict(args):
    from skinlib.predict import predict as predicting

    return predicting.run(args)


def release(args):
    from skinlib.predict import card, released

    if args.hub:
        card.hub(released.newest(), args.hub)
        print(args.hub)
        return
    if args.card:
        for folder in released.folders():
            print(card.write(folder))
        return
    if args.run is None:
        msg = (
            "name the directory of a finished run, --card to write the model cards anew, or --hub "
            "FOLDER to write the newest model for the hub"
        )
        raise DataError(msg)
    if not 0 < args.risk < 1:
        msg = f"--risk is {args.risk:g}, expected a share between 0 and 1, 0.1 for example"
        raise DataError(msg)
    from skinlib.predict.release import make

    options = {"folds": args.folds or (), "name": args.name, "risk": args.risk}
    folder = make(args.run, args.data, **options)
    print(card.write(folder))
    for path in sorted(folder.iterdir()):
        print(f"{path.stat().st_size:>9,}  {path.name}")


def browser(args):
    from skinlib.common.files import write_json
    from skinlib.predict.browser import FOLDER, STATE, build

    folder = args.output or FOLDER
    # First: whatever happens, nobody takes half of it for the whole.
    state = {"built": False, "text": "the command that builds it did not end"}
    write_json(folder / STATE, state)
    try:
        sizes = build(folder)
    except SkinlibError as error:
        write_json(folder / STATE, {**state, "text": " ".join(str(error).split())})
        msg = f"the page in the browser is not built, the book says so: {error}"
        raise type(error)(msg) from error
    print(f"{folder}: {', '.join(f'{key} {size:,} bytes' for key, size in sizes.items())}")


def export(args):
    from skinlib.predict import export as exporting
    from skinlib.predict import released, runs

    if args.data and args.precision != "int8":
        msg = f"--data is for --precision int8 only, not for '{args.precision}'; leave it out"
        raise DataError(msg)
    # Before seconds are spent on a network.
    exporting.check(args.format, args.precision, args.output)
    classifier = released.locate(args.model)
    suffix = exporting.FORMATS[args.format][1]
    path = args.output or Path(f"{Path(classifier.name).name}-{args.precision}{suffix}")
    pictures = None
    if args.data:
        pictures = exporting.calibration(runs.prepare(classifier, args.data).parts["train"])
    described = exporting.export(classifier, args.format, path, args.precision, pictures=pictures)
    for each, file in described["files"].items():
        print(f"{file['bytes']:>11,}  {path.with_name(each)}")
    print(f"{path}.json says how to call it.")
    if "note" in described:
        print(described["note"])
    print(described["notice"])
