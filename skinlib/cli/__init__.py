"""The command line: run a command, and turn its errors into a message and an exit code."""

import errno
import os
import signal
import sys

from skinlib.cli.arguments import parser
from skinlib.common import paths
from skinlib.common.errors import DataError, SkinlibError, TemporaryError

# What a shell makes of SIGINT and SIGPIPE.
INTERRUPTED, UNREAD = 130, 141
# A place that no second attempt can write to, unlike a full disk.
WRONG_PLACE = (
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EEXIST,
    errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP,
)  # fmt: skip


def _interrupt(*_):
    # Not through SIGINT, which a shell has its background jobs ignore.
    raise KeyboardInterrupt


def leave(code):
    """End the process with the exit code that `main` returned.

    Whoever lacks memory or space leaves at once: all that there is to keep is written, and a
    backend that ran out of memory may wait for its own threads for ever.
    """
    if code == TemporaryError.exit_code:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def main(arguments=None):
    """Run a command; print an error on one line and return its exit code."""
    # Before TensorFlow is imported: it tells of GPUs it looked for in vain, as errors. What stops
    # a command comes as an exception, and whoever wants the rest sets the variable to less.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # A scheduler's SIGTERM ends a command as Ctrl-C does; a training catches both and saves first.
    signal.signal(signal.SIGTERM, _interrupt)
    for stream in (sys.stdout, sys.stderr):
        # The name of a file need not be Unicode. What stands in for a stream may not know how.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    args = parser().parse_args(arguments)
    try:
        code = args.function(args) or 0
        # Whether somebody reads it shows here, while it can be handled.
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # Who reads, `head` for example, has enough; what is left must not fail at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNREAD
    except SkinlibError as error:
        print(f"skinlib: {' '.join(str(error).split())}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("skinlib: interrupted; run the same command again", file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        if error.errno in WRONG_PLACE:
            remedy = paths.remedy(error, "see to its rights")
            where = f"cannot use '{error.filename}': " if error.filename else ""
            print(f"skinlib: {where}{error.strerror}; {remedy}", file=sys.stderr)
            return DataError.exit_code
        remedy = paths.remedy(error, "free some space or try again")
        said = " ".join(str(error).split()) or type(error).__name__
        print(f"skinlib: {said}; {remedy}", file=sys.stderr)
        return TemporaryError.exit_code
