"""Put together what the book's page needs to ask the model in a browser: model, runtime, words.

The scripts of the page are in ``book/browser``; what is made here is made from the newest
released model and from the runtime's npm package, and is not part of the repository. Where that
is not possible the book is built all the same, and its page says why it has no demonstration.
"""

import os
from pathlib import Path

from skinlib.common import paths
from skinlib.common.errors import DataError, SkinlibError

# Where the book looks; an environment variable names another place.
FOLDER = Path(os.environ.get("SKINLIB_BROWSER", paths.ROOT / "_build" / "browser"))
# Says whether it was built, and what the book should say about it.
STATE = "state.json"


def add_arguments(parser):
    """Add the options of ``skinlib browser`` to an argument parser."""
    parser.add_argument("-o", "--output", type=Path, default=FOLDER, help="default: %(default)s")


def run(args):
    """Make what the book's page needs to ask the model in a browser."""
    # First: whatever happens, nobody takes half of it for the whole.
    _say(args.output, "the command that builds it did not end", built=False)
    try:
        sizes = build(args.output)
    except SkinlibError as error:
        _say(args.output, " ".join(str(error).split()), built=False)
        msg = f"the page in the browser is not built, the book says so: {error}"
        raise type(error)(msg) from error
    print(f"{args.output}: {', '.join(f'{key} {size:,} bytes' for key, size in sizes.items())}")


def build(folder):
    """Fill a folder with the model, the samples, the runtime and the words of the page.

    Parameters
    ----------
    folder : str or pathlib.Path

    Returns
    -------
    dict of str to int
        Bytes of the ``model``, and of the runtime by backend.

    Raises
    ------
    DataError
        No released model, one that the page cannot ask, or no npm.
    skinlib.common.errors.TemporaryError
        npm failed.
    """
    from skinlib.common.files import write_json
    from skinlib.predict import export as exporting
    from skinlib.predict import released
    from skinlib.predict.browser import page, runtime

    folder, newest = Path(folder), released.newest()
    # The quick refusals first.
    model = released.read(newest)
    _check(model)
    folder.mkdir(parents=True, exist_ok=True)
    sizes = runtime.fetch(folder / "runtime")
    classifier = released.load(newest)
    exporting.export(classifier, "onnx", folder / page.MODEL, "fp16")
    sizes = {"model": (folder / page.MODEL).stat().st_size, **sizes}
    drawn = []
    for entry, picture in page.samples():
        drawn.append(entry)
        _save(folder / entry["file"], picture)
    write_json(folder / "page.json", page.describe(model, drawn, page.check(classifier), sizes))
    _say(folder, page.sizes_note(sizes), built=True)
    return sizes


def _say(folder, text, *, built):
    """Tell the book whether it was built, and what to say of it."""
    from skinlib.common.files import write_json

    write_json(Path(folder) / STATE, {"built": built, "text": text})


def _check(model):
    """Refuse a model whose pictures the scripts would make in another way."""
    recipe = model["recipe"]
    wanted = {"crop": "centre", "interpolation": "bilinear", "views": "d4", "metadata": True}
    for name, value in wanted.items():
        if recipe[name] != value:
            msg = (
                f"the page can ask models with {name} {value!r}, '{model['name']}' has "
                f"{recipe[name]!r}; teach it in book/browser"
            )
            raise DataError(msg)


def _save(path, picture):
    from PIL import Image

    from skinlib.common.files import atomic_path

    with atomic_path(path) as temporary:
        Image.fromarray(picture).save(temporary, format="PNG", optimize=True)
