"""Nets with PyTorch's weights, and what PyTorch says about some inputs.

    python make.py

writes beside itself, for `mlp` and `softmax-regression`: NAME.safetensors, as `deepal export --net` writes them, and NAME.csv,
the probabilities of the samples in inputs.npy. The safetensors are put together by hand, from the format's description.
"""

import csv
import json
import pathlib
import struct

import numpy as np
import torch
from torch import nn

FOLDER = pathlib.Path(__file__).parent
CLASSES = ["cat", "dog, wet", "10"]
FEATURES = 5


def net_file(path, net, state):
    about = {"net": net, "training": None, "dataset": "made-up", "classes": CLASSES, "shape": [FEATURES, 1, 1], "image": None,
             "model": None, "encoding": None}
    header = {"__metadata__": {"deepal": json.dumps({"format": 1, "version": "0.1.0", "about": about})}}
    body = b""
    for name, tensor in state.items():
        values = tensor.detach().contiguous().numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(body), len(body) + len(values)]}
        body += values
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2, self.fc3 = nn.Linear(FEATURES, 128), nn.Linear(128, 64), nn.Linear(64, len(CLASSES))

    def forward(self, x):
        return self.fc3(torch.relu(self.fc2(torch.relu(self.fc1(x)))))


def main():
    torch.manual_seed(7)
    inputs = torch.randn(9, FEATURES) * 3
    np.save(FOLDER / "inputs.npy", inputs.numpy())
    for name, net in [("mlp", Mlp()), ("softmax-regression", nn.Linear(FEATURES, len(CLASSES)))]:
        net_file(FOLDER / f"{name}.safetensors", name, net.state_dict())
        probs = torch.softmax(net(inputs).double(), dim=1)
        with open(FOLDER / f"{name}.csv", "w", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(["class", *(f"p_{name}" for name in CLASSES)])
            rows.writerows([CLASSES[row.argmax()], *map(repr, row.tolist())] for row in probs)


main()
