"""nbval runs the executed copies in this folder again and compares their checked cells.

Remake a copy after a change of its source notebook: ``python tests/notebooks/remake.py``.
"""

import shutil

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


def pytest_sessionstart(session):
    """Let the training notebook train, not find a finished run."""
    _forget_training(session.config)


def pytest_sessionfinish(session):
    _forget_training(session.config)


def _forget_training(config):
    # Once, not in each worker of pytest-xdist.
    if not hasattr(config, "workerinput"):
        shutil.rmtree(paths.RESULTS / "runs" / "adhoc" / "nbval", ignore_errors=True)
