"""Put together what the book's page needs to ask the model in a browser: model, runtime, words.

The scripts of the page are in ``book/browser``; what is made here is made from the newest
released model and from the runtime's npm package, and is not part of the repository. Where that
is not possible the book is built all the same, and its page says why it has no demonstration.
"""

import os
from pathlib import Path

from skinlib import paths, released
from skinlib.errors import DataError, SkinlibError
from skinlib.files import atomic_path, write_json

# Where the book looks; an environment variable names another place.
FOLDER = Path(os.environ.get("SKINLIB_BROWSER", paths.ROOT / "_build" / "browser"))
# Says whether it was built, and what the book should say about it.
STATE = "state.json"


def add_arguments(parser):
    """Add the options of ``skinlib browser`` to an argument parser."""
    parser.add_argument("-o", "--output", type=Path, default=FOLDER, help="default: %(default)s")


def run(args):
    """Make what the book's page needs to ask the model in a browser."""
    try:
        sizes = build(args.output)
    except SkinlibError as error:
        write_json(args.output / STATE, {"built": False, "text": " ".join(str(error).split())})
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
    skinlib.errors.TemporaryError
        npm failed.
    """
    from skinlib.browser import page, runtime

    folder = Path(folder)
    model = released.read(released.newest())
    _check(model)
    folder.mkdir(parents=True, exist_ok=True)
    # The quick refusals first.
    sizes = runtime.fetch(folder / "runtime")
    classifier = _export(folder / page.MODEL)
    sizes = {"model": (folder / page.MODEL).stat().st_size, **sizes}
    drawn = []
    for entry, picture in page.samples():
        drawn.append(entry)
        _save(folder / entry["file"], picture)
    write_json(folder / "page.json", page.describe(model, drawn, page.check(classifier), sizes))
    write_json(folder / STATE, {"built": True, "text": page.sizes_note(sizes)})
    return sizes


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


def _export(path):
    """Write the newest released model as ONNX with float16 numbers; return its classifier."""
    try:
        from skinlib import exporting

        classifier = released.load(released.newest())
        exporting.export(classifier, "onnx", path, precision="fp16")
    except ImportError as error:
        msg = f"{error}; install the extra: pip install 'skinlib[export]'"
        raise DataError(msg) from error
    return classifier


def _save(path, picture):
    from PIL import Image

    with atomic_path(path) as temporary:
        Image.fromarray(picture).save(temporary, format="PNG", optimize=True)
