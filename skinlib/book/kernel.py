"""The kernel of a notebook: this Python, whatever kernels the user's Jupyter has.

Jupyter looks a kernel up by its name, and many environments have one called ``python3``. Which of
them is found first depends on ``JUPYTER_PATH`` and ``JUPYTER_PREFER_ENV_PATH``.
"""

import logging
import multiprocessing
import os
import shutil
import sys

from ipykernel.kernelspec import get_kernel_dict
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from jupyter_client.provisioning import LocalProvisioner

# What most pages import, and what takes two seconds.
IMPORTED = ["ipykernel.kernelapp", "pandas", "seaborn"]


class OwnKernel(AsyncKernelManager):
    """Start the kernel of this environment; others on this machine cannot read what it is sent."""

    transport_encryption = "auto"

    @property
    def kernel_spec(self):
        return KernelSpec(**get_kernel_dict())


class ForkedKernel(OwnKernel):
    """Fork the kernel from a process that has imported `IMPORTED`.

    All kernels have the environment and the folder of the process that starts the first one.
    """

    def __init__(self, **options):
        super().__init__(**options)
        self.provisioner = _Forking(kernel_id="forked", kernel_spec=self.kernel_spec, parent=self)


class _Forking(LocalProvisioner):
    """Launches kernels through Python's fork server."""

    async def launch_kernel(self, cmd, **_):
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(IMPORTED)
        arguments = cmd[cmd.index("-f") :]
        self.process = _Running(context.Process(target=_serve, args=(arguments,), daemon=True))
        self.pid = self.process.pid
        return self.connection_info


class _Running:
    """A started process with the methods of `subprocess.Popen` that Jupyter calls."""

    stdin = stdout = stderr = None

    def __init__(self, process):
        process.start()
        self.process, self.pid = process, process.pid
        self.kill, self.terminate = process.kill, process.terminate

    def poll(self):
        return self.process.exitcode

    def wait(self):
        self.process.join()
        return self.process.exitcode

    def send_signal(self, number):
        os.kill(self.pid, number)


def _serve(arguments):
    import matplotlib as mpl
    import pandas as pd
    from ipykernel.kernelapp import IPKernelApp

    # As these are where a kernel imports the libraries.
    mpl.rcParams["backend"] = "module://matplotlib_inline.backend_inline"
    pd.set_option("display.max_columns", 20)
    # It ends when its parent does.
    IPKernelApp.launch_instance([*arguments, f"--IPKernelApp.parent_handle={os.getppid()}"])


def warn_of_other(name="python3"):
    """Say so where Jupyter would have started another Python."""
    try:
        program = KernelSpecManager().get_kernel_spec(name).argv[0]
    except (NoSuchKernel, OSError, ValueError, IndexError):
        return
    if program in ("python", "python3") or shutil.which(program) == sys.executable:
        return
    logging.getLogger("skinlib").warning(
        "Jupyter's kernel '%s' is '%s'; notebooks run in the Python of this environment, '%s'",
        name, program, sys.executable,
    )  # fmt: skip
