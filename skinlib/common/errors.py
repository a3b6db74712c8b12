"""Errors that a person can act on.

Every message names the offender, what was expected and what to do next. The command line
prints it on one line and exits with the class's ``exit_code``.
"""


class SkinlibError(Exception):
    """Base class of all errors raised on purpose by skinlib."""

    exit_code = 1


class DataError(SkinlibError):
    """The request or the data is wrong: a missing image, an unknown label, a bad option."""

    exit_code = 2


class IntegrityError(SkinlibError):
    """A file is not what it claims to be: truncated, corrupt, wrong hash, leaking split."""

    exit_code = 3


class TrainingError(SkinlibError):
    """A training run went wrong numerically and is marked failed."""


class TemporaryError(SkinlibError):
    """Network or disk trouble; the same command may work later."""

    exit_code = 75


class Interrupted(SkinlibError):
    """A signal stopped a command, which has saved its state."""

    exit_code = 130
