"""What is found by trying agrees with what counting taps by hand gives."""

import numpy as np
import pytest

from skinlib.models.dependence import channel_changes, kernel_use


@pytest.mark.parametrize(
    ("variant", "channels"), [("as_coded", [0, 1, 2]), ("as_described", range(8))]
)
def test_channels_that_move_a_map(variant, channels):
    changes = channel_changes(variant, 4, 5, 8)
    assert np.flatnonzero(changes).tolist() == list(channels)


@pytest.mark.parametrize(
    ("height", "channels", "meeting"),
    # By hand: 2H - 1 of the C height taps (all, if there are fewer), 3 width taps, 3 channels.
    [(7, 128, 13 * 9 * 16), (8, 192, 15 * 9 * 16), (7, 5, 5 * 9 * 16)],
)
def test_share_of_the_coded_kernel(height, channels, meeting):
    found = kernel_use("as_coded", height, height, channels)
    assert found["meeting_data"] == meeting
    assert found["weights"] == 9 * channels * 16


def test_the_described_kernel_meets_data_everywhere():
    assert kernel_use("as_described", 4, 4, 8)["share"] == 1
