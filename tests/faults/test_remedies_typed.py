"""Every recommended command of ours is typed: small data, a small network, a server on this machine.

As it stands there, but for placeholders, which get a name, and the options of `SHORT`, which come
last. The commands are typed in one folder, in the order in which a reader could.
"""

import dataclasses
import shlex
import shutil
from unittest import mock

import keras
import numpy as np
import pytest
import tiny
from local_server import IDS, jpeg, make_zip, running, serve, table
from PIL import Image
from recommended import FOUND

from skinlib import bench
from skinlib.book import notebooks
from skinlib.cli import arguments as command_line
from skinlib.common import paths
from skinlib.data import masks, synthetic
from skinlib.experiments.study import load_study
from skinlib.models.backbones import BACKBONES

RUN = "results/runs/mine/MobileNetV2-best-224px-s0"
# What stands where a name, a folder or a value is to be put in.
PLACES = {
    "results/runs/<study>/<run>": RUN, "RUN": RUN, "pointing 1": f"pointing {RUN}",
    "conditions 1": f"conditions {RUN}",
    "--to 1": "--to data/again", "--data 1": "--data data/set", "--backbone NAME": "--backbone MobileNet",
    "notebook NAME -o book/NAME.ipynb": "notebook ledger-classes -o book/ledger-classes.ipynb",
    "crate STUDY -o FOLDER": "crate leakage -o crate", "--hub FOLDER": "--hub hub", "--hub folder": "--hub hub",
    # Of which a clone has no runs; it has those of this study.
    "study=paper": "study=ham10000-256px",
}  # fmt: skip
SHORT = {
    "fetch": "--no-progress",
    "predict": "--no-progress",
    "train": "--epochs 1 --no-progress --set batch_size=32 metadata_units=16",
}
# These are only parsed, and run by what stands behind them.
NOT_TYPED = {
    "bench": "measures for minutes; tests/unit/test_bench.py runs each bench on tiny networks",
    "browser": "fetches packages by npm; tests/book/test_browser.py",
    "describe --conv3d --json": "starts TensorFlow several times; tests/models/test_conv3d.py",
    "describe --structures": "builds the largest networks; tests/models/test_structure.py",
    "notebook architecture": "trains networks of full size; tests/notebooks/architecture.ipynb",
    "notebook train": "trains ResNet50; tests/notebooks/train.ipynb",
    "pdf": "prints the whole book in a browser; tests/unit/test_pdf.py",
    "run": "trains for hours; tests/notebooks/train.ipynb",
}
# Commands that are named without what they need.
WHOLE = ("audit", "check-data", "describe --backbone MobileNet", "describe --json", "fetch")
# With the committed results and model, before there are newer ones.
COMMITTED = ("audit", "crate", "fetch", "notebook", "release --", "predict")
# Then what makes what others need.
FIRST = ("train", "release")


def words_of(line):
    for place, put in PLACES.items():
        line = line.replace(place, put)
    return " ".join(line.split())


def why_not(line):
    return next(
        (why for start, why in NOT_TYPED.items() if f"{line} ".startswith(f"{start} ")), None
    )


def committed(line):
    """Return whether a command works on what a clone has."""
    return line.startswith(COMMITTED) and "--run" not in line


def rank(line):
    order = [start for start in FIRST if line.startswith(start)]
    place = FIRST.index(order[0]) if order else len(FIRST)
    return -1 if committed(line) else place, line


LINES = {words_of(line) for _, line in FOUND}
TYPED = sorted(
    (line for line in LINES if (len(line.split()) > 1 or line in WHOLE) and not why_not(line)),
    key=rank,
)


