"""Makes the arrays of this folder and the picks that `deepal select` must make of them.

Written from the papers' definitions and nothing that the program computes: SciPy's entropy, brute force, whole distance
matrices, scikit-learn's k-means. It was run with NumPy 2.4.6, SciPy 1.17.1 and scikit-learn 1.9.1; running it again
gives the same files.

    python make.py          (half a minute)

cases.csv        one line a call: the case, strategy, budget, how to compare, and the options with their arrays
expected/*.csv   the picks of a case, `rank,row,score`; the rank is empty where only the set of rows is determined,
                 the score where the strategy gives none
draws.csv        for strategies that draw: the probability of each row to be the pick at a place, and the largest chi-square
                 that 2,000 draws may have
cold.csv         greedy k-center with nothing labelled: what must follow each possible first row
costs.csv        the least clustering cost found by very many starts, for strategies that draw their start at random

Ties go to the lower row. Where a rounding error could decide, the script stops: every golden pick is certain.
"""

import shutil

import batches
import files
import numpy as np
from files import EXPECTED, HERE, ranked, save, single, softmax32, write_csv
from scipy.spatial.distance import cdist
from scores import (
    bald,
    consensus_entropy,
    least_confidence,
    margin,
    mean_std,
    shannon,
    variation_ratios,
    vote_entropy,
)
from sklearn.cluster import KMeans


# --- Definitions ------------------------------------------------------------------------------------------------------


UNCERTAINTY = {"least-confidence": least_confidence, "margin": margin, "entropy": shannon}
DISAGREEMENT = {"bald": bald, "variation-ratios": variation_ratios, "mean-std": mean_std}
COMMITTEE = {
    "consensus-entropy": consensus_entropy,
    "ensemble-bald": bald,
    "ensemble-variation-ratios": variation_ratios,
}


def greedy_k_center(points, labeled, budget, first=None):
    """The definition, with the whole distance matrix (Gonzalez 1985; Sener and Savarese 2018)."""
    points, labeled = points.astype(np.float64), labeled.astype(np.float64)
    among, to_labeled = cdist(points, points), cdist(points, labeled)
    picks = [] if first is None else [first]
    while len(picks) < min(budget, len(points)):
        nearest = np.column_stack([to_labeled, among[:, picks]]).min(axis=1)
        left = [i for i in range(len(points)) if i not in picks]
        farthest = max(nearest[left])
        close = [i for i in left if nearest[i] < farthest and nearest[i] > farthest * (1 - 1e-5)]
        assert not close, "a gap that single precision could close"
        picks.append(min(i for i in left if nearest[i] == farthest))
    return picks


def median_cost(points, centers):
    distances = cdist(points, centers, "cityblock")
    return distances.argmin(axis=1), distances.min(axis=1).sum()


def certainly_best(points, truth, metric):
    """Whether no start of many ends in a cheaper partition than the true one."""
    groups = [points[truth == cluster] for cluster in np.unique(truth)]
    if metric == "k-means":
        cost = sum(((group - group.mean(axis=0)) ** 2).sum() for group in groups)
        best = KMeans(len(groups), n_init=50, random_state=0).fit(points).inertia_
    else:
        cost = sum(np.abs(group - np.median(group, axis=0)).sum() for group in groups)
        best = best_k_medians(points, len(groups), 400, np.random.default_rng(0))
    return cost <= best * (1 + 1e-9)


def best_k_medians(points, k, starts, generator):
    """Lloyd's algorithm with absolute distances and coordinate-wise medians, from random rows."""
    best = np.inf
    for _ in range(starts):
        centers = points[generator.choice(len(points), k, replace=False)]
        assignment, cost = median_cost(points, centers)
        while True:
            for cluster in set(assignment):
                centers[cluster] = np.median(points[assignment == cluster], axis=0)
            assignment, next_cost = median_cost(points, centers)
            if next_cost >= cost:
                break
            cost = next_cost
        best = min(best, cost)
    return best


def member_nearest(points, truth, metric):
    """For each cluster the member nearest to its mean, or in absolute distances to its median."""
    center, name = {"k-means": (np.mean, "sqeuclidean"), "k-medians": (np.median, "cityblock")}[metric]
    picks = []
    for cluster in np.unique(truth):
        members = np.flatnonzero(truth == cluster)
        distances = cdist(points[members], center(points[members], axis=0)[None], name)[:, 0]
        least = distances.min()
        assert np.sum(distances < least + 0.01) == 1, "two members as near as each other"
        picks.append(members[distances.argmin()])
    return picks


# --- Cases --------------------------------------------------------------------------------------------------------------


