"""What the last epoch did, over the finished runs of a study."""

import pandas as pd
import pytest
from invented import invent

from skinlib.common import paths
from skinlib.experiments import run as runs
from skinlib.experiments.study import load_study
from skinlib.stats import convergence


def test_the_runs_of_a_study(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    assert convergence.of_study(load_study("attention")) == {}
    # Invented curves rise by a tenth and a little at the end.
    invent("attention", lambda spec: 0.5 if spec.seed < 5 else None)
    found = convergence.of_study(load_study("attention"))
    assert list(found) == ["accuracy", "mean recall"]
    assert found["accuracy"].best.tolist() == [True] * 6
    assert found["accuracy"].size == pytest.approx(0.105)
    one, falling = (load_study("attention").finished()[place].folder for place in (0, 1))
    rows = pd.read_csv(one / runs.HISTORY)
    rows[:1].to_csv(one / runs.HISTORY, index=False)
    rows[::-1].to_csv(falling / runs.HISTORY, index=False)
    found = convergence.of_study(load_study("attention"))
    # A run of one epoch has no last change.
    assert found["accuracy"].best.tolist() == [False] + [True] * 4
    assert found["accuracy"].changes[0] == pytest.approx(-0.3)
