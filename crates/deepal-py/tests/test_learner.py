"""A loop with people on the project of the program: the same file, whoever begins it."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import deepal

PROGRAM = shutil.which("deepal", path=os.path.dirname(sys.executable))


def program(at, *words, code=0):
    done = subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, cwd=at)
    assert done.returncode == code, done.stderr
    return done.stderr if code else done.stdout


def truth(name: str) -> str:
    return "high" if int(name[1:]) % 2 else "low"


@pytest.fixture
def points(tmp_path):
    """200 points of two classes, one a little above the other."""
    rng = np.random.default_rng(2)
    lines = [f"p{k},{rng.normal() + 3 * (k % 2):.4f},{rng.normal():.4f}" for k in range(200)]
    (tmp_path / "points.csv").write_text("\n".join(["id,x,y", *lines]) + "\n")
    return tmp_path / "points.csv"


def answer(learner, batches: int = 1, n: int | None = None):
    for _ in range(batches):
        asked = learner.query(n)
        learner.label(asked, [truth(name) for name in asked.ids])


def test_the_loop(points):
    with deepal.ActiveLearner(points, classes=["low", "high"], batch=15, audit=0.5) as learner:
        first = learner.query()
        assert len(first) == 15 and isinstance(first, deepal.Selection) and first.likeliest == [[]] * 15
        assert [learner.ids[row] for row in first] == first.ids.tolist() and set(first.asked_by) == {"strategy", "audit"}
        assert learner.query() == first, "open questions come first"
        answer(learner, 4)
        asked = learner.query()
        assert all(len(classes) == 2 and len(near) == 3 for classes, near in zip(asked.likeliest, asked.nearest))
        status = learner.status()
        assert (status.n_labeled, status.n_open, status.n_samples) == (60, 15, 200)
        labels = learner.labels
        assert status.per_class == {"low": (labels == 0).sum(), "high": (labels == 1).sum()}
        assert sum(status.per_class.values()) == sum(status.per_asked_by.values()) == 60
        assert status.accuracy.of == status.per_asked_by["audit"] >= 20
        low, high = status.accuracy.interval
        assert 0 < low < status.accuracy.right / status.accuracy.of <= high <= 1 and "95 % interval" in str(status.accuracy)
        assert "60 labels of 200" in str(status) and "<br>" in status._repr_html_()
        predicted = learner.fit().predict()
        assert np.mean([truth(name) == found for name, found in zip(learner.ids, predicted)]) > 0.85
        probs = learner.predict_proba()
        assert probs.shape == (200, 2) and np.array_equal(np.array(learner.classes)[probs.argmax(1)], predicted)
        labels = {name: learner.classes[label] for name, label in zip(learner.ids, learner.labels) if label >= 0}
        assert len(labels) == 60 and all(truth(name) == label for name, label in labels.items())


def test_skip_discard_undo(points):
    learner = deepal.ActiveLearner(points, classes=["low", "high"], batch=6)
    asked = learner.query()
    one, two, three = asked.ids[:3]
    learner.skip(one)
    learner.discard([two, three])
    status = learner.status()
    assert (status.n_skipped, status.n_discarded, status.n_open) == (1, 2, 3)
    assert learner.undo(2) == [three, two]
    assert learner.query().ids.tolist() == [two, three, *asked.ids[3:]], "what was skipped waits"
    learner.label(two, "low")
    learner.label(two, "high")
    assert learner.labels[asked.indices[1]] == 1
    learner.undo()
    assert learner.labels[asked.indices[1]] == 0
    assert learner.undo(100) == [two, one] and learner.undo() == []


@pytest.mark.filterwarnings("ignore:`margin` needs a trained net")
def test_begun_in_python_it_goes_on_in_the_program(points):
    at = points.parent
    learner = deepal.ActiveLearner(points, classes=["low", "high"], strategy=deepal.Margin(), batch=10, annotator="ann")
    answer(learner, 2)
    learner.close()
    assert "20: low" in program(at, "status", "points.csv")
    table = program(at, "select", "points.csv")
    ids = [line.split(",")[1] for line in table.splitlines() if line[:1].isdigit()]
    assert len(ids) == 10
    (at / "picks.csv").write_text("id,label\n" + "".join(f"{name},{truth(name)}\n" for name in ids))
    assert "10 labels imported" in program(at, "label", "points.csv", "--from", "picks.csv")
    program(at, "train", "points.csv")
    with deepal.ActiveLearner(points) as learner:
        assert learner.status().n_labeled == 30 and learner.classes == ["low", "high"]
        predicted = dict(zip(learner.ids, learner.predict()))
        own = learner.save(at / "own.safetensors")
    said = program(at, "predict", "points.csv", "--net", own)
    assert {line.split(",")[0]: line.split(",")[1] for line in said.splitlines()[1:201]} == predicted
    events = sqlite3.connect(at / "points.csv.deepal" / "project.sqlite")
    assert events.execute("SELECT count(*) FROM events WHERE annotator = 'ann' AND action = 'label'").fetchone() == (20,)


def test_begun_in_the_program_it_goes_on_in_python(points):
    at = points.parent
    program(at, "init", "points.csv", "--classes", "low,high", "--batch", "8", "--strategy", "MarginSampling", "--project", "own")
    program(at, "select", "own")
    with deepal.ActiveLearner(points, strategy="margin", batch=8, project=at / "own") as learner:
        asked = learner.query()
        assert len(asked) == 8 and asked.strategy == "auto", "what was asked there, by the fall-back"
        answer(learner, 3)
        labels = learner.export()
        assert learner.export(at / "labels.jsonl") is None
    assert program(at, "export", "own") == labels and labels.startswith("id,label,asked_by\n")
    assert program(at, "export", "own", "--format", "jsonl") == (at / "labels.jsonl").read_text()
    assert "24: low" in program(at, "status", "own")


def test_the_same_picks_as_the_program(points):
    at = points.parent
    with deepal.ActiveLearner(points, classes=["low", "high"], seed=5, project=at / "ours") as learner:
        ours = learner.query().to_csv()
    program(at, "init", "points.csv", "--classes", "low,high", "--seed", "5", "--project", "theirs")
    theirs = program(at, "select", "theirs")
    assert [line.split(",")[1:3] for line in theirs.splitlines()[1:21]] == [line.split(",")[1:3] for line in ours.splitlines()[1:]]


def test_a_second_writer_is_refused_by_name(points):
    learner = deepal.ActiveLearner(points, classes=["low", "high"])
    with pytest.raises(ValueError, match=f"points.csv.deepal` is open in process {os.getpid()}"):
        deepal.ActiveLearner(points)
    assert f"is open in process {os.getpid()}" in program(points.parent, "select", "points.csv", code=2)
    assert "0: low 0" in program(points.parent, "status", "points.csv"), "others may look"
    learner.close()
    deepal.ActiveLearner(points).close()
    with pytest.raises(ValueError, match="is closed; open it again"):
        learner.query()
    assert repr(learner).endswith("points.csv.deepal')")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"classes": ["low", "middle"]}, "`classes`: the project .* has the classes low, high; leave `classes` out"),
        ({"strategy": "badge"}, "`strategy`: .* has the strategy margin"),
        ({"net": "mlp"}, "`net`: .* has the net that suits the data"),
        ({"batch": 3}, "batches of 20"),
        ({"audit": 0.2}, "a share of 0.1 drawn at random"),
        ({"seed": 7}, "the seed 1"),
    ],
)
def test_a_project_that_is_there_keeps_its_settings(settings, words, points):
    deepal.ActiveLearner(points, classes=["low", "high"], strategy="margin").close()
    deepal.ActiveLearner(points, classes=["high"], strategy=deepal.Margin(), batch=20, audit=0.1, seed=1).close()
    with pytest.raises(ValueError, match=words):
        deepal.ActiveLearner(points, **settings)


def test_what_is_wrong_is_named_and_changes_nothing(points):
    learner = deepal.ActiveLearner(points, classes=["low", "high"], batch=4)
    asked = learner.query()
    wrong = [
        (lambda: learner.label(asked, ["low"]), ValueError, "`classes` must be 4 names, one for each of `ids`, found 1"),
        (lambda: learner.label(asked, ["low", "low", "low", "middle"]), ValueError, "`middle` is no class .* low, high, and `add_class`"),
        (lambda: learner.label([asked.ids[0], "q1"], "low"), ValueError, "`q1` is no sample of `points`"),
        (lambda: learner.label([0.5], "low"), TypeError, "`ids` must be texts or whole numbers, found 0.5"),
        (lambda: learner.label(deepal.Margin().query, "low"), TypeError, "not iterable"),
        (lambda: learner.query(0), ValueError, "`n` must be at least 1, found 0"),
        (lambda: learner.predict(), ValueError, "has no net yet; `fit` trains it"),
        (lambda: learner.save(points.parent / "net.safetensors"), ValueError, "has no net yet"),
        (lambda: learner.fit(), ValueError, "0 labels of 0 classes"),
        (lambda: learner.add_class("low"), ValueError, "a class `low` already"),
        (lambda: deepal.ActiveLearner(points.parent / "none.csv"), FileNotFoundError, "none.csv"),
        (lambda: deepal.ActiveLearner(points, classes="low"), TypeError, "`classes` must be a list of names"),
        (lambda: deepal.ActiveLearner(points, strategy=deepal.Custom(len, needs=["probs"])), TypeError, "a function of your own"),
        (lambda: deepal.ActiveLearner(points, project=points.parent / "p", strategy="margn"), ValueError, "did you mean `margin`"),
        (lambda: deepal.ActiveLearner(points, project=points.parent / "p", audit=0.7), ValueError, "`audit` is 0.7"),
        (lambda: deepal.ActiveLearner(np.ones((9, 2))), ValueError, "`project` must name a folder"),
    ]
    for call, kind, words in wrong:
        with pytest.raises(kind, match=words):
            call()
    assert learner.status().n_labeled == 0 and not (points.parent / "p").exists()
    held = [name for name in learner.ids if name not in asked.ids]
    refused = 0
    for name in held:
        try:
            learner.label(name, "low")
        except ValueError as error:
            assert "held back to measure the accuracy" in str(error)
            refused += 1
    assert 5 <= refused <= 40, "a tenth of the samples cannot be found"
    learner.add_class("middle")
    learner.label(asked, "middle")
    assert learner.status().per_class["middle"] == 4


@pytest.mark.parametrize("kind", ["an array", "a frame", "pictures"])
def test_data_in_memory(kind, tmp_path):
    rng = np.random.default_rng(4)
    rows = rng.normal(size=(80, 4)).astype(np.float32)
    if kind == "a frame":
        polars = pytest.importorskip("polars")
        data = polars.DataFrame(rows, schema=list("abcd")).with_columns(id=polars.Series([f"s{k}" for k in range(80)]))
        new = data[:7]
    else:
        data = rows if kind == "an array" else rng.random((80, 1, 8, 8)).astype(np.float32)
        new = data[:7]
    with deepal.ActiveLearner(data, classes=["a", "b"], project=tmp_path / "p") as learner:
        asked = learner.query(30)
        learner.label(asked, [["a", "b"][row % 2] for row in asked])
        learner.fit()
        np.testing.assert_allclose(learner.predict_proba(new), learner.predict_proba()[:7], atol=1e-6)
        assert learner.ids[3] == ("s3" if kind == "a frame" else "3")
    with pytest.raises(ValueError, match="is a project already, with data of its own"):
        deepal.ActiveLearner(data, project=tmp_path / "p")
    with deepal.ActiveLearner(tmp_path / "p") as learner:
        assert learner.status().n_labeled == 30


def test_labels_of_the_source_are_taken_in(tmp_path):
    (tmp_path / "known.csv").write_text("id,x,label\na,1,left\nb,2,right\nc,3,\nd,4,\n")
    with deepal.ActiveLearner(tmp_path / "known.csv") as learner:
        assert learner.classes == ["left", "right"] and learner.labels.tolist() == [0, 1, -1, -1]
        assert learner.status().per_asked_by["import"] == 2 and learner.undo() == [], "what was imported is no answer"


def test_a_strategy_that_needs_a_net_waits_for_two_classes(points):
    learner = deepal.ActiveLearner(points, classes=["low", "high"], strategy="badge")
    with pytest.warns(UserWarning, match="`badge` needs a trained net"):
        assert len(learner.query()) == 20


def test_other_threads_go_on_meanwhile(points):
    learner = deepal.ActiveLearner(points, classes=["low", "high"], net="mlp")
    answer(learner, 2)
    ticks: list[float] = []
    done = threading.Event()

    def tick() -> None:
        while not done.wait(0.01):
            ticks.append(time.monotonic())

    thread = threading.Thread(target=tick)
    thread.start()
    start = time.monotonic()
    learner.fit()
    seconds = time.monotonic() - start
    done.set()
    thread.join()
    assert len(ticks) > 10 * seconds and max(np.diff([start, *ticks])) < 0.5 + seconds / 4


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to a child")
def test_ctrl_c_stops_within_a_second_and_answers_stay(points):
    code = f"""