class Network:
    """Five convolutions, under the names of networks that pages name."""

    NAMES = ("MobileNet", "MobileNetV2")

    def install(self, patch):
        row = dataclasses.replace(tiny.ROW, input_size=224, tap_shape=(7, 7, 8))
        for name in self.NAMES:
            patch.setattr(keras.applications, name, self.build)
        rows = {name: dataclasses.replace(row, name=name) for name in self.NAMES}
        # Gives the table back in its order, which `patch.delitem` would not.
        return mock.patch.dict(BACKBONES, rows, clear=True)

    @staticmethod
    def build(include_top, weights, input_tensor, input_shape):
        tensor = input_tensor
        for index in range(5):
            tensor = keras.layers.Conv2D(8, 3, strides=2, padding="same")(tensor)
            tensor = keras.layers.BatchNormalization(momentum=0.8)(tensor)
            tensor = keras.layers.ReLU(name={3: "below", 4: "tap"}.get(index))(tensor)
        return keras.Model(keras.utils.get_source_inputs(input_tensor), tensor)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder with what a reader has: photographs, data, masks; the archive is a server here."""
    folder = tmp_path_factory.mktemp("desk")
    data = synthetic.generate(folder / "data" / "set", images=70, width=64, height=48)
    (folder / "folder").mkdir()
    photos = sorted(data.glob("*.jpg"))
    for photo in photos[:3]:
        shutil.copy(photo, folder / "folder")
    shutil.copy(photos[0], folder / "photo.jpg")
    (folder / "patients.csv").write_text("image,age,sex,site\nphoto.jpg,60,female,back\n")
    (folder / "book").mkdir()
    (folder / "masks").mkdir()
    drawn = np.zeros(masks.SIZE[::-1], np.uint8)
    drawn[100:300, 150:400] = 255
    for photo in photos:
        Image.fromarray(drawn).save(folder / "masks" / f"{photo.stem}_segmentation.png")
    shutil.copytree(paths.MODELS, folder / "models")
    with pytest.MonkeyPatch.context() as patch, running(patch) as server:
        patch.chdir(folder)
        patch.setenv("SKINLIB_DATA", str(data))
        patch.setenv("SKINLIB_MASKS", str(folder / "masks"))
        patch.setattr(paths, "MODELS", folder / "models")
        zip_of_test = make_zip({f"a/{name}.jpg": jpeg(name) for name in IDS[:3]})
        files = {
            "ISIC2018_Task3_Test_GroundTruth.csv": table(IDS[:3]),
            "ISIC2018_Task3_Test_Images.zip": zip_of_test,
        }
        serve(server, patch, files, "isic2018-test")
        yield folder


@pytest.fixture(scope="module")
def network(desk):
    """From here on trainings are short, and what they make lies in the folder."""
    with pytest.MonkeyPatch.context() as patch, Network().install(patch):
        patch.setattr(paths, "RESULTS", desk / "results")
        yield


def prepared(line, desk):
    """Put where a command looks what another line, with another name, has made."""
    if line.startswith("compare"):
        for name in line.split()[1:]:
            shutil.copytree(desk / RUN, desk / name)


@pytest.mark.parametrize("line", TYPED)
def test_f47_a_recommended_command_does_its_work(line, main, desk, request, monkeypatch):
    command, *words = shlex.split(line)
    if not committed(line):
        request.getfixturevalue("network")
    if command == "train" and "synthetic" in words:
        words[words.index("synthetic")] = "synthetic:70"
    if command == "fetch":
        monkeypatch.delenv("SKINLIB_DATA")  # which is set afterwards, to the folder that is filled
    prepared(line, desk)
    done = main(command, *words, *shlex.split(SHORT.get(command, "")))
    assert done.code == 0, done.err
    assert done.out
    for option in ("-o", "--overlay", "--to"):
        if option in words:
            assert (desk / words[words.index(option) + 1]).exists()


LEFT = sorted(line for line in LINES if line not in TYPED and len(line.split()) > 1)


@pytest.mark.parametrize("line", LEFT)
def test_f47_a_recommended_command_that_is_not_typed_can_be_parsed(line):
    args = command_line.parser().parse_args(shlex.split(line))
    assert set(getattr(args, "backbone", None) or []) <= set(BACKBONES)
    if args.command == "notebook":
        notebooks.check_parameters(args.name, dict(args.parameter))
    elif args.command == "run":
        load_study(args.study)
    elif args.command == "bench":
        assert set(args.name) <= set(bench.NAMES)


def test_f47_what_is_not_typed_is_named_with_the_reason():
    """And all commands are recommended, but for those of maintainers."""
    assert [line for line in LEFT if not why_not(line)] == []
    for start in NOT_TYPED:
        assert any(f"{line} ".startswith(f"{start} ") for line in LINES), start
    assert set(WHOLE) <= set(TYPED)
    assert len(TYPED) > 35
    known, used = set(command_line.COMMANDS), {line.split()[0] for line in LINES}
    assert known - {"check-maps", "measure", "pin", "status"} <= used <= known
