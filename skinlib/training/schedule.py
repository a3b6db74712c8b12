"""Learning-rate schedule, early stopping and best epoch.

Plain numbers with the rules of Keras' ReduceLROnPlateau, EarlyStopping and ModelCheckpoint (a test
compares them). Keras does not save the counters of those callbacks: a resumed run would stop
elsewhere and could replace its best weights by worse ones.
"""

import dataclasses
import math

# Smallest improvement of the loss that ReduceLROnPlateau notices, Keras' default.
PLATEAU_DELTA = 1e-4


def cosine(recipe, epoch):
    """Return the learning rate of an epoch, counted from 0, that falls along half a cosine.

    Before it there are `warmup` epochs in which it rises evenly.
    """
    if epoch < recipe.warmup:
        return recipe.learning_rate * (epoch + 1) / (recipe.warmup + 1)
    span = recipe.learning_rate - recipe.minimum_learning_rate
    share = min((epoch - recipe.warmup) / (recipe.epochs - recipe.warmup), 1.0)
    return recipe.minimum_learning_rate + span * (1 + math.cos(math.pi * share)) / 2


@dataclasses.dataclass
class Controls:
    """Counters of one training; all of them are part of the saved state.

    Attributes
    ----------
    learning_rate : float
        For the next epoch.
    plateau_best, stopping_best, checkpoint_best : float
        Smallest value of each monitored score so far, where accuracies are negated.
    plateau_wait, stopping_wait : int
        Epochs since the last improvement.
    best_epoch : int
        Epoch whose weights are kept, -1 before the first.
    stopped : bool
        Whether early stopping has triggered.
    """

    learning_rate: float
    plateau_best: float = math.inf
    plateau_wait: int = 0
    stopping_best: float = math.inf
    stopping_wait: int = 0
    checkpoint_best: float = math.inf
    best_epoch: int = -1
    stopped: bool = False

    @classmethod
    def first(cls, recipe):
        """Return those of a training before its first epoch."""
        return cls(cosine(recipe, 0) if recipe.schedule == "cosine" else recipe.learning_rate)

    def update(self, recipe, epoch, loss=math.nan, accuracy=math.nan, mean_recall=math.nan):
        """Take the scores of an epoch on the selection set; return whether it is the best so far.

        Epochs are counted from 0. `loss` is the plain cross-entropy, `mean_recall` the recall
        averaged over the classes; there are none where nothing is selected.
        """
        score = {"loss": loss, "accuracy": -accuracy, "mean_recall": -mean_recall}
        if recipe.schedule == "cosine":
            self.learning_rate = cosine(recipe, epoch + 1)
        elif recipe.plateau_factor is not None:
            self._plateau(recipe, loss)
        if recipe.selection != "none":
            self._stopping(recipe, epoch, score[recipe.stopping_metric])
        if recipe.checkpoint_metric == "last":
            self.best_epoch = epoch
            return True
        if score[recipe.checkpoint_metric] < self.checkpoint_best:
            self.checkpoint_best = score[recipe.checkpoint_metric]
            self.best_epoch = epoch
            return True
        return False

    def _plateau(self, recipe, loss):
        if loss < self.plateau_best - PLATEAU_DELTA:
            self.plateau_best, self.plateau_wait = loss, 0
            return
        self.plateau_wait += 1
        if self.plateau_wait >= recipe.plateau_patience:
            lower = self.learning_rate * recipe.plateau_factor
            self.learning_rate = max(lower, recipe.minimum_learning_rate)
            self.plateau_wait = 0

    def _stopping(self, recipe, epoch, score):
        if score < self.stopping_best - recipe.stopping_delta:
            self.stopping_best, self.stopping_wait = score, 0
            return
        self.stopping_wait += 1
        self.stopped = self.stopping_wait >= recipe.stopping_patience and epoch > 0
