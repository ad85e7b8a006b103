"""What people run instead of deepal: the same work in PyTorch, NumPy and scikit-learn, for `cargo xtask bench-peers`.

    python peers.py WORK VARIANT FOLDER THREADS
    python peers.py pool FOLDER [CANDIDATES]

does one work in a process of its own and prints a JSON line: the seconds it took after the data was loaded, the images done in that
time, the cost of a clustering, the greatest memory of the process in MB. FOLDER holds MNIST, or what `peers.py arrays` or `peers.py pool`
wrote, which is 10,000 candidates unless it is said how many.
`peers.py versions` says what is installed.
"""
import gzip
import json
import pathlib
import platform
import struct
import sys
import time

import numpy as np

N_POOL, N_LABELED, N_QUERY = 40_000, 10_000, 1_000
N_ATTACKED = 300


# Arrays.


def arrays(folder):
    """The data of k-center and k-means, for both sides."""
    draw = np.random.default_rng(1).standard_normal
    np.save(f"{folder}/candidates.npy", draw((30_000, 50), np.float32))
    np.save(f"{folder}/labeled.npy", draw((10_000, 50), np.float32))


def k_center(folder, variant):
    points, labeled = np.load(f"{folder}/candidates.npy"), np.load(f"{folder}/labeled.npy")
    start = time.perf_counter()
    norms, nearest = (points**2).sum(1), np.empty(len(points), np.float32)
    labeled_norms = (labeled**2).sum(1)
    for first in range(0, len(points), 500):  # 500 rows against all labelled ones at a time
        block = slice(first, first + 500)
        nearest[block] = (labeled_norms - 2 * (points[block] @ labeled.T)).min(1) + norms[block]
    for _ in range(N_QUERY):
        pick = int(nearest.argmax())
        if variant == "NumPy, by products":
            distance = norms - 2 * (points @ points[pick]) + norms[pick]
        else:
            distance = ((points - points[pick]) ** 2).sum(1)
        np.minimum(nearest, distance, out=nearest)
        nearest[pick] = -1
    return {"seconds": time.perf_counter() - start}


def k_means(folder):
    from sklearn.cluster import KMeans

    points = np.load(f"{folder}/candidates.npy")
    start = time.perf_counter()
    fitted = KMeans(N_QUERY, n_init=1, random_state=1).fit(points)
    return {"seconds": time.perf_counter() - start, "cost": float(fitted.inertia_)}


# Picks: what strategies look at is in the memory of both sides.


def softmax(scores):
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def pool_arrays(folder, n=10_000, m=1_000, d=64, c=10):
    """Candidates in clusters, labelled samples, 100 passes and 5 nets that agree in part; a file for each option of `deepal select`."""
    rng = np.random.default_rng(1)
    normal = rng.standard_normal
    centres = 2 * normal((30, d))
    both = (centres[rng.integers(30, size=n + m)] + normal((n + m, d))).astype(np.float32)
    head, scores = normal((c, d)).astype(np.float32) / 8, 1.5 * normal((n, c))
    every = {
        "embeddings": both[:n],
        "labeled-embeddings": both[n:],
        "labels": rng.integers(c, size=m),
        "probs": softmax(scores),
        "labeled-probs": softmax(1.5 * normal((m, c))),
        "mc-probs": softmax(scores + normal((100, n, c))).astype(np.float32),
        "member-probs": softmax(scores + normal((5, n, c))),
        "head-weights": head,
        "head-biases": np.zeros(c, np.float32),
    }
    for name, array in every.items():
        np.save(f"{folder}/{name}.npy", array)


def given(probs, head=None):
    """A classifier of scikit-activeml whose probabilities are there, or that is a linear one."""
    from skactiveml.base import SkactivemlClassifier

    class Given(SkactivemlClassifier):
        def fit(self, X, y, sample_weight=None):
            self.classes_ = np.arange(probs.shape[1])
            return self

        def predict_proba(self, X):
            return probs[: len(X)]

        def predict(self, X):
            return probs[: len(X)].argmax(axis=1) if head is None else (X @ head.T).argmax(axis=1)

    return Given(classes=list(range(probs.shape[1]))).fit(None, None)


