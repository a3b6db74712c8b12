"""The process: its switches, signals that stop it, silence for what other libraries print."""

import contextlib
import importlib.util
import logging
import os
import signal
import sys
import threading
import warnings

from skinlib.common.errors import DataError, Interrupted

BACKENDS = ("tensorflow", "jax", "torch")
# What people write for on and off.
BOOLEANS = {"true": True, "yes": True, "false": False, "no": False}
SWITCHES = {**BOOLEANS, "1": True, "on": True, "0": False, "off": False, "": False}
# The settings of Keras that every run has; they are on its record.
KERAS = {"image_data_format": "channels_last", "floatx": "float32", "epsilon": 1e-7}


def switched_on(name):
    """Return whether an environment variable is set to one of the words for on in `SWITCHES`.

    `DataError`: it is none of them.
    """
    value = os.environ.get(name, "")
    try:
        return SWITCHES[value.strip().lower()]
    except KeyError as error:
        msg = f"{name}='{value}' is neither on nor off; set it to 1 or 0, or unset it"
        raise DataError(msg) from error


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
    """Import Keras and its backend, and set what a run relies on.

    ``keras.json`` and the environment of a user may ask for another layout of pictures, another
    precision or fewer steps. In silence where ``TF_CPP_MIN_LOG_LEVEL`` is 3: TensorFlow 2.19 and
    later report missing GPUs before they read that variable (issue 100442 of its repository).
    `DataError`: a backend that is not installed or not supported.
    """
    silent = os.environ.get("TF_CPP_MIN_LOG_LEVEL") == "3" and "keras" not in sys.modules
    try:
        with quiet() if silent else contextlib.nullcontext():
            import keras
        if (name := keras.backend.backend()) not in BACKENDS:
            msg = f"'{name}' cannot train"
            raise ImportError(msg)
    # For settings that are none, Keras has a ValueError or whatever they lead to.
    except (ImportError, ValueError, TypeError, AttributeError) as error:
        file = os.path.join(
            os.environ.get("KERAS_HOME") or os.path.expanduser("~/.keras"), "keras.json"
        )
        chosen = os.environ.get("KERAS_BACKEND")
        place = f"KERAS_BACKEND={chosen}" if chosen else f"the settings of '{file}'"
        msg = (
            f"Keras does not start with {place}: {error}; expected one of {', '.join(BACKENDS)} "
            f"that is installed. Set KERAS_BACKEND=tensorflow, or see to '{file}'"
        )
        raise DataError(msg) from error
    for setting, value in {**KERAS, "max_epochs": None, "max_steps_per_epoch": None}.items():
        getattr(keras.config, f"set_{setting}")(value)


def need(module, extra):
    """Refuse to go on without a package that only an extra of skinlib brings; import nothing."""
    if importlib.util.find_spec(module) is None:
        msg = f"'{module}' is not installed; install the extra: pip install \"skinlib[{extra}]\""
        raise DataError(msg)
