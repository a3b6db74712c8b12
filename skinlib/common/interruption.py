"""Stop a training when the system asks for it, with everything saved.

A scheduler that wants its machine back sends SIGTERM and waits some seconds; Ctrl-C
sends SIGINT. The first signal only raises a flag, which the training looks at after
each step. A second one ends the process at once, as if nobody had caught it.
"""

import signal
import threading

from skinlib.common.errors import SkinlibError

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(SkinlibError):
    """A command was asked to stop and has saved what it had; see what the message says."""

    exit_code = 130


class Watch:
    """Catch the signals that ask a process to stop, while the block runs.

    Attributes
    ----------
    requested : bool
        Has a signal come?
    """

    def __init__(self):
        self.requested = False
        self._previous = {}

    def __enter__(self):
        # Python lets only the main thread set handlers; elsewhere nothing is caught.
        if threading.current_thread() is threading.main_thread():
            self._previous = {number: signal.signal(number, self._note) for number in SIGNALS}
        return self

    def __exit__(self, *_):
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _note(self, number, _frame):
        self.requested = True
        signal.signal(number, signal.SIG_DFL)

    def check(self, where):
        """Raise `Interrupted` if a signal has come.

        Parameters
        ----------
        where : str
            How far the training is, for the message.
        """
        if self.requested:
            msg = f"interrupted {where}; the state is saved, the same command goes on from there"
            raise Interrupted(msg)