class Known:
    """A classifier and a data set of small-text whose probabilities and embeddings are there."""

    def __init__(self, embeddings, probs):
        self.embeddings, self.probs = embeddings, probs

    def __len__(self):
        return len(self.probs)

    def __getitem__(self, rows):
        return rows

    def embed(self, dataset, **_):
        return self.embeddings, self.probs


def pick(folder, strategy, variant):
    array = lambda name: np.load(f"{folder}/{name}.npy")
    embeddings, known = array("embeddings"), array("labeled-embeddings")
    both, n, c = np.vstack([embeddings, known]), len(embeddings), len(array("head-biases"))
    k = min(100, n // 5)
    y = np.full(n, np.nan)
    if variant == "small-text":
        from small_text.query_strategies import EmbeddingKMeans
        from small_text.query_strategies.coresets import greedy_coreset

        rows, none = np.arange(n), np.array([], dtype=int)
        together = Known(embeddings, array("probs"))
        work = {
            "k-means": lambda: EmbeddingKMeans(normalize=False).query(together, rows, rows, none, none, n=k),
            "k-center": lambda: greedy_coreset(both, rows, np.arange(n, len(both)), k, distance_metric="euclidean", normalized=False),
        }[strategy]
    else:
        from skactiveml import pool

        passes = {"bald": 10, "batch-bald": 100, "vote-entropy": 5, "ensemble-bald": 5}.get(strategy)
        by_samples = {
            "typiclust": lambda: pool.TypiClust(random_state=0),
            "prob-cover": lambda: pool.ProbCover(n_classes=c, random_state=0),
            "max-herding": lambda: pool.MaxHerding(random_state=0),
            "k-center": lambda: pool.CoreSet(random_state=0),
        }
        by_nets = {
            "bald": lambda: pool.GreedyBALD(random_state=0),
            "batch-bald": lambda: pool.BatchBALD(random_state=0),
            "vote-entropy": lambda: pool.QueryByCommittee(method="vote_entropy", random_state=0),
            "ensemble-bald": lambda: pool.QueryByCommittee(method="KL_divergence", random_state=0),
        }
        by_classifier = {
            "badge": lambda: pool.Badge(random_state=0),
            "clue": lambda: pool.Clue(random_state=0),
            "falcun": lambda: pool.Falcun(random_state=0),
            "drop-query": lambda: pool.DropQuery(n_dropout_samples=3, random_state=0),
        }
        if strategy in by_samples:
            labels = np.concatenate([y, array("labels")])
            work = lambda: by_samples[strategy]().query(both, labels, batch_size=k)
        elif strategy in by_nets:
            name = "mc-probs" if "ba" in strategy and strategy != "ensemble-bald" else "member-probs"
            nets = [given(probs.astype(float)) for probs in array(name)[:passes]]
            work = lambda: by_nets[strategy]().query(embeddings, y, nets, fit_ensemble=False, batch_size=k)
        else:
            clf = given(array("probs"), array("head-weights") if strategy == "drop-query" else None)
            work = lambda: by_classifier[strategy]().query(embeddings, y, clf, False, batch_size=k)
    start = time.perf_counter()
    picks = work()
    seconds = time.perf_counter() - start
    assert len(set(np.asarray(picks).tolist())) == k, picks
    return {"seconds": seconds}


# Nets: the layers of the nets of the same names, with the settings of the paper's reference program.


def build(name):
    """The net, the shape of its input, learning rate and momentum."""
    from torch.nn import Conv2d, Dropout, Dropout2d, Flatten, Linear, MaxPool2d, ReLU, Sequential

    pool = lambda: (MaxPool2d(2), ReLU())
    last = (ReLU(), Dropout(0.5), Linear(50, 10))
    if name == "mnist":
        layers = Conv2d(1, 10, 5), *pool(), Conv2d(10, 20, 5), Dropout2d(0.5), *pool(), Flatten(), Linear(320, 50), *last
        return Sequential(*layers), (1, 28, 28), 0.01, 0.5
    if name == "svhn":
        body = Conv2d(3, 32, 3), ReLU(), Conv2d(32, 32, 3), *pool(), Conv2d(32, 32, 3), Dropout2d(0.5), *pool()
        return Sequential(*body, Flatten(), Linear(1152, 400), ReLU(), Linear(400, 50), *last), (3, 32, 32), 0.01, 0.5
    body = Conv2d(3, 32, 5), ReLU(), Conv2d(32, 32, 5), *pool(), Conv2d(32, 64, 5), *pool()
    return Sequential(*body, Flatten(), Linear(1024, 50), *last), (3, 32, 32), 0.05, 0.3


def optimizer(net, rate, momentum):
    import torch

    return torch.optim.SGD(net.parameters(), lr=rate, momentum=momentum)


def step(net, sgd, x, y):
    import torch.nn.functional as F

    sgd.zero_grad()
    F.cross_entropy(net(x), y).backward()
    sgd.step()


def epoch(net, sgd, x, y):
    for first in range(0, len(x), 64):
        step(net, sgd, x[first : first + 64], y[first : first + 64])


def best(repeats, work):
    def seconds():
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    return min(seconds() for _ in range(repeats))


def random_images(name, n):
    import torch

    net, shape, *sgd = build(name)
    return net, torch.randn(n, *shape), torch.randint(0, 10, (n,)), optimizer(net, *sgd)


def train(name, n, variant):
    import torch

    net, x, y, sgd = random_images(name, n)
    if variant == "PyTorch, channels last":
        net, x = net.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    two_epochs = lambda: [epoch(net, sgd, x, y) for _ in range(2)]
    two_epochs()
    return {"seconds": best(5, two_epochs), "images": 2 * n}


def infer(name, n):
    import torch

    net, x, _, _ = random_images(name, n)
    net.eval()
    seconds = []
    with torch.no_grad():
        for layout in (torch.contiguous_format, torch.channels_last):
            net, x = net.to(memory_format=layout), x.to(memory_format=layout)
            for batch in (100, 500, 1000):
                predict = lambda: [torch.softmax(net(part), 1) for part in x.split(batch)]
                predict()
                seconds.append(best(5, predict))
    return {"seconds": min(seconds), "images": n}


# The loop on MNIST.


def idx(folder, name):
    folders = [pathlib.Path(folder) / below for below in ("", "mnist", "MNIST/raw", "raw")]
    files = [path / (name + end) for path in folders for end in ("-ubyte", "-ubyte.gz")]
    path = next(path for path in files if path.exists())
    data = (gzip.open if path.suffix == ".gz" else open)(path, "rb").read()
    shape = struct.unpack_from(f">{data[3]}I", data, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * len(shape)).reshape(shape)


class Digits:
    """The usual data set of a PyTorch program: an image is prepared when it is asked for."""

    def __init__(self, images, labels):
        from torchvision import transforms

        self.images, self.labels = images, labels
        self.transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        from PIL import Image

        return self.transform(Image.fromarray(self.images[i])), int(self.labels[i])


def batches(digits, size, shuffle=False):
    from torch.utils.data import DataLoader

    return DataLoader(digits, batch_size=size, shuffle=shuffle, num_workers=1)


def probabilities(net, digits):
    import torch

    with torch.no_grad():
        return torch.cat([torch.softmax(net(x), 1) for x, _ in batches(digits, 1000)])


def entropy(p):
    import torch

    return -torch.xlogy(p, p).sum(-1)


def pool(folder):
    """The labelled and the unlabelled part of the pool, drawn at random."""
    images, labels = idx(folder, "train-images-idx3")[:N_POOL], idx(folder, "train-labels-idx1")[:N_POOL]
    order = np.random.default_rng(1).permutation(N_POOL)
    parts = np.sort(order[:N_LABELED]), np.sort(order[N_LABELED:])
    return [Digits(images[part], labels[part]) for part in parts]


def whole_round(folder):
    labeled, unlabeled = pool(folder)
    test = Digits(idx(folder, "t10k-images-idx3"), idx(folder, "t10k-labels-idx1"))
    start = time.perf_counter()
    net, _, *sgd = build("mnist")
    sgd = optimizer(net, *sgd)
    for _ in range(10):
        for x, y in batches(labeled, 64, shuffle=True):
            step(net, sgd, x, y)
    net.eval()
    entropy(probabilities(net, unlabeled)).topk(N_QUERY)
    accuracy = (probabilities(net, test).argmax(1).numpy() == test.labels).mean()
    seconds = time.perf_counter() - start
    assert accuracy > 0.9, accuracy
    return {"seconds": seconds}


def trained(labeled):
    """The net after the training of `whole_round`, from tensors in memory, as it is not timed."""
    import torch

    x, y = (torch.stack(list(part)) for part in zip(*((x, torch.tensor(y)) for x, y in labeled)))
    net, _, *sgd = build("mnist")
    sgd = optimizer(net, *sgd)
    for _ in range(10):
        order = torch.randperm(len(x))
        epoch(net, sgd, x[order], y[order])
    return net.eval()


def query(folder, strategy):
    import torch

    labeled, unlabeled = pool(folder)
    net = trained(labeled)
    start = time.perf_counter()
    net.train()  # dropout on
    passes = torch.stack([probabilities(net, unlabeled) for _ in range(10)])
    scores = entropy(passes.mean(0))
    if strategy == "bald":
        scores -= entropy(passes).mean(0)
    scores.topk(N_QUERY)
    return {"seconds": time.perf_counter() - start}


def attack(folder, perturbation):
    labeled, unlabeled = pool(folder)
    net = trained(labeled)
    start = time.perf_counter()
    every = len(unlabeled) // N_ATTACKED
    for i in range(0, len(unlabeled), every):
        perturbation(net, unlabeled[i][0][None]).norm()
    return {"seconds": (time.perf_counter() - start) * every}


def bim(net, clean):
    import torch
    import torch.nn.functional as F

    shift, label = torch.zeros_like(clean), net(clean).argmax(1)
    for _ in range(100):
        moved = (clean + shift).requires_grad_()
        logits = net(moved)
        if logits.argmax(1) != label:
            break
        way = torch.autograd.grad(F.cross_entropy(logits, label), moved)[0].sign()
        if not way.any():
            break
        shift += 0.05 * way
    return shift


def deepfool(net, clean):
    import torch

    shift, label = torch.zeros_like(clean), int(net(clean).argmax())
    for _ in range(50):
        moved = (clean + 1.02 * shift).requires_grad_()
        logits = net(moved)[0]
        if int(logits.argmax()) != label:
            break
        slopes = [torch.autograd.grad(logits[c], moved, retain_graph=True)[0] for c in range(10)]
        normals = [slopes[c] - slopes[label] for c in range(10) if c != label]
        gaps = [float((logits[c] - logits[label]).detach().abs()) for c in range(10) if c != label]
        distances = [gap / float(normal.norm()) for gap, normal in zip(gaps, normals)]
        nearest = int(np.argmin(distances))
        shift += distances[nearest] / normals[nearest].norm() * normals[nearest]
    return shift


def versions():
    from importlib.metadata import version

    import PIL
    import sklearn
    import torch
    import torchvision

    named = {"torch": torch, "torchvision": torchvision, "NumPy": np, "Pillow": PIL, "scikit-learn": sklearn}
    named = {name: module.__version__ for name, module in named.items()} | {name: version(name) for name in ("scikit-activeml", "small-text")}
    return ", ".join([f"Python {platform.python_version()}"] + [f"{name} {version}" for name, version in named.items()])


def peak_mb():
    """The greatest resident size; not `getrusage`, which counts from before the exec. None where there is no /proc."""
    try:
        lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM"))


def measure(work, variant, folder):
    kind, _, what = work.partition("-")
    n = {"mnist": 10_240, "svhn": 5_120, "cifar": 2_560}.get(what)
    works = {
        "train": lambda: train(what, n, variant),
        "infer": lambda: infer(what, n),
        "round": lambda: whole_round(folder),
        "query": lambda: query(folder, what),
        "bim": lambda: attack(folder, bim),
        "deepfool": lambda: attack(folder, deepfool),
        "select": lambda: pick(folder, what, variant),
        "k": lambda: k_center(folder, variant) if what == "center" else k_means(folder),
    }
    return works[kind]()


def main():
    match sys.argv[1:]:
        case ["versions"]:
            print(versions())
        case ["arrays", folder]:
            arrays(folder)
        case ["pool", folder, *candidates]:
            pool_arrays(folder, *map(int, candidates))
        case [work, variant, folder, threads]:
            if not work.startswith(("k-", "select-")):  # torch would count as memory of the array works
                import torch

                torch.set_num_threads(int(threads))
                torch.manual_seed(1)
            print(json.dumps({**measure(work, variant, folder), "peak_mb": peak_mb()}))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
