"""A loop with people: the project of the program, on the same file."""

from __future__ import annotations

import getpass
import shutil
import tempfile
import time
import warnings
from collections.abc import Iterable, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _deepal
from ._arrays import seed as to_seed, whole
from ._questions import Accuracy, Questions, Status
from ._selection import Selection
from ._strategy import Custom, Strategy, text_of
from ._tables import is_path, path_of
from ._work import Hear

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from typing_extensions import Self

    from ._tables import ArrowTable


class ActiveLearner:
    """Asks people what to label next, and learns from their answers: a project of the program.

    The project is the one that `deepal label`, `deepal status` and the other commands use, one SQLite file. Every answer is on disk when
    the call returns. A tenth of the questions is drawn at random; the net does not learn from them before `fit`, so they measure its
    accuracy. One process writes a project at a time: `close` it, or use `with`, before another goes on.

    Parameters
    ----------
    source : path, frame or array_like
        A project, or the data: a folder or zip of pictures, a table, a file of arrays, a `data.toml`. A frame or an array is written
        into the folder of a new project, which `project` must name.
    classes : sequence of str, optional
        The names of the classes; by default those that the data have.
    strategy : str or Strategy, optional
        The strategy; `auto` by default.
    net : str, optional
        The net, with settings as in `"head(width=64)"`; by default softmax regression on vectors, a small net on pictures.
    model : path, optional
        A pretrained net in ONNX whose embeddings take the place of the samples.
    batch : int, optional
        How many questions are asked at a time; 20 by default.
    audit : float, optional
        The share of the questions that is drawn at random, 0 to 0.5; 0.1 by default.
    seed : int, optional
        The seed of all that is random; 1 by default.
    project : path, optional
        The folder of the project; by default beside the source, with `.deepal` after its name.
    annotator : str, optional
        Who answers; by default the user of this system.
    threads : int, optional
        How many threads to use; as many as there are cores by default.

    Raises
    ------
    FileNotFoundError
        There is nothing at the path.
    ValueError
        A project that is there has other settings, or another process writes it, which is named.

    Examples
    --------
    >>> import deepal, pathlib, tempfile
    >>> table = pathlib.Path(tempfile.mkdtemp()) / "points.csv"
    >>> _ = table.write_text("id,x\\n" + "".join(f"p{k},{(k % 50) / 8 + k // 50 * 20}\\n" for k in range(100)))
    >>> learner = deepal.ActiveLearner(table, classes=["low", "high"], batch=8)
    >>> for _ in range(4):
    ...     asked = learner.query()
    ...     learner.label(asked, ["high" if int(name[1:]) > 49 else "low" for name in asked.ids])
    >>> learner.status().n_labeled
    32
    >>> learner.fit().predict()[[0, 99]].tolist()
    ['low', 'high']
    >>> learner.close()
    """

    def __init__(
        self,
        source: str | PathLike[str] | ArrayLike | ArrowTable,
        *,
        classes: Sequence[str] | None = None,
        strategy: str | Strategy | None = None,
        net: str | None = None,
        model: str | PathLike[str] | None = None,
        batch: int | None = None,
        audit: float | None = None,
        seed: int | None = None,
        project: str | PathLike[str] | None = None,
        annotator: str | None = None,
        threads: int | None = None,
    ) -> None:
        if isinstance(strategy, Custom):
            raise TypeError("`strategy` is a function of your own, which a project cannot keep; name one of `deepal.list_strategies()`")
        if isinstance(classes, str):
            raise TypeError(f"`classes` must be a list of names, found {classes!r}")
        settings: dict[str, Any] = {
            "classes": [] if classes is None else _texts("classes", classes),
            "strategy": None if strategy is None else text_of(strategy),
            "net": net,
            "model": None if model is None else fspath(model),
            "batch": None if batch is None else whole("batch", batch, 1),
            "audit": None if audit is None else float(audit),
            "seed": None if seed is None else to_seed("seed", seed),
        }
        self.annotator = annotator or _user()
        self._threads = None if threads is None else whole("threads", threads, 1)
        folder = None if project is None else Path(project)
        if not is_path(source):
            if folder is None:
                raise ValueError("`project` must name a folder that keeps the data, since `source` is no path")
            if _deepal.find_project(folder) is not None:
                raise ValueError(f"`{folder}` is a project already, with data of its own; open it by `ActiveLearner({str(folder)!r})`")
        path = path_of("source", source, folder or Path())
        with Hear() as hear:
            self._project = _deepal.open_project(path, folder, settings, self._threads, hear)
        # The folder of the project; known after it is closed too.
        self.folder = Path(self._project.folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"ActiveLearner({str(self.folder)!r})"

    @property
    def ids(self) -> NDArray[np.str_]:
        """The id of each sample, shape (n,)."""
        return np.array(self._project.ids, dtype=np.str_)

    @property
    def classes(self) -> list[str]:
        """The names of the classes."""
        return self._project.classes

    @property
    def labels(self) -> NDArray[np.int64]:
        """The class of each sample by its place in `classes`, -1 where there is no label, shape (n,)."""
        return self._project.labels

    def query(self, n: int | None = None) -> Questions:
        """What to label next.

        While questions of the last batch are open, these come first. Else a net is trained on the labels and the strategy picks among
        all samples.

        Parameters
        ----------
        n : int, optional
            Choose so many anew, even while others are open; by default a batch of the project.

        Returns
        -------
        Questions
            The samples, none if all have an answer.
        """
        start = time.perf_counter()
        with Hear() as hear:
            fallback = self._project.ask(None if n is None else whole("n", n, 1), self._threads, hear)
        if fallback is not None:
            warnings.warn(fallback, stacklevel=2)
        strategy, seed = self._project.strategy
        return Questions(self._project.questions(), strategy, seed, time.perf_counter() - start)

    def label(self, ids: str | Iterable[Any], classes: str | Sequence[str]) -> None:
        """Say of which class samples are; all are on disk when it returns, or none. A later label takes the place of an earlier one.

        Parameters
        ----------
        ids : str, sequence of str, or Questions
            The samples, by their ids.
        classes : str or sequence of str
            The class of each, or of all.

        Raises
        ------
        ValueError
            An id or class that there is not, or a sample that is held back to measure the accuracy and was not asked about.
        """
        names = _ids(ids)
        said = [classes] * len(names) if isinstance(classes, str) else _texts("classes", classes)
        if len(said) != len(names):
            raise ValueError(f"`classes` must be {len(names)} names, one for each of `ids`, found {len(said)}")
        self._project.label(names, said, self.annotator)

    def skip(self, ids: str | Iterable[Any]) -> None:
        """Put samples off: they are asked about again when all else has an answer.

        Parameters
        ----------
        ids : str, sequence of str, or Questions
            The samples, by their ids.
        """
        self._project.skip(_ids(ids), self.annotator)

    def discard(self, ids: str | Iterable[Any]) -> None:
        """Say that samples are of no class: they are never asked about again, and no net learns from them.

        Parameters
        ----------
        ids : str, sequence of str, or Questions
            The samples, by their ids.
        """
        self._project.discard(_ids(ids), self.annotator)

    def undo(self, n: int = 1) -> list[str]:
        """Take the newest answers back.

        Parameters
        ----------
        n : int, default=1
            How many; the answer about each sample counts.

        Returns
        -------
        list of str
            The samples whose answers were taken back, the newest first.
        """
        return self._project.undo(whole("n", n, 1), self.annotator)

    def add_class(self, name: str) -> None:
        """Add a class.

        Parameters
        ----------
        name : str
            Its name.
        """
        self._project.add_class(_texts("name", [name])[0])

    def fit(self) -> Self:
        """Train the net on all labels, those of the audit too, as `deepal train`; before that the accuracy is measured without them."""
        with Hear() as hear:
            self._project.train(self._threads, hear)
        return self

    def predict(self, source: str | PathLike[str] | ArrayLike | ArrowTable | None = None) -> NDArray[np.str_]:
        """The class of each sample, by the net that `fit` trained.

        Parameters
        ----------
        source : path, frame or array_like, optional
            Samples like those of the project, as `deepal.open` takes them; by default those of the project, in the order of `ids`.

        Returns
        -------
        ndarray of str, shape (n,)
        """
        classes, probs = self._predict(source)
        return np.array(classes, dtype=np.str_)[probs.argmax(axis=1)]

    def predict_proba(self, source: str | PathLike[str] | ArrayLike | ArrowTable | None = None) -> NDArray[np.float64]:
        """The probabilities of the classes, by the net that `fit` trained.

        Parameters
        ----------
        source : path, frame or array_like, optional
            As for `predict`.

        Returns
        -------
        ndarray of float64, shape (n, c)
            A column for each class that there was at the time of `fit`, in the order of `classes`.
        """
        return self._predict(source)[1]

    def _predict(self, source: Any) -> tuple[list[str], NDArray[np.float64]]:
        with tempfile.TemporaryDirectory(prefix="deepal-") as folder, Hear() as hear:
            path = None if source is None else path_of("source", source, Path(folder))
            ids, classes, probs = self._project.predict(path, self._threads, hear)
            if path is None and list(ids) != list(self._project.ids):
                raise RuntimeError("the files of the source have changed since the project was opened; close it and open it again")
        return classes, probs

    def save(self, path: str | PathLike[str]) -> Path:
        """Write the net that `fit` trained, with all that it needs for new samples: a file for `deepal predict --net`.

        The answers need no saving; they are in the project.

        Parameters
        ----------
        path : path
            The file to write, such as `net.safetensors`.
        """
        return Path(shutil.copyfile(self._project.net_file(), fspath(path)))

    def export(self, path: str | PathLike[str] | None = None) -> str | None:
        """The labels as a table `id,label,asked_by`, or as JSON lines if the path ends in `.jsonl`: as `deepal export`.

        Parameters
        ----------
        path : path, optional
            The file to write; without it the table is given back.
        """
        is_json = path is not None and str(path).endswith((".jsonl", ".ndjson"))
        return self._project.export(None if path is None else fspath(path), is_json)

    def status(self) -> Status:
        """Where the project stands: labels, the accuracy with its interval, and what is worth doing next."""
        found = self._project.status()
        accuracy = Accuracy(found.pop("right"), found.pop("of"), found.pop("interval"), found.pop("accuracy"))
        per_class, per_asked_by = dict(found.pop("per_class")), dict(found.pop("per_asked_by"))
        return Status(**found, per_class=per_class, per_asked_by=per_asked_by, accuracy=accuracy)

    def close(self) -> None:
        """Let another process write the project."""
        self._project.close()


def _ids(ids: str | Iterable[Any]) -> list[str]:
    """The ids of samples."""
    if isinstance(ids, Selection):
        if ids.ids is None:
            raise TypeError("`ids` is a selection without ids; give the ids of the samples")
        ids = ids.ids
    return _texts("ids", [ids] if isinstance(ids, str) else ids)


def _texts(name: str, values: Iterable[Any]) -> list[str]:
    """Names, which may be whole numbers."""
    found = list(values)
    for value in found:
        if isinstance(value, bool) or not isinstance(value, (str, int, np.integer)):
            raise TypeError(f"`{name}` must be texts or whole numbers, found {value!r}")
    return [str(value) for value in found]


def _user() -> str:
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):
        return "unknown"
