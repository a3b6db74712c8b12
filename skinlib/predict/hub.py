"""A released model as a folder for the Hugging Face hub; nothing is sent anywhere."""

import shutil
from pathlib import Path

from skinlib.common.errors import DataError, IntegrityError
from skinlib.common.files import atomic_folder, write_json
from skinlib.common.process import need
from skinlib.predict import released

# The hub counts downloads by this file, and shows the classes by their names.
CONFIG = "config.json"


def write(source, folder):
    """Write the card, the weights in both forms and ``config.json`` of a released model.

    Parameters
    ----------
    source : str or pathlib.Path
        Folder of a released model; every file is compared with its hash first.
    folder : str or pathlib.Path
        Must not be there, or hold such a model, which is replaced.

    Returns
    -------
    pathlib.Path
        `folder`; ``hf upload NAME/MODEL FOLDER`` sends it.

    Raises
    ------
    DataError
        The folder holds something else, or the package ``huggingface_hub`` is missing.
    IntegrityError
        A file has another hash, or ``huggingface_hub`` refuses the metadata of the card.
    """
    need("huggingface_hub", "publish")
    from huggingface_hub import ModelCard

    source, folder = Path(source), Path(folder)
    model = released.read(source)
    if folder.exists() and not (folder / CONFIG).is_file():
        msg = f"'{folder}' is there and is no released model; name a folder that is not there"
        raise DataError(msg)
    try:
        card = ModelCard((source / released.CARD).read_text(encoding="utf-8"))
    except ValueError as error:
        msg = (
            f"'{source / released.CARD}' has metadata that the hub does not take ({error}); write "
            "it anew with `python -m skinlib release --card`"
        )
        raise IntegrityError(msg) from error
    folder.parent.mkdir(parents=True, exist_ok=True)
    with atomic_folder(folder) as partial:
        for name in model["files"]:
            (partial / name).write_bytes(released.content(source, model, name))
        for name in (released.MODEL, released.SEAL):
            shutil.copyfile(source / name, partial / name)
        # As the library parsed and wrote it.
        card.save(partial / released.CARD)
        write_json(partial / CONFIG, _config(model))
    return folder


def _config(model):
    return {
        "model_type": "skinlib",
        "architectures": [model["backbone"]],
        "image_size": model["input_size"],
        "num_channels": 3,
        "id2label": {str(place): name for place, name in enumerate(model["classes"])},
        "label2id": {name: place for place, name in enumerate(model["classes"])},
        "skinlib_version": model["run"]["versions"]["skinlib"],
        "described_in": released.MODEL,
    }
