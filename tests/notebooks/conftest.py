"""nbval runs the executed copies in this folder again and compares their checked cells.

Remake a copy after a change of its source notebook: ``python tests/notebooks/remake.py``.
"""

import shutil

import pytest

from skinlib.common import paths
from skinlib.models import runtime

# Numbers are comparable to the last digit only within the versions of the lock file (F34).
_DIFFERS = runtime.differs_from_lock()
collect_ignore_glob = ["*.ipynb"] if _DIFFERS else []


def pytest_terminal_summary(terminalreporter):
    if _DIFFERS:
        terminalreporter.write_line(
            f"notebooks are not compared, other versions than locked: {', '.join(_DIFFERS)}"
        )


@pytest.fixture(autouse=True, scope="session")
def fresh_training():
    """The training notebook must train, not find a finished run."""
    shutil.rmtree(paths.RESULTS / "runs" / "adhoc" / "nbval", ignore_errors=True)
    yield
    shutil.rmtree(paths.RESULTS / "runs" / "adhoc" / "nbval", ignore_errors=True)
