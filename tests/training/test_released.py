"""A released model is read as it was released, or what is wrong with it is named."""

import hashlib
import json
import shutil
import subprocess

import pytest

from skinlib.cli import main
from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError, IntegrityError
from skinlib.data.metadata import SEX_SLOTS, SITE_SLOTS
from skinlib.predict import release, released
from skinlib.stats import calibration

MISSING = object()
FILE = "float16.weights.h5"


@pytest.fixture(scope="module")
def model(tiny_release):
    """The folder of the only released model there is."""
    return tiny_release


@pytest.fixture
def own(model, tmp_path):
    """A released model to spoil."""
    return shutil.copytree(model, tmp_path / "tiny")


@pytest.mark.parametrize("name", ["float16.weights.h5", "features.weights.h5", "model.onnx"])
@pytest.mark.parametrize("place", [0.1, 0.9])
def test_a_flipped_bit_is_named(name, place, own):
    content = bytearray((own / name).read_bytes())
    content[int(place * len(content))] ^= 1
    (own / name).write_bytes(content)
    with pytest.raises(IntegrityError, match=f"{name}.*SHA-256.*expected"):
        released.load(own, onnx=name == released.ONNX)


def altered(model, place, value):
    """Return a copy of a record with one value changed, or taken away: ``a/b/c`` is its place."""
    record = json.loads(json.dumps(model))
    *above, last = place.split("/")
    parent = record
    for key in above:
        parent = parent[key]
    if isinstance(parent, list):
        last = int(last)
    if value is MISSING:
        del parent[last]
    else:
        parent[last] = value
    return record


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        ("format", 2, "format is 2, expected 3"),
        ("classes", sorted(CLASSES, reverse=True), "in this order"),
        ("released", "soon", 'released is "soon", expected a time'),
        ("weights", [f"../{FILE}"], "weights.0 is .*, expected a plain file name"),
        ("weights", [], r"weights is \[\], expected a list"),
        ("weights", ["a.h5", "b.h5"], r"weights is .*, expected a list of one plain file name"),
        ("weights", ["other.weights.h5"], "lacks files.other.weights.h5"),
        (f"files/{FILE}", "text", 'files.float16.weights.h5 is "text", expected an object'),
        (f"files/{FILE}/sha256", "0", "expected 64 hexadecimal digits"),
        ("likeness", "a/b", 'likeness is "a/b", expected a plain file name'),
        ("metadata/age_std", 0, "metadata.age_std is 0, expected a number"),
        ("decision/shares/0", 0, "decision.shares.0 is 0, expected a number above 0"),
        ("decision/confidence", "high", 'is "high", expected a number from 0 to 1 or null'),
        ("abstention/distance", None, "abstention.distance is null, expected a number"),
        ("recipe", None, "recipe is null, expected the fields of a recipe"),
        ("recipe/views", "many", "recipe: recipe field views is 'many'"),
        ("backbone", "VGG19", "expected one of"),
        ("input_size", 1_000_000, "expected a whole number of pixels from 32"),
        ("metadata/sexes", MISSING, "lacks metadata.sexes"),
        ("metadata/sexes", ["male", "female"], "in alphabetical order"),
        ("decision/temperature", 0.0, "temperature is 0.0, expected a number from 0.05 to 20"),
        ("decision/shares", [0.5, 0.5], "decision.shares is .*, expected 7 numbers above 0"),
        ("decision/confidence", MISSING, "lacks decision.confidence"),
        ("abstention/confidence_without", 55, "abstention.confidence_without is 55"),
        ("abstention/distance", float("nan"), "is not JSON .it has NaN"),
        ("abstention/measured/test/points", MISSING, "lacks abstention.measured.test.points"),
        ("without_facts", 7, "without_facts is 7, expected null, or"),
        (
            "without_facts/without facts/risk",
            0.1,
            "without_facts.without facts.risk is 0.1, expected null or",
        ),
    ],
)
def test_a_record_that_makes_no_sense(place, value, words, own):
    """Though whoever altered it made its hash anew too."""
    text = json.dumps(altered(released.read(own), place, value))
    (own / "model.json").write_text(text, encoding="utf-8")
    (own / "model.json.sha256").write_text(hashlib.sha256(text.encode()).hexdigest())
    with pytest.raises(IntegrityError, match=f"model.json'.*{words}.*; fetch this folder again"):
        released.read(own)