import deepal, time
learner = deepal.ActiveLearner({str(points)!r}, classes=["low", "high"], net="mlp(hidden=2048)")
asked = learner.query()
learner.label(asked, ["high" if int(name[1:]) % 2 else "low" for name in asked.ids])
print("ready", flush=True)
try:
    while True:
        learner.fit()
except KeyboardInterrupt:
    print("stopped", learner.status().n_labeled, flush=True)
"""
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None and child.stdout.readline() == "ready\n"
    time.sleep(0.5)
    start = time.monotonic()
    child.send_signal(signal.SIGINT)
    assert child.stdout.readline() == "stopped 20\n"
    assert time.monotonic() - start < 1.5
    child.wait(timeout=60)
    with deepal.ActiveLearner(points) as learner:
        assert learner.status().n_labeled == 20


def test_nothing_of_the_users_is_overwritten(tmp_path):
    mine = tmp_path / "data.npy"
    mine.write_bytes(b"mine")
    with pytest.raises(FileExistsError, match=r"data\.npy` is there already"):
        deepal.ActiveLearner(np.zeros((30, 2)), classes=["low", "high"], project=tmp_path)
    assert mine.read_bytes() == b"mine"


def test_a_project_of_another_source_is_refused(points):
    other = points.with_name("other.csv")
    shutil.copyfile(points, other)
    deepal.ActiveLearner(points, classes=["low", "high"], project=points.parent / "here").close()
    with pytest.raises(ValueError, match="is about `.*points.csv`, not about `.*other.csv`"):
        deepal.ActiveLearner(other, project=points.parent / "here")


def test_predictions_belong_to_the_ids(points):
    with deepal.ActiveLearner(points, classes=["low", "high"], batch=30) as learner:
        answer(learner, 2)
        learner.fit()
        assert len(learner.predict()) == 200
        with points.open("a") as file:
            file.write("p200,0.1,0.2\n")
        with pytest.raises(RuntimeError, match="have changed since the project was opened"):
            learner.predict()
