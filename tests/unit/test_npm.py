"""Packages come as locked, none of their scripts run, and a torn folder is installed anew."""

import stat

import pytest

from skinlib.common import npm
from skinlib.common.errors import DataError, TemporaryError

FILES = ("tool/build/tool.min.js",)
# Logs how it was called and where it is to keep its files, then does what npm does.
FAKE = """#!/bin/sh
echo "$@,$TMPDIR,$npm_config_cache" >> "{log}"
[ -f package-lock.json ] || exit 1
{fails}
mkdir -p node_modules/tool/build
echo "tool()" > node_modules/tool/build/tool.min.js
echo "free" > node_modules/tool/LICENSE
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Return a function that makes npm, and folders to install from and to."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "package.json").write_text("{}")
    (source / npm.LOCK).write_text("one")
    log = tmp_path / "log"

    def make(fails=""):
        program = tmp_path / "bin" / "npm"
        program.parent.mkdir(exist_ok=True)
        program.write_text(FAKE.format(log=log, fails=fails))
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
        return source, tmp_path / "made" / "here", log

    return make


def test_files_are_copied_once_and_again_after_a_change(place):
    source, folder, log = place()
    for _ in range(2):
        npm.fetch(source, folder, FILES)
    assert {path.name for path in folder.iterdir()} == {
        "tool.min.js", "tool.LICENSE.txt", npm.LOCK,
    }  # fmt: skip
    (called,) = log.read_text().splitlines()
    assert called.startswith("ci --ignore-scripts --no-audit --no-fund,")
    assert list(folder.parent.iterdir()) == [folder]
    (source / npm.LOCK).write_text("two")
    npm.fetch(source, folder, FILES)
    (folder / "tool.min.js").unlink()
    npm.fetch(source, folder, FILES)
    assert len(log.read_text().splitlines()) == 3
    assert (folder / "tool.min.js").is_file()


@pytest.mark.parametrize("cache", ["", "here/it is"])
def test_npm_keeps_its_files_where_ours_are(place, cache, monkeypatch, tmp_path):
    """Also where TMPDIR leads nowhere."""
    source, folder, log = place()
    monkeypatch.setenv("TMPDIR", "/nowhere")
    monkeypatch.setenv("SKINLIB_CACHE", cache)
    monkeypatch.delenv("npm_config_cache", raising=False)
    monkeypatch.chdir(tmp_path)
    npm.fetch(source, folder, FILES)
    _, temporary, kept = log.read_text().strip().split(",")
    assert temporary.startswith(str(folder.parent))
    assert kept == (str(tmp_path / cache / "npm") if cache else "")


def test_a_failure_says_why_and_leaves_nothing(place, monkeypatch, tmp_path):
    source, folder, _ = place('echo "registry out of reach" >&2; exit 7')
    with pytest.raises(TemporaryError, match="registry out of reach"):
        npm.fetch(source, folder, FILES)
    place()
    with pytest.raises(TemporaryError, match=r"tool/other\.js"):
        npm.fetch(source, folder, ("tool/other.js",))
    assert list(folder.parent.iterdir()) == []
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DataError, match=r"npm is not installed; install Node"):
        npm.fetch(source, folder, FILES)
