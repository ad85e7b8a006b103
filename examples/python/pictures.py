"""Label pictures with a convolutional net in PyTorch, on a GPU where there is one: probabilities, embeddings and dropout passes by
`deepal.torch.signals`, picks by `deepal.select`.

The pictures are scikit-learn's digits, 8 by 8. Replace `pictures` by your own data and `Net` by your own net; nothing else changes.
"""

from __future__ import annotations

import sys

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import deepal

try:
    import torch
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset
except ImportError:
    print("PyTorch is not installed, so this example does nothing: pip install torch")
    sys.exit(0)

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


class Net(nn.Module):
    """Two convolutions, and dropout before the last layer."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.Flatten(), nn.Dropout(0.5),
        )  # fmt: skip
        self.last = nn.Linear(32 * 4 * 4, 10)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Class scores, [n, 10], of pictures, [n, 1, 8, 8]."""
        return self.last(self.features(pictures))


def pictures() -> list[torch.Tensor]:
    """Pictures and classes of the pool, and of the test set."""
    X, y = load_digits(return_X_y=True)
    X = X.reshape(-1, 1, 8, 8).astype(np.float32) / 16
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.4, random_state=0)
    return [torch.from_numpy(array) for array in (X, y, X_test, y_test)]


def train(X: torch.Tensor, y: torch.Tensor) -> Net:
    """A new net on all labels so far."""
    torch.manual_seed(1)
    net = Net().to(DEVICE)
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    for _ in range(40):
        for inputs, classes in DataLoader(TensorDataset(X, y), batch_size=32, shuffle=True):
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(inputs.to(DEVICE)), classes.to(DEVICE)).backward()
            optimizer.step()
    return net


def accuracy(net: Net, X: torch.Tensor, y: torch.Tensor) -> float:
    """How often the net is right."""
    net.eval()
    with torch.inference_mode():
        return float((net(X.to(DEVICE)).argmax(1).cpu() == y).float().mean())


def main() -> None:
    """Ask for 20 labels at a time, by three strategies, and say how right the net is."""
    X, y, X_test, y_test = pictures()
    for strategy in ("badge", "bald", "random"):
        labeled = np.random.default_rng(1).permutation(len(X))[:20]
        accuracies = []
        for _ in range(5):
            net = train(X[labeled], y[labeled])
            accuracies.append(accuracy(net, X_test, y_test))
            pool = np.setdiff1d(np.arange(len(X)), labeled)
            found = deepal.torch.signals(net, DataLoader(X[pool], batch_size=500), passes=10)
            picks = deepal.select(20, strategy=strategy, **found)
            labeled = np.concatenate([labeled, pool[picks]])  # here a person would answer
        print(f"{strategy} on the {DEVICE}: " + ", ".join(f"{100 * right:.0f} %" for right in accuracies))


if __name__ == "__main__":
    main()
