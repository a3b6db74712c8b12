"""What is done to every table before it is written."""

import pandas as pd

from skinlib.rendering import unbroken


def test_only_intervals_are_kept_on_one_line():
    frame = pd.DataFrame(
        {"a": ["+0.008 [-0.005, +0.020]", "0.1 % [0.0, 0.3], [2, 3]"],
         "b": ["one, two", "[more](leakage.md), [1]"], "c": [1, 2]}
    )  # fmt: skip
    found = unbroken(frame)
    assert list(found["a"]) == [
        "+0.008 [-0.005,\u00a0+0.020]",
        "0.1 % [0.0,\u00a00.3], [2,\u00a03]",
    ]
    pd.testing.assert_frame_equal(found[["b", "c"]], frame[["b", "c"]])
