"""Strategies that pick batches: definitions by brute force over whole matrices, and cases whose picks are certain."""

from itertools import product

import numpy as np
from files import ranked, save, single, softmax32
from scipy.spatial.distance import cdist
from scores import bald, margin, shannon
from sklearn.cluster import KMeans


def best_of(values, rows, least=True, clear=1e-6):
    """The row of the least or largest value, which must be clearly so."""
    order = sorted(rows, key=lambda row: values[row] if least else -values[row])
    first, second = values[order[0]], values[order[1]] if len(order) > 1 else np.inf
    assert abs(second - first) > clear * abs(first), "two rows of nearly the same value"
    return order[0]


def is_best_partition(points, truth, weights=None):
    """Whether no start of many ends in a cheaper partition by (weighted) k-means than the true one."""
    weights = np.ones(len(points)) if weights is None else weights
    cost = 0.0
    for cluster in np.unique(truth):
        group, weight = points[truth == cluster], weights[truth == cluster]
        cost += (weight[:, None] * (group - np.average(group, axis=0, weights=weight)) ** 2).sum()
    clusters = KMeans(len(np.unique(truth)), n_init=50, random_state=0)
    return cost <= clusters.fit(points, sample_weight=weights).inertia_ * (1 + 1e-9)


def nearest_to_middles(points, truth, weights=None):
    """For each cluster the member nearest to its (weighted) mean."""
    picks = []
    for cluster in np.unique(truth):
        members = np.flatnonzero(truth == cluster)
        middle = np.average(points[members], axis=0, weights=None if weights is None else weights[members])
        distances = dict(zip(members, ((points[members] - middle) ** 2).sum(axis=1)))
        picks.append(best_of(distances, members, clear=1e-3))
    return picks


# --- Coverage ---------------------------------------------------------------------------------------------------------


