"""Picks of `deepal select` against those of scikit-activeml, small-text and baal on the same arrays.

    python peers_agree.py path/to/deepal          (a minute; prints the table of 2026-11-29-peers-agree.md)

Each line: how many of the picks at each place are the same row, and where they are not, the same set. Peers that draw are given
deepal's earlier picks, and what is compared is the probability with which they draw the next.
"""

import importlib.metadata
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np

warnings.filterwarnings("ignore")
import torch  # noqa: E402
from baal.active import heuristics  # noqa: E402
from scipy.spatial.distance import cdist  # noqa: E402
from skactiveml import pool  # noqa: E402
from skactiveml.base import SkactivemlClassifier  # noqa: E402
from skactiveml.pool._badge import _d_2  # noqa: E402
from small_text.query_strategies.coresets import greedy_coreset  # noqa: E402

PROGRAM, FOLDER = Path(sys.argv[1]).resolve(), Path(tempfile.mkdtemp())
N, M, C, D, T = 400, 20, 5, 8, 20


def select(strategy, budget, seed=1, **arrays):
    words = []
    for name, array in arrays.items():
        np.save(FOLDER / f"{name}.npy", array)
        words += [f"--{name.replace('_', '-')}", FOLDER / f"{name}.npy"]
    command = [PROGRAM, "select", "--strategy", strategy, "--budget", str(budget), "--seed", str(seed), *words]
    table = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [int(line.split(",")[1]) for line in table.splitlines()[1:]]


def show(strategy, peer, ours, theirs, why=""):
    ours, theirs = list(map(int, ours)), list(map(int, theirs))
    same = sum(a == b for a, b in zip(ours, theirs))
    print(f"| `{strategy}` | {peer} | {same} of {len(ours)} | {len(set(ours) & set(theirs))} of {len(ours)} | {why} |")


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


class Given(SkactivemlClassifier):
    """A classifier whose probabilities are given."""

    def __init__(self, probs=None, classes=None, missing_label=np.nan, cost_matrix=None, random_state=None):
        super().__init__(classes, missing_label, cost_matrix, random_state)
        self.probs = probs

    def fit(self, X, y, sample_weight=None):
        self.classes_ = np.asarray(self.classes)
        return self

    def predict_proba(self, X):
        return self.probs[: len(X)]


def top(scores, k):
    return np.argsort(-np.asarray(scores), kind="stable")[:k]


