"""Taking turns, spreads and ratios, on clocks and numbers made by hand."""

import time

import numpy as np
import pytest

from skinlib.bench import timing


def test_spread_is_that_of_numpy():
    values = [0.1, 0.3, 0.2, 0.4, 10.0]
    found = timing.spread(values)
    assert np.percentile(values, 90) == pytest.approx(6.16)
    assert found == {
        "median": 0.3, "p90": 6.16, "min": 0.1, "max": 10.0, "count": 5,
    }  # fmt: skip


def test_slow_tenth_of_a_rate_is_the_low_one():
    seconds = [1.0, 2.0, 4.0]
    found = timing.rates(seconds, 8)
    assert (found["min"], found["median"], found["max"]) == (2.0, 4.0, 8.0)
    assert found["p90"] == pytest.approx(np.percentile([8, 4, 2], 10))


def test_cases_take_turns(monkeypatch):
    clock, calls = [0.0], []
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])

    def work(name, seconds):
        def run():
            calls.append(name)
            clock[0] += seconds

        return run

    found = timing.interleave({"a": work("a", 1.0), "b": work("b", 2.0)}, 3, progress=False)
    assert calls == ["a", "b"] * 3
    assert found == {"a": [1.0] * 3, "b": [2.0] * 3}


def test_ratios_are_of_neighbours_not_of_averages():
    # The machine is twice as slow in the second round; the ratio does not see it.
    found = timing.ratios({"slow": [4.0, 8.0], "fast": [1.0, 2.0]}, "slow")
    assert found["fast"]["min"] == found["fast"]["max"] == 4.0
    assert found["slow"]["median"] == 1.0
    # Half the work in the same time is half as fast.
    found = timing.ratios({"a": [1.0], "b": [1.0]}, "a", {"a": 2, "b": 1})
    assert found["b"]["median"] == 0.5


def test_a_result_says_on_what_machine():
    found = timing.machine()
    assert found["device"].startswith(("cpu", "gpu"))
    assert found["versions"]["backend"]
    assert found["cores"] >= 1
    assert found["measured"].endswith("Z")
    assert found["load"] is None or len(found["load"]) == 3


def test_the_cache_of_a_bench_leaves_no_trace(monkeypatch, tmp_path):
    from skinlib.common import paths

    monkeypatch.setenv("SKINLIB_CACHE", "elsewhere")
    with timing.own_cache(tmp_path):
        assert paths.cache() == tmp_path
    assert str(paths.cache()) == "elsewhere"
    monkeypatch.delenv("SKINLIB_CACHE")
    default = paths.cache()
    with pytest.raises(RuntimeError), timing.own_cache(tmp_path):
        raise RuntimeError
    assert paths.cache() == default
