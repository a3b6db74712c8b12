"""The average of the weights along a training, in place of those of its last step.

The statistics of batch normalisation belong to the weights that they were collected with, so they
are estimated anew for the average: the mean over batches of the training set, as
``torch.optim.swa_utils.update_bn`` does it.

Source: Izmailov et al., Averaging weights leads to wider optima and better generalization, UAI
2018.
"""

import keras

from skinlib.data.batches import batches, epoch_order
from skinlib.training import evaluation


class AveragingAdam(keras.optimizers.Adam):
    """Adam that may keep an average of the weights (``use_ema``) and leaves the weights alone.

    Keras puts the average in their place whenever `fit` ends, which is after each epoch here and
    wherever a training was interrupted.
    """

    def finalize_variable_values(self, var_list):
        """Do nothing: the training goes on with the weights as they are."""

    def take_average(self, variables):
        """Put the average in the place of the trainable variables of the model."""
        super().finalize_variable_values(variables)


def finish(job, network, progress):
    """Make the average the weights of the last epoch, and write them as such.

    It is not part of the state: a run that ends in here begins it again.
    """
    model, recipe, epoch = network.trained, job.recipe, len(progress.history)
    model.optimizer.take_average(model.trainable_variables)
    part = network.training_part(epoch)
    order = epoch_order(len(part), job.record["seed"], epoch)
    # A last batch of few pictures would count as much as the others.
    order = order[: len(order) // recipe.batch_size * recipe.batch_size or None]

    def inputs():
        for found, _ in batches(part, recipe.batch_size, order):
            job.watch.check("while the batch statistics were estimated anew")
            yield found

    estimate_statistics(model, inputs())
    evaluation.keep(job, network, progress.controls.best_epoch)


def estimate_statistics(model, inputs):
    """Replace the moving means and variances of batch normalisation by means over `inputs`.

    These are batches of the inputs of a model.
    """
    layers = [
        layer
        for layer in model.layers
        if isinstance(layer, keras.layers.BatchNormalization) and layer.trainable
    ]
    momenta = [layer.momentum for layer in layers]
    try:
        for count, batch in enumerate(inputs if layers else ()):
            for layer in layers:
                # The mean of the batches so far, where the first replaces what was there.
                layer.momentum = count / (count + 1)
            model(batch, training=True)
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