class Cases(files.Cases):
    def uncertainty(self, name, p, budget, files):
        for strategy, score in UNCERTAINTY.items():
            scores = score(p)
            self.add(f"{strategy}-{name}", strategy, budget, {"probs": files}, ranked(scores)[:budget], scores)

    def passes(self, name, passes, budget, files, strategies=(*UNCERTAINTY, *DISAGREEMENT)):
        for strategy in strategies:
            is_own = strategy in DISAGREEMENT
            scores = DISAGREEMENT[strategy](passes) if is_own else UNCERTAINTY[strategy](passes.mean(axis=0))
            full = strategy if is_own else f"{strategy}-dropout"
            self.add(f"{full}-{name}", full, budget, {"mc-probs": files}, ranked(scores)[:budget], scores)

    def committee(self, name, members, budget, files):
        """Nets in the place of passes. Of equal votes the larger consensus entropy comes first."""
        for strategy, score in COMMITTEE.items():
            scores = score(members)
            given = {"member-probs": files}
            self.add(f"{strategy}-{name}", strategy, budget, given, ranked(scores)[:budget], scores)
        votes = vote_entropy(members)
        places = {row: place for place, row in enumerate(ranked(consensus_entropy(members)))}
        levels = np.unique(votes.round(9))
        assert len(levels) > 2 and np.all(np.diff(levels) > 1e-6), "levels that rounding could close"
        rows = sorted(range(len(votes)), key=lambda row: (-votes[row].round(9), places[row]))
        self.add(f"vote-entropy-{name}", "vote-entropy", budget, {"member-probs": files}, rows[:budget])


# --- The arrays and what must come of them ----------------------------------------------------------------------------


def probabilities(cases, generator):
    # Exact zeros, one-hots, the uniform row, copies, permuted rows, and rows that tie in one score only.
    hard = [
        [0, 0.5, 0.5, 0, 0],
        [1, 0, 0, 0, 0],
        [0.5, 0.25, 0.25, 0, 0],
        [0, 0.25, 0.5, 0, 0.25],
        [0.375, 0.375, 0.25, 0, 0],
        [0, 0, 0, 0, 1],
        [0.5, 0.25, 0.25, 0, 0],
        [0.5, 0.5, 0, 0, 0],
    ]
    soft = softmax32(generator.normal(scale=2.0, size=(24, 5)))
    p = np.vstack([soft[:12], hard, np.full((1, 5), single(0.2)), soft[12:], soft[3:6]])
    cases.uncertainty("hard", p, 30, save("probs-hard", p, ["f4", "f8", "f8F", ">f4", ">f8F"]))

    # One part in 10^k is left for the other classes: single precision sees only ones from k = 8 on.
    rest = np.array([10.0**-k for k in (3, 11, 7, 2, 9, 5, 12, 8, 1, 10, 4, 6)])
    p = np.column_stack([1 - rest, rest * 0.75, rest * 0.25])
    cases.uncertainty("saturated", p, 12, save("probs-saturated", p, ["f8"]))

    p = softmax32(generator.normal(size=(50, 2)))
    cases.uncertainty("two-classes", p, 10, save("probs-two-classes", p, ["f4", "f8F"]))

    p = softmax32(generator.normal(size=(4, 3)))
    cases.uncertainty("few-rows", p, 9, save("probs-few-rows", p, ["f4", "f8"]))

    p = softmax32(generator.normal(scale=3.0, size=(6, 150)))
    cases.uncertainty("many-classes", p, 4, save("probs-many-classes", p, ["f4"]))


def stochastic_passes(cases, generator):
    # Ten passes: random ones, saturated ones that disagree (two, three or four ways), that agree, and exact zeros.
    passes = softmax32(generator.normal(scale=2.0, size=(10, 1, 4)) + generator.normal(scale=2.0, size=(10, 14, 4)))
    one_hot = np.eye(4)
    passes[:, 2] = one_hot[[0, 1] * 5]
    passes[:, 5] = one_hot[[0, 1, 2, 0, 1, 2, 0, 1, 2, 3]]
    passes[:, 7] = one_hot[[3] * 10]
    passes[:, 8] = [0.5, 0, 0.5, 0]
    passes[:, 9] = one_hot[[0, 0, 0, 0, 0, 0, 0, 0, 0, 1]]
    passes[:, 11] = passes[:, 2][:, [2, 3, 0, 1]]
    passes[:, 12] = one_hot[[2] * 10]
    files = save("mc-hard", passes, ["f4", "f8", "f8F", ">f4"])
    cases.passes("hard", passes, 14, files)
    cases.committee("hard", passes, 14, files)

    # Every pass the same: the least confidence and so on of that pass, and no information at all for BALD.
    agreeing = np.repeat([[[0.5, 0.25, 0.25], [0, 0.5, 0.5], [1, 0, 0], [0.25, 0.5, 0.25], [0.75, 0, 0.25]]], 2, axis=0)
    cases.passes("agreeing", agreeing, 5, save("mc-agreeing", agreeing, ["f4", "f8"]))

    alone = softmax32(generator.normal(size=(1, 9, 3)))
    cases.passes("one-pass", alone, 5, save("mc-one-pass", alone, ["f8"]), strategies=tuple(UNCERTAINTY))

    # All classes by turns is the most there can be, ln c.
    turns = np.array([np.eye(8)[(np.arange(5) * t) % 8] for t in range(8)])
    cases.passes("turns", turns, 4, save("mc-turns", turns, ["f4"]), strategies=("bald",))


