"""Faults of the weights that Keras publishes, in its older format, where there is no network."""

import io

import h5py
import numpy as np
import pytest

BACKBONE = ("--backbone", "MobileNetV3Small", "--size", 32, "--no-progress")


def published(path, change=lambda file: None):
    """Write the weights of a small network in the format in which Keras publishes its own."""
    import keras
    from keras.src.legacy.saving import legacy_h5_format

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="dense")])
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, model)
        change(file)
    return path


def spoil(file):
    found = []
    file.visititems(lambda name, item: found.append(name) if hasattr(item, "shape") else None)
    file[found[0]][...] = np.nan


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (lambda file: None, 2, ("does not fit MobileNetV3Small without its top",)),
        (spoil, 3, ("not finite",)),
        (
            lambda file: file.__setitem__("odd", h5py.ExternalLink("/etc/hostname", "/data")),
            3,
            ("refused",),
        ),
        (
            lambda file: file.attrs.__setitem__("model_config", "{}"),
            2,
            ("whole model", "save_weights"),
        ),
    ],
    ids=["another network", "NaN", "link", "whole model"],
)
def test_f47_published_weights_are_checked_like_others(
    change, code, words, main, folder, results, tmp_path, monkeypatch
):
    """Named by --weights, or found by their name in SKINLIB_WEIGHTS."""
    path = tmp_path / "weights_mobilenet_v3_small_224_1.0_float_no_top_v2.h5"
    published(path, change)
    main("train", "--data", folder, *BACKBONE, "--weights", path).fails(code, path, *words)
    monkeypatch.setenv("SKINLIB_WEIGHTS", str(tmp_path))
    main("train", "--data", folder, *BACKBONE).fails(code, path, *words)
    assert not list(results.glob("runs/*"))


def test_f47_a_folder_of_weights_that_is_not_there(main, folder, tmp_path, monkeypatch):
    monkeypatch.setenv("SKINLIB_WEIGHTS", str(tmp_path / "none"))
    done = main("train", "--data", folder, *BACKBONE)
    done.fails(2, "SKINLIB_WEIGHTS", tmp_path / "none", "no folder")


def whole_h5(marker):
    """The older form of a model: HDF5, its Lambda layer inside."""
    import keras
    from keras.src.legacy.saving import legacy_h5_format

    place = str(marker)
    crime = keras.layers.Lambda(lambda x: (open(place, "w").close(), x)[1])
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        legacy_h5_format.save_model_to_hdf5(keras.Sequential([keras.Input((1,)), crime]), file)
    return buffer.getvalue()


def test_f30_an_older_model_is_refused_by_what_it_declares(main, folder, results, tmp_path):
    marker, path = tmp_path / "crime", tmp_path / "whole.h5"
    path.write_bytes(whole_h5(marker))
    marker.unlink()  # made when the model was
    done = main("train", "--data", folder, *BACKBONE, "--weights", path)
    done.fails(2, path, "whole model", "save_weights")
    assert not marker.exists()
