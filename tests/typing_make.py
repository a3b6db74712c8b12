"""A folder in which make is typed, with stand-ins for the programs that it calls."""

import json
import os
import re
import subprocess
import sys

from skinlib.common import paths

TARGETS = re.findall(r"^([a-z-]+):.*##", (paths.ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
# Notes down what it was called with, one line of JSON, and ends with a code.
STAND_IN = """#!{python}
import json, os, sys
with open({log!r}, "a") as file:
    print(json.dumps([os.path.basename(sys.argv[0]), *sys.argv[1:]]), file=file)
sys.exit({code})
"""


class Tree:
    """A folder with the Makefile and links to what it reads; `calls` are those of stand-ins."""

    def __init__(self, folder, programs=("python", "snakemake", "ruff", "nbstripout")):
        self.folder = folder
        for name in ("Makefile", "profiles", "studies"):
            (folder / name).symlink_to(paths.ROOT / name)
        for name in ("requirements.lock", "pyproject.toml"):
            (folder / name).touch()
        (folder / ".venv" / "bin").mkdir(parents=True)
        (folder / ".venv" / ".installed").touch()
        for name in programs:
            self.stand_in(name)

    def stand_in(self, name, code=0):
        program, log = self.folder / ".venv" / "bin" / name, str(self.folder / "called")
        program.write_text(STAND_IN.format(python=sys.executable, log=log, code=code))
        program.chmod(0o755)

    def make(self, *words):
        environment = {key: value for key, value in os.environ.items() if key[:4] != "MAKE"}
        return subprocess.run(
            ["make", *words],
            cwd=self.folder, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    @property
    def calls(self):
        log = self.folder / "called"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
