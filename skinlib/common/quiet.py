"""Silence what other libraries print; an error comes as an exception all the same."""

import contextlib
import logging
import os
import sys
import warnings


@contextlib.contextmanager
def quiet():
    """Let nothing below the Python of this project write to the terminal inside the block."""
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
    """Import Keras and its backend, in silence where TensorFlow is asked for it.

    TensorFlow 2.19 and later speak of missing GPUs before they look at the variable that says how
    much they should (issue 100442 of its repository).
    """
    silent = os.environ.get("TF_CPP_MIN_LOG_LEVEL") == "3" and "keras" not in sys.modules
    with quiet() if silent else contextlib.nullcontext():
        import keras  # noqa: F401
