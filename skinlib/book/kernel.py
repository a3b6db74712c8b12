"""The kernel of a notebook: this Python, whatever kernels the user's Jupyter has.

Jupyter looks a kernel up by its name, and many environments have one called ``python3``. Which of
them is found first depends on ``JUPYTER_PATH`` and ``JUPYTER_PREFER_ENV_PATH``.
"""

import logging
import shutil
import sys

from ipykernel.kernelspec import get_kernel_dict
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel


class OwnKernel(AsyncKernelManager):
    """Start the kernel of this environment."""

    @property
    def kernel_spec(self):
        return KernelSpec(**get_kernel_dict())


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