def test_the_schema_is_valid_and_has_the_numbers_of_the_library():
    from jsonschema import Draft202012Validator

    schema = json.loads(released.SCHEMA.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    known = schema["properties"]
    assert known["format"]["const"] == release.FORMAT
    assert known["classes"]["const"] == list(CLASSES)
    temperature = known["decision"]["properties"]["temperature"]
    assert (temperature["minimum"], temperature["maximum"]) == calibration.RANGE
    facts = known["metadata"]["properties"]
    most = [facts[name]["maxItems"] for name in ("sexes", "sites")]
    assert most == [SEX_SLOTS - 1, SITE_SLOTS - 1]


@pytest.mark.parametrize(
    ("place", "value"),
    [("decision/temperature", 3.0), ("metadata/sexes", ["a", "b", "c"]), ("recipe/views", "d4"),
     ("foreign", [])],
)  # fmt: skip
def test_a_change_that_makes_sense_is_seen_by_the_hash(place, value, own):
    record = altered(released.read(own), place, value)
    (own / "model.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(IntegrityError, match="model.json': it has SHA-256 .*, expected"):
        released.read(own)


def test_the_hash_is_what_sha256sum_takes_and_has_to_be_there(own):
    assert subprocess.run(["sha256sum", "-c", released.SEAL], cwd=own, check=False).returncode == 0
    text = (own / "model.json").read_bytes()
    (own / "model.json").write_bytes(text.replace(b"\n", b"\r\n"))
    assert released.read(own)["name"] == "tiny"
    (own / released.SEAL).unlink()
    with pytest.raises(IntegrityError, match="model.json.sha256', which holds its hash, is miss"):
        released.read(own)


def refused(capsys, *arguments, code=2):
    assert main(["predict", "any.jpg", *map(str, arguments)]) == code
    return capsys.readouterr().err


def test_weights_of_another_network_are_named(own, capsys):
    (own / released.ONNX).unlink()
    released.write(own, altered(released.read(own), "recipe/metadata_units", 5))
    said = refused(capsys, "--model", own, code=3)
    assert f"'{own / FILE}' does not fit this Tiny classifier" in said


def test_a_missing_file_and_a_torn_record(own):
    text = (own / "model.json").read_text(encoding="utf-8")
    (own / FILE).unlink()
    with pytest.raises(DataError, match="float16.weights.h5' does not exist"):
        released.load(own)
    (own / "model.json").write_text(text[:100], encoding="utf-8")
    with pytest.raises(IntegrityError, match="is not JSON"):
        released.load(own)
    (own / "model.json").unlink()
    with pytest.raises(DataError, match=r"model\.json' is missing"):
        released.load(own)


def test_models_and_runs_that_are_not_there(model, trained, tmp_path, capsys):
    for name in ("nosuch", "Tiny"):
        assert f"'{name}' is not there; name a released model (tiny)" in refused(
            capsys, "--model", name
        )
    assert "`python -m skinlib train`" in refused(capsys, "--run", tmp_path)
    run = shutil.copytree(trained.folder, tmp_path / "run")
    (run / "best.weights.h5").unlink()
    said = refused(capsys, "--run", run)
    assert "has no weights, git keeps none; train it anew: python -m skinlib train " in said
    (run / "predictions.csv").unlink()
    assert "lacks 'predictions.csv', expected a finished run" in refused(capsys, "--run", run)
