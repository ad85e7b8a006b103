"""What a net of PyTorch makes of samples: `deepal.select(20, **deepal.torch.signals(model, loader))`.

PyTorch is loaded when the first function is called.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ._arrays import seed as to_seed, whole
from ._work import Hear

if TYPE_CHECKING:
    from numpy.typing import NDArray


def signals(
    model: Any,
    loader: Iterable[Any],
    *,
    embedding: Any = None,
    passes: int = 0,
    device: Any = None,
    seed: int = 1,
) -> dict[str, Any]:
    """Signals for `deepal.select` from a classifier in PyTorch: probabilities, embeddings, Monte-Carlo passes and the last layer.

    The model is in evaluation mode meanwhile, so batch normalisation keeps its statistics; its modes are as before afterwards. In a
    Monte-Carlo pass the dropout modules drop, the same units for all samples: a pass is one net, as BatchBALD and EPIG need it. The
    loader is gone through once.

    Parameters
    ----------
    model : torch.nn.Module
        Gives class scores before softmax, shape (batch, c); or a tuple that begins with them, or an object with `logits`.
    loader : iterable
        Batches in the order of the samples, such as a `DataLoader` without shuffling: a tensor, a tuple or list that begins with the
        inputs, or a dict of arguments by name, of which `labels` is left out.
    embedding : str or torch.nn.Module, optional
        The layer whose output is the embedding, by name or itself; by default what goes into the last linear layer, if the model ends in
        one.
    passes : int, default=0
        How many Monte-Carlo passes.
    device : str or torch.device, optional
        Where the inputs are moved; where the model is by default.
    seed : int, default=1
        The seed of what the dropout modules drop. Masks are drawn on the processor, so that they are the same on every device.

    Returns
    -------
    dict
        `probs`, shape (n, c); `embeddings`, shape (n, d), if there are any; `mc_probs`, shape (passes, n, c), if there are passes; and
        `head`, weights of shape (c, d) and biases of shape (c,), if the embedding is what goes into the last linear layer.

    Raises
    ------
    ImportError
        PyTorch is not installed.
    ValueError
        A loader that shuffles or leaves samples out, no such layer, passes of a model without dropout modules, or outputs of another
        shape.

    Notes
    -----
    Dropout that is no module of its own stays off: `torch.nn.functional.dropout`, and that inside of LSTMs and attention.

    Examples
    --------
    >>> import deepal, torch
    >>> model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Dropout(), torch.nn.Linear(16, 3))
    >>> pool = torch.utils.data.DataLoader(torch.rand(100, 8), batch_size=32)
    >>> len(deepal.select(5, strategy="bald", **deepal.torch.signals(model, pool, passes=10)))
    5
    """
    torch = _torch()
    if not isinstance(model, torch.nn.Module):
        raise TypeError(f"`model` must be a torch.nn.Module, found {type(model).__name__}")
    passes = whole("passes", passes, 0)
    _check_order(torch, loader)
    layer = None if embedding is None else _layer(model, embedding)
    where = _device(torch, model) if device is None else torch.device(device)
    watch = _Watch(torch, model, layer)
    dropout = _Dropout(torch, model, to_seed("seed", seed), passes)
    probs: list[NDArray[np.float64]] = []
    embeddings: list[NDArray[np.float32]] = []
    mc_probs: list[NDArray[np.float64]] = []
    total = len(loader) if hasattr(loader, "__len__") else 0  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    with torch.inference_mode(), _evaluating(model), Hear() as hear:
        for at, batch in enumerate(loader):
            call = _call(torch, model, batch, where)
            with watch:
                scores = _scores(torch, call())
            probs.append(_softmax(scores))
            if (embedded := watch.embeddings(scores)) is not None:
                embeddings.append(embedded)
            with dropout:
                drawn = [_softmax(_scores(torch, dropout.run(call, number))) for number in range(passes)]
            mc_probs.append(np.array(drawn))
            hear("progress", "computing signals", at + 1, max(total, at + 1))
    if not probs:
        raise ValueError("`loader` has no batch")
    result: dict[str, Any] = {"probs": np.concatenate(probs)}
    if embeddings:
        result["embeddings"] = np.concatenate(embeddings)
    if passes:
        result["mc_probs"] = np.concatenate(mc_probs, axis=1)
    if (head := watch.head()) is not None:
        result["head"] = head
    return result


def _torch() -> Any:
    try:
        return import_module("torch")
    except ImportError:
        raise ImportError("`deepal.torch` needs PyTorch; install `torch`") from None


def _check_order(torch: Any, loader: Any) -> None:
    """A loader must give all samples in their order."""
    of_batches = getattr(loader, "batch_sampler", None)
    samplers = [sampler for sampler in (getattr(loader, "sampler", None), getattr(of_batches, "sampler", None)) if sampler is not None]
    if isinstance(loader, torch.utils.data.DataLoader):
        for sampler in samplers:
            if isinstance(sampler, torch.utils.data.Sampler) and not isinstance(sampler, torch.utils.data.SequentialSampler):
                raise ValueError(
                    f"`loader` has a {type(sampler).__name__}, so rows would be in no known order; make it with `shuffle=False`, and take a "
                    "part of the data by `torch.utils.data.Subset`"
                )
    if getattr(loader, "drop_last", False) or getattr(of_batches, "drop_last", False):
        raise ValueError("`loader` leaves the last batch out if it is small; make it with `drop_last=False`")


def _layer(model: Any, embedding: Any) -> Any:
    """A layer by name or itself."""
    layers: dict[str, Any] = dict(model.named_modules())
    if not isinstance(embedding, str):
        if not any(layer is embedding for layer in layers.values()):
            raise ValueError(f"`embedding` must be a layer of the model or its name, found {type(embedding).__name__}")
        return embedding
    if embedding not in layers:
        raise ValueError(f"`embedding`: the model has no layer {embedding!r}; it has {', '.join(filter(None, layers))}")
    return layers[embedding]


def _device(torch: Any, model: Any) -> Any:
    """Where the model is."""
    parameters = [*model.parameters(), *model.buffers()]
    return parameters[0].device if parameters else torch.device("cpu")


@contextmanager
def _evaluating(model: Any) -> Generator[None, None, None]:
    """The model in evaluation mode, and afterwards as it was."""
    modes = [(layer, layer.training) for layer in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for layer, mode in modes:
            layer.training = mode


def _call(torch: Any, model: Any, batch: Any, device: Any) -> Callable[[], Any]:
    """The model on the inputs of a batch."""
    if isinstance(batch, Mapping):
        given: dict[str, Any] = {name: value for name, value in cast(Any, batch).items() if name != "labels"}
        named = {name: value.to(device) if isinstance(value, torch.Tensor) else value for name, value in given.items()}
        return lambda: model(**named)
    inputs = _first(batch)
    if not isinstance(inputs, torch.Tensor):
        raise TypeError(f"`loader` must give tensors, tuples that begin with one, or dicts, found {type(inputs).__name__}")
    moved = inputs.to(device)
    return lambda: model(moved)


def _scores(torch: Any, output: Any) -> Any:
    """The class scores, (batch, c)."""
    scores = output.logits if hasattr(output, "logits") else _first(output)
    if not isinstance(scores, torch.Tensor) or scores.ndim != 2 or scores.shape[1] < 2:
        raise ValueError(f"`model` must give class scores before softmax [batch, c], with two classes at least, found {_shape(scores)}")
    return scores


def _softmax(scores: Any) -> NDArray[np.float64]:
    return scores.detach().float().cpu().double().softmax(dim=1).numpy()


class _Watch:
    """Looks at what goes through the layers: the embedding, and the last linear layer, which is the one whose output the model gives."""

    def __init__(self, torch: Any, model: Any, layer: Any) -> None:
        self._torch, self._layer = torch, layer
        self._linear = [module for module in model.modules() if isinstance(module, torch.nn.Linear)]
        self._handles: list[Any] = []
        self._seen: list[tuple[Any, Any, Any]] = []
        self._output: Any = None
        self._last: Any = None
        self._is_head = True

    def __enter__(self) -> None:
        self._seen, self._output = [], None
        for module in self._linear:
            self._handles.append(module.register_forward_hook(self._through_linear))
        if self._layer is not None:
            self._handles.append(self._layer.register_forward_hook(self._through_layer))

    def __exit__(self, *_: object) -> None:
        while self._handles:
            self._handles.pop().remove()

    def _through_linear(self, module: Any, inputs: Any, output: Any) -> None:
        # Those of each token or pixel are large, and none of them gives the class scores.
        if output.ndim == 2 and inputs:
            self._seen.append((module, inputs[0], output))

    def _through_layer(self, module: Any, inputs: Any, output: Any) -> None:
        self._output = output

    def embeddings(self, scores: Any) -> NDArray[np.float32] | None:
        """The embeddings of the batch that went through, given its class scores; None of a model that ends in no linear layer."""
        of_last = [seen for seen in self._seen if seen[2].shape == scores.shape and self._torch.equal(seen[2], scores)]
        into: Any
        self._last, into, _ = of_last[-1] if of_last else (None, None, None)
        if self._layer is None and into is None:
            return None
        output: Any = into if self._layer is None else _first(self._output)
        if not isinstance(output, self._torch.Tensor) or output.ndim < 2 or len(output) != len(scores):
            raise ValueError(f"`embedding` must give a tensor with a row for each of {len(scores)} samples, found {_shape(output)}")
        flat: Any = output.flatten(1)
        is_into = into is not None and into.shape == flat.shape and self._torch.equal(into, flat)
        self._is_head = self._is_head and bool(is_into)
        return flat.detach().float().cpu().numpy()

    def head(self) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
        """Weights and biases of the last linear layer, if the embeddings are what goes into it."""
        if self._last is None or not self._is_head:
            return None
        weights: NDArray[np.float32] = self._last.weight.detach().float().cpu().numpy()
        if self._last.bias is None:
            return weights, np.zeros(len(weights), dtype=np.float32)
        return weights, self._last.bias.detach().float().cpu().numpy()


class _Dropout:
    """Lets the dropout modules drop the same units of all samples while the model is in evaluation mode."""

    def __init__(self, torch: Any, model: Any, seed: int, passes: int) -> None:
        self._torch, self._seed = torch, seed
        nn = torch.nn
        # Elements or whole channels; and the others, which do more than to drop.
        kinds = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)
        self._modules: list[Any] = [module for module in model.modules() if isinstance(module, kinds) and module.p > 0]
        others = [module for module in model.modules() if isinstance(module, (nn.AlphaDropout, nn.FeatureAlphaDropout))]
        if passes and others:
            raise ValueError(f"`passes`: {type(others[0]).__name__} is not supported; use Dropout, or Dropout1d to Dropout3d")
        if passes and not self._modules:
            raise ValueError("`passes`: the model has no dropout module, so all passes would be the same")
        self._masks: dict[tuple[int, int, tuple[int, ...]], Any] = {}
        self._handles: list[Any] = []
        self._pass = self._calls = 0

    def __enter__(self) -> None:
        self._handles = [module.register_forward_hook(self._drop) for module in self._modules]

    def __exit__(self, *_: object) -> None:
        while self._handles:
            self._handles.pop().remove()

    def run(self, call: Callable[[], Any], number: int) -> Any:
        """What the model gives in a pass."""
        self._pass, self._calls = number, 0
        return call()

    def _drop(self, module: Any, inputs: Any, output: Any) -> Any:
        nn, values = self._torch.nn, inputs[0]
        of_channels = isinstance(module, (nn.Dropout1d, nn.Dropout2d, nn.Dropout3d))
        shape = (1, values.shape[1], *([1] * (values.ndim - 2))) if of_channels else (1, *values.shape[1:])
        key = (self._pass, self._calls, shape)
        self._calls += 1
        if key not in self._masks:
            generator = self._torch.Generator().manual_seed(int(np.random.SeedSequence([self._seed, *key[:2]]).generate_state(1)[0]))
            keeps = self._torch.rand(shape, generator=generator) >= module.p
            scale = 1 / (1 - module.p) if module.p < 1 else 0.0
            self._masks[key] = (keeps * scale).to(device=values.device, dtype=values.dtype)
        return values * self._masks[key]


def _first(value: Any) -> Any:
    """The first of several, or the one."""
    is_several = isinstance(value, (tuple, list)) and bool(cast(Any, value))
    return cast(Any, value)[0] if is_several else cast(Any, value)


def _shape(value: Any) -> object:
    return list(value.shape) if hasattr(value, "shape") else type(value).__name__