def main():
    rng = np.random.default_rng(0)
    for name in ("scikit-activeml", "small-text", "baal", "numpy", "torch"):
        print(f"{name} {importlib.metadata.version(name)}", end="; ")
    print("\n\n| strategy | peer | same row at the same place | same rows | why not all |\n| --- | --- | --- | --- | --- |")
    p = softmax(1.5 * rng.normal(size=(N, C)))
    e = rng.normal(size=(N, D)).astype(np.float32)
    known = rng.normal(size=(M, D)).astype(np.float32)
    passes = softmax(rng.normal(size=(T, N, C)) + 1.5 * rng.normal(size=(1, N, C)))
    for_baal = np.ascontiguousarray(passes.transpose(1, 2, 0))
    y = np.concatenate([np.full(N, np.nan), np.zeros(M)])
    both = np.vstack([e, known]).astype(float)

    # One by one.
    for ours, theirs in [("margin", "margin_sampling"), ("entropy", "entropy"), ("least-confidence", "least_confident")]:
        show(ours, "scikit-activeml", select(ours, 50, probs=p), top(pool.uncertainty_scores(p, method=theirs), 50))
    once = p[:, :, None]
    show("margin", "baal", select("margin", 50, probs=p), heuristics.Margin()(once)[:50])
    show("entropy", "baal", select("entropy", 50, probs=p), heuristics.Entropy()(once)[:50])
    show("least-confidence", "baal", select("least-confidence", 50, probs=p), heuristics.Certainty()(once)[:50])
    bald = select("bald", 50, mc_probs=passes)
    show("bald", "baal", bald, heuristics.BALD()(for_baal)[:50])
    first = pool.batch_bald(passes.copy(), 1, random_state=0)[0]
    show("bald", "scikit-activeml `batch_bald` of one", bald, top(first, 50))
    certain = passes.copy()
    certain[:, :40] = np.eye(C)[rng.integers(C, size=(T, 40))]
    show("bald", "baal, 40 samples of certain passes that differ", select("bald", 50, mc_probs=certain),
         heuristics.BALD()(np.ascontiguousarray(certain.transpose(1, 2, 0)))[:50])

    # Means of passes.
    for ours, theirs in [("entropy-dropout", heuristics.Entropy()), ("margin-dropout", heuristics.Margin()), ("least-confidence-dropout", heuristics.Certainty())]:
        show(ours, "baal", select(ours, 50, mc_probs=passes), theirs(for_baal)[:50])
    # Of equal votes ours takes the larger consensus entropy, or the smaller largest mean probability: theirs are put in that order too.
    mean = passes.mean(axis=0)
    votes = passes.argmax(axis=2).T
    within = lambda scores, second: np.lexsort((-second, -np.round(scores, 12)))[:50]
    show("variation-ratios", "scikit-activeml, its scores", select("variation-ratios", 50, mc_probs=passes), within(pool.variation_ratios(votes), -mean.max(axis=1)))

    # Committees.
    members = passes[:5]
    votes = members.argmax(axis=2).T
    mean = members.mean(axis=0)
    consensus = -(mean * np.log(mean)).sum(axis=1)
    nets = [Given(probs, classes=list(range(C))).fit(None, None) for probs in members]
    divergence = pool.QueryByCommittee(method="KL_divergence", random_state=0)
    theirs = divergence.query(e.astype(float), np.full(N, np.nan), nets, fit_ensemble=False, return_utilities=True)[1][0]
    show("ensemble-bald", "scikit-activeml `QueryByCommittee`, divergence", select("ensemble-bald", 50, member_probs=members), top(theirs, 50))
    show("vote-entropy", "scikit-activeml, its scores", select("vote-entropy", 50, member_probs=members), within(pool.vote_entropy(votes, range(C)), consensus))
    show("consensus-entropy", "baal `Entropy`", select("consensus-entropy", 50, member_probs=members),
         heuristics.Entropy()(np.ascontiguousarray(members.transpose(1, 2, 0)))[:50])
    show("ensemble-variation-ratios", "scikit-activeml, its scores", select("ensemble-variation-ratios", 50, member_probs=members),
         within(pool.variation_ratios(votes), -mean.max(axis=1)))

    # What labels tell.
    scores = heuristics.EPIG().compute_score(for_baal, for_baal)
    show("epig(targets=400)", "baal", select("epig(targets=400)", 50, mc_probs=passes), top(scores, 50))
    few, k = passes[:, :, :3] / passes[:, :, :3].sum(axis=2, keepdims=True), 5
    ours = select("batch-bald", k, mc_probs=few)
    show("batch-bald", "scikit-activeml, 10,000 labellings, so exact", ours,
         np.nanargmax(pool.batch_bald(few.copy(), k, n_MC_samples=10_000, random_state=0), axis=1))
    show("batch-bald", "scikit-activeml, its default, as many labellings as passes", ours,
         np.nanargmax(pool.batch_bald(few.copy(), k, random_state=0), axis=1))
    torch.manual_seed(0)
    show("batch-bald", "baal, 500 draws, its default", ours,
         heuristics.BatchBALD(k)(np.ascontiguousarray(few.transpose(1, 2, 0)))[:k])

    # Coverage.
    ours = select("k-center", 40, embeddings=e, labeled_embeddings=known)
    show("k-center", "scikit-activeml", ours, pool.CoreSet(random_state=0).query(both, y, batch_size=40))
    theirs = greedy_coreset(both, np.arange(N), np.arange(N, N + M), 40, distance_metric="euclidean", normalized=False)
    show("k-center", "small-text, Euclidean", ours, theirs)
    homes = 30.0 * rng.normal(size=(12, D))
    clustered = (homes[rng.permutation(np.repeat(np.arange(12), 20))] + rng.normal(size=(240, D))).astype(np.float32)
    of_homes = (homes[:3] + rng.normal(size=(3, D))).astype(np.float32)
    ours = select("typiclust", 9, embeddings=clustered, labeled_embeddings=of_homes)
    typi = pool.TypiClust(random_state=0, k=20, cluster_algo_dict={"n_init": 50})
    labels = np.concatenate([np.full(240, np.nan), np.zeros(3)])
    show("typiclust", "scikit-activeml", ours, typi.query(np.vstack([clustered, of_homes]).astype(float), labels, batch_size=9),
         "clusters of one size: the order among them is free")
    sizes = np.repeat(np.arange(12), np.arange(10, 34, 2))
    uneven = (homes[sizes] + rng.normal(size=(len(sizes), D))).astype(np.float32)
    labels = np.concatenate([np.full(len(sizes), np.nan), np.zeros(3)])
    ours = select("typiclust", 9, embeddings=uneven, labeled_embeddings=of_homes)
    show("typiclust", "scikit-activeml, clusters of different sizes", ours,
         typi.query(np.vstack([uneven, of_homes]).astype(float), labels, batch_size=9))

    # ProbCover: their radius is the largest of a list; given ours, that of the rule without a list.
    cover = pool.ProbCover(random_state=0, n_classes=12, alpha=0.95, cluster_algo_dict={"n_init": 50})
    ours = select("prob-cover(classes=12)", 9, embeddings=uneven, labeled_embeddings=of_homes)
    everything = np.vstack([uneven, of_homes]).astype(float)
    theirs = cover.query(everything, labels, batch_size=9)
    show("prob-cover", "scikit-activeml, its list of radii 0.2 to 2", ours, theirs)
    golden = Path(__file__).parent / "../testdata/golden"
    balls, of_balls = np.load(golden / "emb-balls-f4.npy"), np.load(golden / "lab-balls-f4.npy")
    upper = balls[:, 1] > 1.2 + 0.475 * balls[:, 0]
    foreign = np.where(upper[:, None] != upper, cdist(balls, balls), np.inf).min(axis=1)
    radius = np.sort(foreign)[::-1][int(np.ceil(0.95 * len(balls))) - 1]
    # A ball of ours ends before its radius, one of theirs with it.
    cover = pool.ProbCover(random_state=0, n_classes=2, deltas=[radius * (1 - 1e-6)])
    everything = np.vstack([balls, of_balls]).astype(float)
    labels = np.concatenate([np.full(len(balls), np.nan), np.zeros(len(of_balls))])
    show("prob-cover(classes=2)", "scikit-activeml, given the radius of the rule, on the golden arrays",
         select("prob-cover(classes=2)", 3, embeddings=balls, labeled_embeddings=of_balls), cover.query(everything, labels, batch_size=3))
    covered = [len({sizes[row] for row in picks if row < len(sizes)}) for picks in (ours, theirs)]
    print(f"\nprob-cover: clusters with a pick, of 9 without a label: ours {covered[0]}, theirs {covered[1]}")

    # BADGE draws: the probabilities of the next pick, given our picks so far.
    gradients = ((p - np.eye(C)[p.argmax(axis=1)])[:, :, None] * e[:, None, :].astype(float)).reshape(N, -1)
    picks = select("badge", 6, probs=p, embeddings=e)
    clf = Given(p, classes=list(range(C)))
    theirs = pool.Badge(random_state=0).query(e.astype(float), np.full(N, np.nan), clf, fit_clf=False, batch_size=1)
    print(f"\nbadge: first pick {picks[0]}, scikit-activeml's {int(theirs[0])}")
    latest = _d_2(gradients, [])
    for place in range(1, 6):
        latest = _d_2(gradients, [picks[place - 1]], latest)
        rule = cdist(gradients, gradients[picks[:place]], "sqeuclidean").min(axis=1)
        apart = np.abs(latest / latest.sum() - rule / rule.sum()).sum() / 2
        print(f"badge: pick {place + 1}: scikit-activeml's probabilities are {100 * apart:.1f} % apart from the paper's rule")
    counts = np.zeros(N)
    for seed in range(400):
        counts[select("badge", 2, seed, probs=p, embeddings=e)[1]] += 1
    rule = cdist(gradients, gradients[picks[:1]], "sqeuclidean")[:, 0]
    ghost = np.minimum(rule, (gradients**2).sum(axis=1))
    for name, weights in [("the paper's rule", rule), ("the rule with a centre at the origin", ghost)]:
        share = weights / weights.sum()
        order = np.argsort(share)
        groups = np.array_split(order, 20)
        expected = np.array([400 * share[group].sum() for group in groups])
        found = np.array([counts[group].sum() for group in groups])
        print(f"badge: second pick of 400 seeds against {name}: chi-square {((found - expected) ** 2 / expected).sum():.1f} of 20 groups")

    # FALCUN draws as well: the probabilities of the first pick, and of the second given their first.
    theirs, chances = pool.Falcun(random_state=0).query(e.astype(float), np.full(N, np.nan), clf, fit_clf=False, batch_size=2, return_utilities=True)
    two = np.sort(p, axis=1)
    margins = 1 - (two[:, -1] - two[:, -2])
    for place in range(2):
        nearest = np.minimum(margins, np.abs(p - p[theirs[0]]).sum(axis=1)) if place else margins
        open_rows = np.arange(N) != theirs[0] if place else np.full(N, True)
        least, most = nearest[open_rows].min(), nearest[open_rows].max()
        rule = np.where(open_rows, (margins + (nearest - least) / (most - least)) ** 10, 0)
        apart = np.abs(np.nan_to_num(chances[place]) - rule / rule.sum()).sum() / 2
        print(f"falcun: pick {place + 1}: scikit-activeml's probabilities are {100 * apart:.1f} % apart from the paper's rule")


if __name__ == "__main__":
    main()
