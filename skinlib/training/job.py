"""What the stations of one training share, and the checks that its numbers are finite."""

import dataclasses
from pathlib import Path

import numpy as np

from skinlib.common.errors import TrainingError
from skinlib.common.process import Watch
from skinlib.experiments.recipe import Recipe
from skinlib.experiments.run import write_record


@dataclasses.dataclass(frozen=True)
class Job:
    """One training.

    Attributes
    ----------
    folder : pathlib.Path
        The run directory.
    record : dict
        What run.json will hold; completed while the training goes on.
    recipe : skinlib.experiments.recipe.Recipe
    watch : skinlib.common.process.Watch
        The signals that may stop it.
    show : bool
        Show progress bars.
    """

    folder: Path
    record: dict
    recipe: Recipe
    watch: Watch
    show: bool

    def fail(self, epoch, value, what="loss"):
        """Mark the run failed and raise `TrainingError`: `what` became `value`."""
        self.record.update(status="failed", reason=f"{what} {value} in epoch {epoch + 1}")
        write_record(self.folder, self.record)
        msg = (
            f"the {what} of '{self.folder.name}' became {value} in epoch {epoch + 1}; "
            "lower the learning rate. The last saved state is kept"
        )
        raise TrainingError(msg)

    def require_finite(self, network, epoch):
        """Fail the run if a weight, or a number of the optimizer, is not finite.

        A loss can stay finite while the weights do not: in some kernels the ReLU of NaN is 0.
        """
        from keras import ops

        for variable in (*network.classifier.variables, *network.trained.optimizer.variables):
            array = ops.convert_to_numpy(ops.convert_to_tensor(variable))
            # States of random generators are whole numbers.
            if np.issubdtype(array.dtype, np.floating) and not np.isfinite(array).all():
                worst = array[~np.isfinite(array)].flat[0]
                self.fail(epoch, worst, f"weight '{variable.path}'")