def k_center(cases, generator):
    def add(name, points, labeled, budget, types=("f4", "f8")):
        arrays = {
            "embeddings": save(f"emb-{name}", points, types),
            "labeled-embeddings": save(f"lab-{name}", labeled, types),
        }
        cases.add(f"k-center-{name}", "k-center", budget, arrays, greedy_k_center(points, labeled, budget))

    points, labeled = single(generator.normal(size=(60, 6))), single(generator.normal(size=(5, 6)))
    add("normal", points, labeled, 20, ["f4", "f8", "f4F", ">f8F"])

    # Far from the origin, with copies of labelled rows: expanding the square gives noise, or NaN, and picks them.
    labeled = single(1000 + generator.normal(size=(8, 33)))
    points = np.vstack([labeled, single(1000 + generator.normal(size=(9, 33))), labeled[:3]])
    add("offset-copies", points, labeled, 12, ["f4", "f8F"])

    # Every distance occurs many times: only the row decides.
    grid = np.array([[x, y] for x in range(6) for y in range(6)], dtype=float)
    add("grid", grid, np.array([[2.0, 2.0]]), 36)

    # Some rows are copies of each other, and there are fewer rows than asked for.
    few = single(generator.normal(size=(4, 3)))
    add("few-copies", few[[0, 1, 0, 2, 2, 3]], few[:1], 9, ["f8"])

    add("one-dimension", np.array([[0.0], [1.0], [5.0], [10.0], [2.0]]), np.array([[0.0]]), 5, ["f4F"])

    # Nothing labelled yet: the first row is free, the rest follows.
    points = single(generator.normal(size=(12, 4)))
    save("emb-cold", points, ["f8"])
    rows = [
        [first, rank, row]
        for first in range(len(points))
        for rank, row in enumerate(greedy_k_center(points, np.zeros((0, 4)), 12, first), 1)
    ]
    write_csv(HERE / "cold.csv", ["first", "rank", "row"], rows)


def clustering(cases, generator):
    # Clusters far apart, of uneven sizes, in mixed order: one pick each, the member nearest to the centre. Odd sizes
    # make medians unique; some far rows inside a cluster pull the mean away from the median.
    sizes = [31, 3, 15, 1, 7, 21, 5]
    for name, offset in [("separated", 0.0), ("separated-offset", 1000.0)]:
        truth = generator.permutation(np.repeat(np.arange(len(sizes)), sizes))
        homes = 200.0 * generator.permutation([[i >> bit & 1 for bit in range(4)] for i in range(7)])
        skewed = generator.exponential(size=(len(truth), 4)) ** 2
        points = single(offset + homes[truth] + skewed)
        files = save(f"emb-{name}", points, ["f4", "f8F"])
        for strategy in ("k-means", "k-medians"):
            assert certainly_best(points, truth, strategy)
            picks = member_nearest(points, truth, strategy)
            cases.add(f"{strategy}-{name}", strategy, len(sizes), {"embeddings": files}, picks, in_order=False)
        assert set(member_nearest(points, truth, "k-means")) != set(member_nearest(points, truth, "k-medians"))

    # Fewer distinct rows than picks asked for, and fewer rows: all are taken, whatever the clusters.
    copies = single(generator.normal(size=(3, 2)))[[0, 1, 0, 2, 2]]
    for strategy in ("k-means", "k-medians"):
        files = save("emb-copies", copies, ["f4"])
        cases.add(f"{strategy}-copies", strategy, 9, {"embeddings": files}, range(5), in_order=False)

    # Overlapping clusters, for which there is no certain answer: the best of very many starts.
    costs = []
    # Far from the origin the products of rows have lost the digits that tell the clusters apart.
    shapes = [("blobs", 240, 8, 12, 2.0, 0), ("cloud", 200, 3, 15, 0.0, 0), ("blobs-offset", 200, 8, 10, 2.0, 5000)]
    for name, n, d, k, spread, offset in shapes:
        homes = spread * generator.normal(size=(k, d))
        points = single(offset + homes[generator.integers(k, size=n)] + generator.normal(size=(n, d)))
        file = save(f"emb-{name}", points, ["f4"])[0]
        inertia = KMeans(k, n_init=1000, random_state=0, tol=0.0, max_iter=1000).fit(points).inertia_
        costs.append([file, k, "k-means", f"{inertia:.9g}"])
        costs.append([file, k, "k-medians", f"{best_k_medians(points, k, 400, generator):.9g}"])
    write_csv(HERE / "costs.csv", ["embeddings", "k", "strategy", "least_cost"], costs)


def main():
    for old in HERE.glob("*.npy"):
        old.unlink()
    shutil.rmtree(EXPECTED, ignore_errors=True)
    EXPECTED.mkdir()
    cases = Cases()
    for seed, part in enumerate([probabilities, stochastic_passes, k_center, clustering, *batches.PARTS]):
        part(cases, np.random.default_rng(seed))
    cases.write()


if __name__ == "__main__":
    main()
