"""A session in a process of its own, which works when it is told to.

So memory is that of one network, settings that hold for a whole process (determinism,
compiler) can be compared, and several workers can take turns.
"""

import dataclasses
import json
import os
import subprocess
import sys
import tempfile

from skinlib.common.errors import SkinlibError

# A GPU is shared between workers that take turns; by default the first would take all of it.
SHARING = {"TF_FORCE_GPU_ALLOW_GROWTH": "true", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}


class WorkerError(SkinlibError):
    """A worker ended before its time."""


class Worker:
    """Start a process that builds a `skinlib.bench.session.Session`; use as a context.

    Parameters
    ----------
    setting : skinlib.bench.session.Setting
    quick : bool
        Skip the optimisation of graphs, which takes longer than a few steps.
    """

    def __init__(self, setting, *, quick=False):
        self.setting = setting
        self.environment = {**SHARING, **({"SKINLIB_QUICK_START": "1"} if quick else {})}
        if setting.changes.get("deterministic") and os.environ.get("KERAS_BACKEND") == "jax":
            # JAX reads this when it starts; see skinlib.models.backend.make_deterministic.
            flags = os.environ.get("XLA_FLAGS", "")
            self.environment["XLA_FLAGS"] = f"{flags} --xla_gpu_deterministic_ops=true".strip()

    def __enter__(self):
        self.log = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "skinlib.bench.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            env={**os.environ, **self.environment},
        )
        try:
            self._send(dataclasses.asdict(self.setting))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        # The end of its input is the end of its work.
        self.process.stdin.close()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.log.close()

    def do(self, method, *arguments):
        """Call a method of the session and return what it returns.

        Raises
        ------
        WorkerError
            The process ended, for lack of memory for example; with its last words.
        """
        return self._send([method, *arguments])

    def _send(self, message):
        try:
            self.process.stdin.write(json.dumps(message) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # what it says below is more telling
        answer = self.process.stdout.readline()
        if not answer:
            code = self.process.wait()
            self.log.seek(0)
            words = [line for line in self.log.read().splitlines() if line.strip()]
            reason = words[-1].strip() if words else "it said nothing"
            how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
            msg = f"the worker of {self.setting.backbone} {how}: {reason}"
            raise WorkerError(msg)
        return json.loads(answer)


def main():
    """Answer one line of JSON with one line of JSON, until the input ends."""
    # Libraries print what they like; the channel is ours.
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    from skinlib.bench.session import Session, Setting

    session = None
    for line in sys.stdin:
        message = json.loads(line)
        if session is None:
            session, answer = Session(Setting(**message)), None
        else:
            method, *arguments = message
            answer = getattr(session, method)(*arguments)
        channel.write(json.dumps(answer) + "\n")
        channel.flush()


if __name__ == "__main__":
    main()
