"""The process: signals that stop it, and silence for what other libraries print."""

import contextlib
import logging
import os
import signal
import sys
import threading
import warnings

from skinlib.common.errors import Interrupted


class Watch:
    """Catch SIGINT and SIGTERM while the block runs.

    The first signal sets a flag that the training loop checks after each step; a second one
    ends the process at once.

    Attributes
    ----------
    requested : bool
        Whether a signal has come.
    """

    def __init__(self):
        self.requested = False
        self._previous = {}

    def __enter__(self):
        # Python lets only the main thread set handlers; elsewhere nothing is caught.
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_):
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _note(self, number, _frame):
        self.requested = True
        signal.signal(number, signal.SIG_DFL)

    def check(self, where):
        """Raise `Interrupted` if a signal has come; `where` is the place for the message."""
        if self.requested:
            msg = f"interrupted {where}; the state is saved, the same command goes on from there"
            raise Interrupted(msg)


@contextlib.contextmanager
def quiet():
    """Keep warnings, logs and the output of C libraries from the terminal inside the block."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    disabled = logging.root.manager.disable
    with open(os.devnull, "wb") as nothing, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.ERROR)
        os.dup2(nothing.fileno(), 1)
        os.dup2(nothing.fileno(), 2)
        try:
            yield
        finally:
            logging.disable(disabled)
            for handle, place in zip(kept, (1, 2), strict=True):
                os.dup2(handle, place)
                os.close(handle)


def import_keras():
    """Import Keras and its backend, in silence where ``TF_CPP_MIN_LOG_LEVEL`` is 3.

    TensorFlow 2.19 and later report missing GPUs before they read that variable
    (issue 100442 of its repository).
    """
    silent = os.environ.get("TF_CPP_MIN_LOG_LEVEL") == "3" and "keras" not in sys.modules
    with quiet() if silent else contextlib.nullcontext():
        import keras  # noqa: F401
