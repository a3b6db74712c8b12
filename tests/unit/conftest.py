"""The committed results, whatever folder other tests write to."""

import pytest
import sampled

from skinlib.common import paths


@pytest.fixture(scope="module", autouse=True)
def committed_results():
    """Read the committed results, whatever folder other tests of the session write to."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "RESULTS", paths.ROOT / "results")
        yield


@pytest.fixture(scope="session")
def sample():
    """See `sampled.draw`."""
    return sampled.draw()
