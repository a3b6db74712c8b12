"""What a wheel has beside the library: the released models, and which archive has its results.

Everything else is in pyproject.toml. ``make dist`` makes the archive, then the wheel.
"""

import hashlib
import json
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithModels(build_py):
    """Put ``models/`` and ``archive.json`` below ``skinlib/share`` of the wheel."""

    def run(self):
        super().run()
        if self.editable_mode:
            return
        share = Path(self.build_lib) / "skinlib" / "share"
        shutil.rmtree(share, ignore_errors=True)
        shutil.copytree("models", share / "models")
        version = self.distribution.get_version()
        archive = Path("dist") / f"skinlib-results-{version}.zip"
        if archive.is_file():
            known = hashlib.sha256(archive.read_bytes()).hexdigest()
            text = json.dumps({"name": archive.name, "sha256": known, "version": version})
            (share / "archive.json").write_text(text, encoding="utf-8")


setup(cmdclass={"build_py": BuildWithModels})
