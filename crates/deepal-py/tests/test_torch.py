"""Signals from nets of PyTorch, where it is installed."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import deepal

torch = pytest.importorskip("torch", reason="PyTorch is not installed; `deepal.torch` is tested where it is")
nn = torch.nn


def make(*, bias: bool = True) -> torch.nn.Sequential:
    """Convolution, batch normalisation, both kinds of dropout, and two linear layers."""
    torch.manual_seed(3)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout2d(0.4), nn.Flatten(), nn.Linear(144, 16), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(16, 3, bias=bias),
    )  # fmt: skip
    with torch.no_grad():
        model[1].running_mean += torch.rand(4)
    return model


def pool(n: int = 50, batch: int = 16) -> tuple[torch.Tensor, torch.utils.data.DataLoader]:
    inputs = torch.rand(n, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    return inputs, torch.utils.data.DataLoader(torch.utils.data.TensorDataset(inputs, torch.zeros(n)), batch_size=batch)


def test_probabilities_embeddings_and_head_are_those_of_the_model():
    model = make()
    inputs, loader = pool()
    found = deepal.torch.signals(model, loader)
    model.eval()
    with torch.no_grad():
        scores = model(inputs)
        embeddings = model[:8](inputs)
    np.testing.assert_allclose(found["probs"], scores.softmax(1).numpy(), atol=1e-6)
    np.testing.assert_allclose(found["embeddings"], embeddings.numpy(), atol=1e-6)
    weights, biases = found["head"]
    np.testing.assert_allclose(found["embeddings"] @ weights.T + biases, scores.numpy(), atol=1e-5)
    assert set(found) == {"probs", "embeddings", "head"} and found["embeddings"].dtype == np.float32
    assert len(set(deepal.select(7, strategy="badge", **found))) == 7


def test_modes_and_statistics_are_as_before():
    model = make()
    model.train()
    model[1].eval()
    before = [module.training for module in model.modules()], {name: value.clone() for name, value in model.state_dict().items()}
    deepal.torch.signals(model, pool()[1], passes=3)
    assert [module.training for module in model.modules()] == before[0]
    assert all(torch.equal(value, before[1][name]) for name, value in model.state_dict().items())
    assert not any(module._forward_hooks for module in model.modules())


def test_a_pass_is_one_net_for_all_samples():
    model = make()
    # The same sample in every row and batch: in one pass all rows are equal, and passes differ.
    same = torch.rand(1, 1, 8, 8).expand(40, 1, 8, 8).contiguous()
    loader = torch.utils.data.DataLoader(same, batch_size=7)
    passes = deepal.torch.signals(model, loader, passes=6)["mc_probs"]
    assert passes.shape == (6, 40, 3)
    np.testing.assert_allclose(passes, np.broadcast_to(passes[:, :1], passes.shape), atol=1e-6)
    assert len(np.unique(passes[:, 0, 0].round(9))) == 6


def test_passes_average_to_what_dropout_gives():
    model = make()
    inputs, loader = pool(4, 4)
    drawn = deepal.torch.signals(model, loader, passes=1000)["mc_probs"]
    model.eval()
    for module in model.modules():
        if isinstance(module, (nn.Dropout, nn.Dropout2d)):
            module.train()
    with torch.no_grad():
        own = np.stack([model(inputs).softmax(1).numpy() for _ in range(1000)])
    for ours, theirs in ((drawn.mean(0), own.mean(0)), (drawn.std(0), own.std(0))):
        # Six standard errors, generously.
        np.testing.assert_allclose(ours, theirs, atol=6 * own.std(0).max() / np.sqrt(1000))


def test_seeds_and_batches():
    model, (_, loader) = make(), pool()
    first = deepal.torch.signals(model, loader, passes=4)["mc_probs"]
    np.testing.assert_allclose(deepal.torch.signals(model, pool(batch=50)[1], passes=4)["mc_probs"], first, atol=1e-6)
    assert not np.allclose(deepal.torch.signals(model, loader, passes=4, seed=2)["mc_probs"], first, atol=1e-3)
    assert len(set(deepal.select(5, strategy="bald(passes=4)", mc_probs=first))) == 5


def test_a_layer_by_name_or_itself():
    model, (inputs, loader) = make(), pool()
    by_name = deepal.torch.signals(model, loader, embedding="5")
    assert "head" not in by_name, "a layer lies between"
    model.eval()
    np.testing.assert_allclose(by_name["embeddings"], model[:6](inputs).detach().numpy(), atol=1e-6)
    np.testing.assert_array_equal(deepal.torch.signals(model, loader, embedding=model[5])["embeddings"], by_name["embeddings"])
    assert deepal.torch.signals(model, loader, embedding="6")["head"][0].shape == (3, 16), "dropout is off"
    assert deepal.torch.signals(model, loader, embedding=model[0])["embeddings"].shape == (50, 4 * 6 * 6)


def test_a_model_that_ends_in_no_linear_layer_has_no_embeddings():
    model = nn.Sequential(nn.Conv2d(1, 3, 3), nn.Dropout(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    assert set(deepal.torch.signals(model, pool()[1], passes=2)) == {"probs", "mc_probs"}
    assert deepal.torch.signals(model, pool()[1], embedding="0")["embeddings"].shape == (50, 3 * 6 * 6)


def test_a_layer_without_biases():
    _, biases = deepal.torch.signals(make(bias=False), pool()[1])["head"]
    assert biases.tolist() == [0, 0, 0]


def test_other_forms_of_batches_and_outputs():
    class Named(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = make()

        def forward(self, pixels):
            return {"logits": self.net(pixels)}["logits"], "more"

    inputs, loader = pool()
    expected = deepal.torch.signals(make(), loader)["probs"]
    named = ({"pixels": inputs[at : at + 20], "labels": torch.zeros(20)} for at in range(0, 50, 20))
    np.testing.assert_allclose(deepal.torch.signals(Named(), named)["probs"], expected, atol=1e-6)
    np.testing.assert_allclose(deepal.torch.signals(make(), [inputs])["probs"], expected, atol=1e-6)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_on_a_gpu():
    here = deepal.torch.signals(make(), pool()[1], passes=3)
    there = deepal.torch.signals(make().cuda(), pool()[1], passes=3)
    for name in ("probs", "embeddings", "mc_probs"):
        np.testing.assert_allclose(there[name], here[name], atol=1e-3)


def without_dropout() -> torch.nn.Sequential:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 3))


def drawn(data):
    return torch.utils.data.BatchSampler(torch.utils.data.RandomSampler(data), 16, drop_last=False)


@pytest.mark.parametrize(
    ("make_arguments", "words"),
    [
        (lambda: (without_dropout(), pool()[1], {"passes": 2}), "no dropout module"),
        (lambda: (nn.Sequential(nn.Flatten(), nn.AlphaDropout(), nn.Linear(64, 3)), pool()[1], {"passes": 2}), "AlphaDropout"),
        (lambda: (make(), pool()[1], {"embedding": "head"}), "no layer 'head'; it has 0, 1"),
        (lambda: (make(), pool()[1], {"embedding": nn.Linear(3, 3)}), "must be a layer of the model"),
        (lambda: (make(), torch.utils.data.DataLoader(pool()[0], shuffle=True), {}), "shuffle=False"),
        (lambda: (make(), torch.utils.data.DataLoader(pool()[0], sampler=torch.utils.data.SubsetRandomSampler([2, 1])), {}), "SubsetRandomSampler"),
        (lambda: (make(), torch.utils.data.DataLoader(pool()[0], batch_sampler=drawn(pool()[0])), {}), "RandomSampler"),
        (lambda: (make(), torch.utils.data.DataLoader(pool()[0], batch_size=16, drop_last=True), {}), "drop_last=False"),
        (lambda: (make(), [], {}), "no batch"),
        (lambda: (nn.Sequential(nn.Linear(8, 3)), pool()[1], {}), r"\[batch, c\].* found \[16, 1, 8, 3\]"),
    ],
)
def test_what_is_wrong_is_named(make_arguments, words):
    model, loader, more = make_arguments()
    with pytest.raises(ValueError, match=words):
        deepal.torch.signals(model, loader, **more)


def test_what_is_no_model_or_batch():
    with pytest.raises(TypeError, match="torch.nn.Module, found str"):
        deepal.torch.signals("resnet", pool()[1])
    with pytest.raises(TypeError, match="`loader` must give tensors.* found str"):
        deepal.torch.signals(make(), ["photo.png"])


def test_the_import_does_not_load_it():
    code = "import sys, deepal, deepal.torch; deepal.select; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "False\n"
