"""The golden picks, which NumPy, SciPy and scikit-learn made from the papers' definitions, through Python too."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

import deepal

GOLDEN = Path(__file__).parents[3] / "testdata" / "golden"
with (GOLDEN / "cases.csv").open(encoding="utf-8") as file:
    CASES = list(csv.DictReader(file))


def test_there_are_enough():
    assert len(CASES) > 70


@pytest.mark.filterwarnings("ignore::deepal.CopyWarning")
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['case']} {case['options'].split()[-1]}")
def test_picks_are_as_the_papers_define_them(case):
    options = case["options"].split()
    given = {
        name.removeprefix("--").replace("-", "_"): np.load(GOLDEN / path) for name, path in zip(options[::2], options[1::2])
    }
    if "head_weights" in given:
        given["head"] = (given.pop("head_weights"), given.pop("head_biases"))
    picks = deepal.select(int(case["budget"]), strategy=case["strategy"], **given)
    with (GOLDEN / "expected" / f"{case['case']}.csv").open(encoding="utf-8") as file:
        expected = list(csv.DictReader(file))
    rows = sorted(picks) if case["compare"] == "set" else list(picks)
    assert rows == [int(row["row"]) for row in expected]
    if picks.scores is not None:
        np.testing.assert_allclose(picks.scores, [float(row["score"]) for row in expected], rtol=1e-6, atol=1e-14)