def typical_distance(points, k):
    """The median distance of a point to its k-th nearest, itself the first."""
    kth = np.sort(cdist(points, points), axis=1)[:, k - 1]
    return np.sort(kth)[len(points) // 2]


def herding(points, labeled, worth, bandwidth, budget, candidates, credit_itself):
    """Greedily the largest sum of worth times how much better a point is covered (Bae et al. 2024, 2025)."""
    kernel = np.exp(-cdist(points, points, "sqeuclidean") / (2 * bandwidth**2))
    covered = np.exp(-cdist(points, labeled, "sqeuclidean") / (2 * bandwidth**2)).max(axis=1)
    picks = []
    for _ in range(budget):
        more = np.maximum(kernel - covered, 0) * worth
        if not credit_itself:
            np.fill_diagonal(more, 0)
        gains = more.sum(axis=1)
        picks.append(best_of(gains, [i for i in candidates if i not in picks], least=False, clear=1e-4))
        covered = np.maximum(covered, kernel[picks[-1]])
    return picks


def tempered(p, temperature):
    p = p ** (1 / temperature)
    return p / p.sum(axis=1, keepdims=True)


def coverage(cases, generator):
    points, labeled = single(generator.normal(size=(40, 3))), single(generator.normal(size=(5, 3)))
    many = single(generator.normal(size=(45, 3)))
    p = softmax32(generator.normal(size=(40, 3)))
    embeddings, probs = save("emb-pool", points, ["f4"]), save("probs-pool", p, ["f8"])
    few = {"embeddings": embeddings, "labeled-embeddings": save("lab-pool", labeled, ["f4"])}
    labels = save("labels-pool", np.array([0, 1, 2, 1, 0]), ["i8"])
    all_rows = range(len(points))

    def width(known, budget):
        """The typical distance to as many as each label has to cover, 5 at least."""
        both = np.vstack([points, known])
        return typical_distance(both, max(len(both) // (len(known) + budget), 5))

    picks = herding(points, labeled, np.ones(40), 0.5 * width(labeled, 6), 6, all_rows, True)
    cases.add("max-herding", "max-herding", 6, few, picks)

    # With fewer than 6 labels calibration is not measured: the temperature is 4, the accuracy that of guessing.
    worth = margin(tempered(p, 4))
    apart = cdist(labeled, labeled)[np.triu_indices(5, 1)].min()
    picks = herding(points, labeled, worth, apart, 6, all_rows, True)
    given = {**few, "labels": labels, "probs": probs}
    cases.add("uncertainty-herding", "uncertainty-herding", 6, given, picks)

    most = max(int((1 - 1 / 3) ** 2 * 40), 10 * 2)
    picks = herding(points, labeled, worth, 0.7 * width(labeled, 2), 2, ranked(worth)[:most], False)
    cases.add("auto", "auto", 2, given, picks)

    worth = margin(p)
    most = max(int(40 / 47 * 40), 5 * 2)
    assert most < 40
    picks = herding(points, many, worth, 0.7 * width(many, 2), 2, ranked(worth)[:most], False)
    given = {"embeddings": embeddings, "labeled-embeddings": save("lab-many", many, ["f4"]), "probs": probs}
    cases.add("auto-lite", "auto-lite", 2, given, picks)

    # The mean cosine to all and the entropy, from the whole matrix (Settles and Craven 2008).
    offset = single(points + 1.5)
    cosines = 1 - cdist(offset, offset, "cosine")
    given = {"embeddings": save("emb-pool-offset", offset, ["f4"]), "probs": probs}
    scores = shannon(p) * cosines.mean(axis=1)
    cases.add("density-weighting", "density-weighting", 12, given, ranked(scores)[:12], scores)


def balls(cases, generator):
    """ProbCover: two long clusters that part, whose best partition is certain and whose balls hold different counts."""
    for _ in range(10_000):
        truth = generator.permutation(np.repeat([0, 1], 25))
        along, across = generator.uniform(0, 10, 50), generator.uniform(0, 0.2, 50)
        points = single(np.column_stack([along, (2.5 + 0.95 * along) * truth + across]))
        labeled = single([[3.0, -1.0]])
        foreign = np.where(truth[:, None] != truth, cdist(points, points), np.inf).min(axis=1)
        # The largest radius at which 95 % of the balls are pure.
        radius = np.sort(foreign)[::-1][int(np.ceil(0.95 * 50)) - 1]
        inside = cdist(points, points) < radius
        covered = cdist(points, labeled)[:, 0] < radius
        picks, is_clear = [], True
        for _ in range(3):
            gains = (inside & ~covered).sum(axis=1)
            is_clear &= np.sum(gains == gains.max()) == 1 and gains.max() > 0
            picks.append(gains.argmax())
            covered |= inside[picks[-1]]
        near = np.abs(cdist(points, points) - radius)
        if is_clear and np.sort(near[near > 0])[0] > 1e-4 and is_best_partition(points, truth):
            break
    else:
        raise AssertionError("no such clusters")
    given = {"embeddings": save("emb-balls", points, ["f4"]), "labeled-embeddings": save("lab-balls", labeled, ["f4"])}
    cases.add("prob-cover", "prob-cover(classes=2)", 3, given, picks)


# --- Clusters ---------------------------------------------------------------------------------------------------------


def typical(points, members, neighbors):
    """The member with the least mean distance to its nearest others."""
    distances = cdist(points[members], points[members])
    near = np.sort(distances, axis=1)[:, 1 : neighbors + 1].mean(axis=1)
    return members[best_of(near, range(len(members)), clear=1e-4)]


def clusters(cases, generator):
    sizes = [12, 9, 7, 8, 4, 10]
    homes = 100.0 * np.array([[i >> bit & 1 for bit in range(3)] for i in range(6)])
    truth = generator.permutation(np.repeat(np.arange(6), sizes))
    points = single(homes[truth] + generator.normal(size=(50, 3)))
    labeled = single(homes[[0, 3]] + generator.normal(size=(2, 3)))
    embeddings = save("emb-clusters", points, ["f4"])

    # TypiClust: clusters of more than 5 samples, fewest labels first, of equals the largest first.
    assert is_best_partition(np.vstack([points, labeled]), np.concatenate([truth, [0, 3]]))
    picks = [typical(points, np.flatnonzero(truth == cluster), 4) for cluster in [5, 1, 2, 0]]
    given = {"embeddings": embeddings, "labeled-embeddings": save("lab-clusters", labeled, ["f4"])}
    cases.add("typiclust", "typiclust(neighbors=4)", 4, given, picks)

    p = softmax32(generator.normal(scale=4.0, size=(50, 3)))
    given = {"embeddings": embeddings, "probs": save("probs-clusters", p, ["f8"])}
    weights = shannon(p)
    assert is_best_partition(points, truth, weights)
    picks = nearest_to_middles(points, truth, weights)
    assert set(picks) != set(nearest_to_middles(points, truth)), "weights must matter"
    cases.add("clue", "clue", 6, given, picks, in_order=False)

    # Weighted k-means of the 6 times 6 smallest margins.
    chosen = np.array(sorted(ranked(margin(p))[:36]))
    assert is_best_partition(points[chosen], truth[chosen], margin(p)[chosen])
    picks = chosen[nearest_to_middles(points[chosen], truth[chosen], margin(p)[chosen])]
    assert set(picks) != set(nearest_to_middles(points, truth, margin(p))), "the cut must matter"
    cases.add("weighted-k-means", "weighted-k-means(many=6)", 6, given, picks, in_order=False)

    # DropQuery: with z features of 1 and 1 the class changes whichever are dropped, with 0 and 0 it never does.
    changing = np.ones(50, dtype=bool)
    changing[[np.flatnonzero(truth == cluster)[0] for cluster in range(6)]] = False
    z = np.column_stack([np.where(changing, 1.0, 0.0)] * 2 + [points])
    weights = np.array([[1, 1, 0, 0, 0], [0, 0, 0, 0, 0], [2, 2, 0, 0, 0]], dtype=float)
    biases = np.array([0, 1.5, -2.25])
    for row in z:
        logits = [weights @ (np.array([*kept, 1, 1, 1]) * row / 0.25) + biases for kept in product([0, 1], repeat=2)]
        differs = [logit.argmax() != (weights @ row + biases).argmax() for logit in logits]
        assert all(differs) if row[0] else not any(differs)
    chosen = np.flatnonzero(changing)
    assert is_best_partition(points[chosen], truth[chosen])
    picks = chosen[nearest_to_middles(points[chosen], truth[chosen])]
    given = {
        "embeddings": save("emb-dropped", z, ["f4"]),
        "head-weights": save("head-weights", weights, ["f4"]),
        "head-biases": save("head-biases", biases, ["f4"]),
    }
    cases.add("drop-query", "drop-query", 6, given, picks, in_order=False)

    # Two rows of which each may change: enumerate the masks, then the counts of three passes.
    z = np.array([[1, 1, 0, 0, 0], [1, 0.625, 0, 0, 0]])
    changes = []
    for row in z:
        own = (weights @ row + biases).argmax()
        masks = product([0, 1], repeat=2)
        logits = [weights @ (np.array([*kept, 1, 1, 1]) * row / 0.5) + biases for kept in masks]
        changes.append(np.mean([logit.argmax() != own for logit in logits]))
    counts = [[1, 3, 3, 1] * q ** np.arange(4) * (1 - q) ** (3 - np.arange(4)) for q in changes]
    second = 0.0
    for a, b in product(range(4), repeat=2):
        least = max(t for t in range(3) if max(a, b) >= t)
        among = [a >= least, b >= least]
        # Both are as far from their middle: either by chance.
        second += counts[0][a] * counts[1][b] * (0.5 if all(among) else among[1])
    given = {**given, "embeddings": save("emb-dropped-two", z, ["f4"])}
    cases.draw("drop-query(dropout=0.5)", 1, given, [[1 - second, second]])


def mixing(cases, generator):
    """ALFA-Mix: every mix is made and predicted; the pair of clusters among those that change is the best of all."""
    weights, biases = single(generator.normal(size=(3, 4))), single(generator.normal(size=3))
    labels = np.array([0, 2, 2, 0, 2])

    def predict(z):
        return (z @ weights.T + biases).argmax(axis=-1)

    for _ in range(10_000):
        points, labeled = single(generator.normal(size=(24, 4))), single(generator.normal(size=(5, 4)))
        logits = points @ weights.T + biases
        error = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True) - np.eye(3)[predict(points)]
        gradient = error @ weights
        gradient /= np.linalg.norm(gradient, axis=1, keepdims=True)
        changed, step = np.zeros(24, dtype=bool), 0
        while changed.sum() <= 2:
            step += 1
            # Classes without a label have no anchor.
            for anchor in (labeled[labels == 0].mean(axis=0), labeled[labels == 2].mean(axis=0)):
                length = step * 0.03125 / np.sqrt(4) * np.linalg.norm(anchor - points, axis=1, keepdims=True)
                share = length * gradient / (anchor - points)
                changed |= predict(points + share * (anchor - points)) != predict(points)
        chosen = np.flatnonzero(changed)
        if not 5 <= len(chosen) <= 12:
            continue
        unit = points[chosen] / np.linalg.norm(points[chosen], axis=1, keepdims=True)
        costs = {}
        for bits in range(1, 2 ** (len(chosen) - 1)):
            side = np.array([bits >> i & 1 for i in range(len(chosen))])
            costs[bits] = sum(((unit[side == s] - unit[side == s].mean(axis=0)) ** 2).sum() for s in (0, 1))
        best, second = sorted(costs.values())[:2]
        side = np.array([min(costs, key=costs.get) >> i & 1 for i in range(len(chosen))])
        if second > 1.05 * best and min(np.bincount(side)) > 1:
            break
    else:
        raise AssertionError("no such mixes")
    given = {
        "embeddings": save("emb-mixed", points, ["f4"]),
        "labeled-embeddings": save("lab-mixed", labeled, ["f4"]),
        "labels": save("labels-mixed", labels, ["i8"]),
        "head-weights": save("head-weights-mixed", weights, ["f4"]),
        "head-biases": save("head-biases-mixed", biases, ["f4"]),
    }
    picks = chosen[nearest_to_middles(unit, side)]
    cases.add("alfa-mix", "alfa-mix", 2, given, picks, in_order=False)


# --- Information ------------------------------------------------------------------------------------------------------


def bait(pool, known, budget, damping=1.0):
    """Ash et al. 2021 with every matrix written out and inverted: 2b forward, b backward, as the authors weigh them."""
    goal = (sum(pool) + sum(known)) / (len(pool) + len(known))
    scale = len(known) + budget
    base = damping * np.eye(len(goal)) + sum(known) / scale

    def trace(rows):
        return np.trace(np.linalg.inv(base + sum(budget * pool[row] for row in rows) / scale) @ goal)

    picks = []
    for _ in range(2 * budget):
        left = [row for row in range(len(pool)) if row not in picks]
        picks.append(best_of({row: trace([*picks, row]) for row in left}, left))
    while len(picks) > budget:
        picks.remove(best_of({row: trace([x for x in picks if x != row]) for row in picks}, picks))
    return picks


def information(cases, generator):
    points, labeled = single(generator.normal(size=(30, 2))), single(generator.normal(size=(4, 2)))
    p, known = softmax32(generator.normal(size=(30, 3))), softmax32(generator.normal(size=(4, 3)))
    probs, known_probs = save("probs-information", p, ["f8"]), save("labprobs-information", known, ["f8"])
    given = {
        "probs": probs,
        "embeddings": save("emb-information", points, ["f4"]),
        "labeled-embeddings": save("lab-information", labeled, ["f4"]),
        "labeled-probs": known_probs,
    }

    def full(p, h):
        return np.kron(np.diag(p) - np.outer(p, p), np.outer(h, h))

    def binary(p, h):
        return p.max() * (1 - p.max()) * np.outer(h, h)

    for name, fisher in [("bait", full), ("bait-fast", binary)]:
        pool = [fisher(*row) for row in zip(p, points)]
        picks = bait(pool, [fisher(*row) for row in zip(known, labeled)], 4)
        cases.add(name, name, 4, given, picks)

    # CDAL: greedy k-center by half the symmetric divergence, none below 1e-6 (Agarwal et al. 2020).
    hard = p.copy()
    hard[[3, 7]] = [[1, 0, 0], [0, 0.5, 0.5]]
    sure, seen = np.maximum(hard, 1e-6), np.maximum(known, 1e-6)

    def divergence(a, b):
        return np.array([[((x - y) * np.log(x / y)).sum() / 2 for y in b] for x in a])

    picks, nearest = [], divergence(sure, seen).min(axis=1)
    for _ in range(10):
        picks.append(best_of(nearest, [row for row in range(30) if row not in picks], least=False))
        nearest = np.minimum(nearest, divergence(sure, sure[picks[-1:]])[:, 0])
    given = {**given, "probs": save("probs-contexts", hard, ["f8"])}
    cases.add("cdal", "cdal", 10, given, picks)


def committees(cases, generator):
    """BatchBALD and EPIG by whole joint distributions of labels."""
    t, n, c = 6, 12, 3
    passes = softmax32(generator.normal(size=(t, n, c)) + 1.5 * generator.normal(size=(1, n, c)))
    # What is nearly a copy of the best single sample tells little beside it.
    best = bald(passes).argmax()
    passes[:, best - 1] = softmax32(np.log(passes[:, best]) + 0.1 * generator.normal(size=(t, c)))
    passes[:, best - 2] = [1, 0, 0]
    given = {"mc-probs": save("mc-joint", passes, ["f8", "f4"])}

    def together(rows):
        joint = np.ones((t, 1))
        for row in rows:
            joint = (joint[:, :, None] * passes[:, row][:, None, :]).reshape(t, -1)
        given_pass = sum(shannon(passes[:, row]).mean() for row in rows)
        return shannon(joint.mean(axis=0)) - given_pass

    picks = []
    for _ in range(4):
        left = [row for row in range(n) if row not in picks]
        picks.append(best_of({row: together([*picks, row]) for row in left}, left, least=False))
    assert picks != ranked(bald(passes))[:4], "the batch must matter"
    cases.add("batch-bald", "batch-bald", 4, given, picks)

    # All samples are targets while there are so few.
    scores = np.zeros(n)
    for row, target in product(range(n), repeat=2):
        joint = np.einsum("ty,tz->yz", passes[:, row], passes[:, target]) / t
        apart = np.outer(passes[:, row].mean(axis=0), passes[:, target].mean(axis=0))
        seen = joint > 0
        scores[row] += (joint[seen] * np.log(joint[seen] / apart[seen])).sum() / n
    cases.add("epig", "epig", 8, given, ranked(scores)[:8], scores)


# --- Draws ------------------------------------------------------------------------------------------------------------


def in_proportion(weights, places):
    """The rows at each place when rows are drawn one after the other without replacement in proportion to their weights."""
    return sequence(lambda picks: np.where(np.isin(np.arange(len(weights)), picks), 0, weights), len(weights), places)


def sequence(weigh, n, places):
    """For each place the probability of each row, over all earlier picks; `weigh` gives weights after some picks."""
    found, open_ = np.zeros((places, n)), [((), 1.0)]
    for place in range(places):
        following = []
        for picks, chance in open_:
            weights = weigh(list(picks))
            for row in np.flatnonzero(weights):
                share = chance * weights[row] / weights.sum()
                found[place, row] += share
                following.append(((*picks, row), share))
        open_ = following
    return found


def draws(cases, generator):
    n = 7
    p = softmax32(generator.normal(scale=0.7, size=(n, 3)))
    points = single(generator.normal(size=(n, 2)) + 0.5)
    passes = softmax32(generator.normal(size=(5, n, 3)))
    probs = {"probs": save("probs-draws", p, ["f8"])}
    both = {**probs, "embeddings": save("emb-draws", points, ["f4"])}
    cases.draw("random", 3, both, in_proportion(np.ones(n), 3))
    cases.draw("power-margin(power=2)", 2, probs, in_proportion(margin(p) ** 2, 2))
    cases.draw("power-entropy", 2, probs, in_proportion(shannon(p), 2))
    mc = {"mc-probs": save("mc-draws", passes, ["f8"])}
    cases.draw("power-bald", 2, mc, in_proportion(bald(passes), 2))

    # BADGE: whole gradients; the longest first, then in proportion to the squared distance to the nearest pick.
    gradients = ((p - np.eye(3)[p.argmax(axis=1)])[:, :, None] * points[:, None, :]).reshape(n, -1)
    longest = (gradients**2).sum(axis=1).argmax()

    def apart(picks):
        if not picks:
            return (np.arange(n) == longest).astype(float)
        return cdist(gradients, gradients[picks], "sqeuclidean").min(axis=1)

    cases.draw("badge", 3, both, sequence(apart, n, 3))

    # FALCUN: margin plus scaled distance of probabilities to the nearest pick, at first the margin, to the power of 2.
    def relevance(picks):
        distances = np.column_stack([margin(p), cdist(p, p[picks], "cityblock")]).min(axis=1)
        left = [row for row in range(n) if row not in picks]
        least, most = distances[left].min(), distances[left].max()
        weights = (margin(p) + (distances - least) / (most - least)) ** 2
        weights[picks] = 0
        return weights

    cases.draw("falcun(gamma=2)", 2, probs, sequence(relevance, n, 2))

    # Cluster-Margin: all are candidates; a random one of the smaller cluster, then one of the larger.
    truth = np.array([1, 0, 1, 1, 0, 1, 0])
    points = single(50.0 * truth[:, None] + generator.normal(size=(n, 2)))
    both = {**probs, "embeddings": save("emb-draws-two", points, ["f4"])}
    cases.draw("cluster-margin", 2, both, [(truth == 0) / 3, (truth == 1) / 4])


PARTS = [coverage, balls, clusters, mixing, information, committees, draws]
