"""Prints what the tests of `src/stats/` expect, computed without any of our code: `python stats.py`.

Run with NumPy 2.4.6 and SciPy 1.17.1. Bootstraps are checked against all resamples there are, counted one by one: an end of
an interval of 10,000 random resamples must lie between the quantiles a - e and a + e of those, e being four standard
deviations of the share of 10,000 draws.
"""

from itertools import product
from math import sqrt

import numpy as np
from scipy import stats


def tail(n, freedom):
    """Hesterberg 2015: the normal's tail that makes percentiles as wide as Student's interval."""
    return stats.norm.cdf(-sqrt(n / (n - 1)) * stats.t.ppf(0.975, freedom))


def brackets(values, a):
    """Between what the lower and the upper end may lie, given the answers to all resamples."""
    values = np.sort(values)
    e = 4 * sqrt(a * (1 - a) / 10_000)
    at = lambda q: values[int(np.clip(np.ceil(q * len(values)) - 1, 0, len(values) - 1))]
    eps = 1e-12
    return (at(a - e) - eps, at(a + e) + eps), (at(1 - a - e) - eps, at(1 - a + e) + eps)


def show(name, value):
    print(f"{name} = {value}")


print("# bootstrap.rs")
for name, x in {"5": [0.71, 0.74, 0.69, 0.80, 0.75], "6": [0.1, 0.9, 0.3, 0.35, 0.5, 0.2]}.items():
    n = len(x)
    means = np.array(list(product(x, repeat=n))).mean(1)
    low, high = brackets(means, tail(n, n - 1))
    show("LOW_" + name, tuple(map(float, low)))
    show("HIGH_" + name, tuple(map(float, high)))
show("TAILS", [(n, float(tail(n, n - 1))) for n in (3, 5, 10, 30)])

print("# interval.rs")
for x in ([0.7, 0.9], [0.71, 0.74, 0.69, 0.80, 0.75], [0.01 * (i * 7 % 19) for i in range(19)]):
    x = np.array(x)
    low, high = stats.t.interval(0.95, len(x) - 1, x.mean(), stats.sem(x))
    show("STUDENT", (x.round(6).tolist(), (float(low), float(high))))
for name, x in {
    "BCA_SKEWED": 1 - 0.3 / np.arange(1, 25),
    "BCA_EVEN": 0.7 + 0.05 * np.sqrt(np.arange(20)),
}.items():
    ends = [
        stats.bootstrap((x,), np.mean, n_resamples=10_000, method="BCa", rng=np.random.default_rng(seed))
        for seed in range(200)
    ]
    ends = [(found.confidence_interval.low, found.confidence_interval.high) for found in ends]
    show(name, (np.mean(ends, 0).tolist(), np.std(ends, 0).tolist()))

print("# curve.rs")
x, y = np.array([20, 25, 40, 100, 110.0]), np.array([0.31, 0.42, 0.55, 0.81, 0.79])
show("AREA", float(np.trapezoid(y, x) / (x[-1] - x[0])))

print("# significance.rs")
for d in (
    [0.01, 0.02],
    [0.012, 0.02, -0.003, 0.017, 0.008],
    [-0.5, -0.52, -0.49, -0.51, -0.5, -0.5, -0.5],
    [0.1, -0.2, 0.3, -0.1, 0.05, -0.13, 0.0, 0.02, -0.04, 0.01],
):
    found = stats.ttest_rel(np.array(d), np.zeros(len(d)))
    low, high = found.confidence_interval()
    show("T_TESTS", (d, [float(found.statistic), float(found.pvalue), float(low), float(high)]))
p = [0.01, 0.04, 0.03, 0.005, 0.9, 0.03]
order = np.argsort(p, kind="stable")
show("HOLM", [max(min(1.0, (len(p) - r) * p[i]) for r, i in enumerate(order) if p[i] <= q) for q in p])

print("# penalty.rs")


def task(scale):
    i, k, s = np.meshgrid(np.arange(3.0), np.arange(4.0), np.arange(5.0), indexing="ij")
    return 0.5 + scale * 0.01 * i * k + 0.02 * np.sin(3 * i + 5 * k + 7 * s * (i + 1))


cells = np.zeros((3, 3))
for t in (task(1), task(3)):
    for i, j, k in product(range(3), range(3), range(1, 4)):
        if i != j:
            cells[i, j] += (stats.ttest_rel(t[i, k], t[j, k]).statistic > 2.776445) / 3
show("CELLS", cells.ravel().tolist())
show("COLUMNS", cells.mean(0).tolist())

print("# iqm.rs")
values = lambda n: np.sin(np.arange(n) * 1.7) + 0.1 * np.arange(n)
show("TRIMMED", [(n, float(stats.trim_mean(values(n), 0.25))) for n in (1, 3, 4, 5, 11, 40)])
a, b = [0.71, 0.74, 0.69, 0.8], [0.91, 0.95, 0.9]
all_resamples = [x + y for x in product(a, repeat=4) for y in product(b, repeat=3)]
low, high = brackets(stats.trim_mean(np.array(all_resamples), 0.25, axis=1), tail(3, 5))
show("IQM_LOW", tuple(map(float, low)))
show("IQM_HIGH", tuple(map(float, high)))
