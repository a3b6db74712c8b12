"""Run the parameterised notebooks: papermill, made strict.

papermill only warns about a parameter that a notebook does not have and then runs the defaults;
here that is an error. And the kernel is this Python: Jupyter looks one up by its name, and many
environments have one called ``python3``; which is found first depends on ``JUPYTER_PATH`` and
``JUPYTER_PREFER_ENV_PATH``.
"""

import contextlib
import difflib
import logging
import os
import shutil
import sys
from pathlib import Path

from ipykernel.kernelspec import get_kernel_dict
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel

from skinlib.common import paths
from skinlib.common.errors import DataError, SkinlibError
from skinlib.common.files import atomic_path

# Seconds that the output of a cell may be late, on a machine that has other things to do.
LATE = 300
# How often a kernel is started before its death is believed.
STARTS = 3


class NotebookError(SkinlibError):
    """A cell of a notebook raised."""


class OwnKernel(AsyncKernelManager):
    """Start the kernel of this environment; others on this machine cannot read what it is sent."""

    transport_encryption = "auto"

    @property
    def kernel_spec(self):
        return KernelSpec(**get_kernel_dict())


def available():
    """Return ``{name: path}`` of the source notebooks."""
    return {path.stem: path for path in sorted(paths.NOTEBOOKS.glob("*.ipynb"))}


def source(name):
    """Return the path of a source notebook; a `DataError` names those there are."""
    known = available()
    if name not in known:
        msg = f"there is no notebook '{name}'; notebooks are {', '.join(known)}"
        raise DataError(msg)
    return known[name]


def check_parameters(name, parameters):
    """Refuse parameters that the notebook's ``parameters`` cell does not define."""
    from papermill import inspect_notebook

    known = inspect_notebook(str(source(name)))
    for parameter in parameters:
        if parameter not in known:
            close = difflib.get_close_matches(parameter, known, n=1)
            hint = f"; did you mean '{close[0]}'?" if close else ""
            msg = (
                f"notebook '{name}' has no parameter '{parameter}'{hint}; "
                f"it has {', '.join(sorted(known))}"
            )
            raise DataError(msg)


def execute(name, output, parameters=None, *, label=None):
    """Run a notebook with parameters and keep the executed copy.

    Parameters
    ----------
    name : str
        A name of `available`, ``train`` for example.
    output : str or pathlib.Path
        Where the executed copy goes when every cell ran; a copy of a failed run is kept beside
        it as ``<name>.failed.ipynb``. It is returned.
    parameters : dict, optional
    label : str, optional
        Added to the title of the copy, so that pages can be told apart.

    Raises
    ------
    DataError
        Unknown notebook or parameter.
    NotebookError
        Naming the cell that raised and where the copy lies.
    """
    import papermill
    from papermill.exceptions import PapermillExecutionError

    parameters, output = parameters or {}, Path(output)
    check_parameters(name, parameters)
    failed = output.with_suffix(".failed.ipynb")
    # Notebooks find data and results as the calling process does, wherever they run.
    os.environ.setdefault("SKINLIB_ROOT", str(paths.ROOT))
    output.parent.mkdir(parents=True, exist_ok=True)
    failed.unlink(missing_ok=True)
    _warn_of_other()
    # In the caller's folder, where relative paths among the parameters and in the environment lead.
    options = {"progress_bar": False, "log_output": False, "iopub_timeout": LATE,
               "kernel_manager_class": OwnKernel}  # fmt: skip
    places = str(source(name)), str(failed)
    try:
        _patiently(lambda: papermill.execute_notebook(*places, parameters=parameters, **options))
    except PapermillExecutionError as error:
        msg = (
            f"notebook '{name}' failed in cell {error.cell_index}: {error.ename}: {error.evalue}; "
            f"the executed copy is '{failed}'"
        )
        raise NotebookError(msg) from error
    except (TimeoutError, RuntimeError) as error:  # of nbclient, which quotes the cell
        if isinstance(error, RuntimeError) and "Kernel died" not in str(error):
            raise
        msg = (
            f"notebook '{name}' stopped, {' '.join(str(error).split())[:160]}; the machine may be "
            "too busy or lack memory: run the command again"
        )
        raise NotebookError(msg) from error
    _tidy(failed, output, label)
    failed.unlink()
    return output


def _warn_of_other():
    """Say so where Jupyter would have started another Python."""
    with contextlib.suppress(NoSuchKernel, OSError, ValueError, IndexError):
        program = KernelSpecManager().get_kernel_spec("python3").argv[0]
        if program not in ("python", "python3") and shutil.which(program) != sys.executable:
            logging.getLogger("skinlib").warning(
                "Jupyter's kernel 'python3' is '%s'; notebooks run in the Python of this "
                "environment, '%s'", program, sys.executable,
            )  # fmt: skip


def _patiently(execute):
    """Start again when a kernel dies before its first cell.

    Two kernels that start at once may choose the same free port; the second then dies.
    """
    for _ in range(STARTS - 1):
        try:
            return execute()
        except RuntimeError as error:
            if "Kernel died before replying" not in str(error):
                raise
    return execute()


def _tidy(executed, output, label):
    """Write the final copy: titled, its code folded, without timings or paths of this machine."""
    import nbformat

    notebook = nbformat.read(executed, as_version=4)
    notebook.metadata.pop("papermill", None)
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            _fold(cell.metadata.setdefault("tags", []))
            # Progress bars and messages of backends are for the terminal.
            cell.outputs = [out for out in cell.outputs if out.get("name") != "stderr"]
    first = notebook.cells[0]
    if label and first.cell_type == "markdown":
        title, _, rest = first.source.partition("\n")
        first.source = f"{title}: {label}\n{rest}"
    with atomic_path(output) as temporary:
        nbformat.write(notebook, temporary)


def _fold(tags):
    """Fold the code of a cell; leave out default parameters where the real ones are injected."""
    fold = "remove-input" if "parameters" in tags else "hide-input"
    if not {"injected-parameters", "remove-cell", fold} & set(tags):
        tags.append(fold)
