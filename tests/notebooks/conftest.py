"""nbval runs the executed copies in this folder again and compares their checked cells.

Remake a copy after a change of its source notebook: ``python tests/notebooks/remake.py``.
"""

import shutil

import pytest

from skinlib import paths


@pytest.fixture(autouse=True, scope="session")
def fresh_training():
    """The training notebook must train, not find a finished run."""
    shutil.rmtree(paths.RESULTS / "runs" / "adhoc" / "nbval", ignore_errors=True)
    yield
    shutil.rmtree(paths.RESULTS / "runs" / "adhoc" / "nbval", ignore_errors=True)
