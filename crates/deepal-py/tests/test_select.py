"""`select` gives the picks of the program on the same arrays, and says what is wrong with others."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import deepal
from deepal import _deepal

# The picks are those of a program that was built apart, if it is named; else of the one in the wheel.
PROGRAM = os.environ.get("DEEPAL_PROGRAM") or shutil.which("deepal", path=os.path.dirname(sys.executable))
STRATEGIES = [entry for entry in _deepal.strategies() if "net" not in entry["needs"]]
NAMES = [entry["name"] for entry in STRATEGIES]


def by_program(tmp_path, arrays, *options):
    command = [PROGRAM, "select", *options]
    for name, array in arrays.items():
        path = tmp_path / f"{name}.npy"
        np.save(path, array)
        command += ["--" + name.replace("_", "-"), str(path)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("name", NAMES)
def test_picks_are_those_of_the_program(name, arrays, keywords, tmp_path):
    picks = deepal.select(9, strategy=name, seed=3, **keywords)
    assert picks.to_csv() == by_program(tmp_path, arrays, "--strategy", name, "--budget", "9", "--seed", "3")
    assert len(set(picks)) == 9


@pytest.mark.parametrize("name", ["auto", "k-center", "typiclust"])
def test_first_picks_without_any_label(name, arrays, tmp_path):
    given = {"embeddings": arrays["embeddings"]}
    picks = deepal.select(5, strategy=name, **given)
    assert picks.to_csv() == by_program(tmp_path, given, "--strategy", name, "--budget", "5")


def test_settings_candidates_and_other_types_are_those_of_the_program(arrays, tmp_path):
    given = {"probs": arrays["probs"].astype(np.float32)}
    options = ["--strategy", "margin", "--candidates", "30", "--budget", "4"]
    assert deepal.select(4, strategy="margin", candidates=30, **given).to_csv() == by_program(tmp_path, given, *options)
    given = {"mc_probs": arrays["mc_probs"]}
    picks = deepal.select(4, strategy=deepal.Bald(passes=4), **given)
    assert picks.to_csv() == by_program(tmp_path, given, "--strategy", "bald(passes=4)", "--budget", "4")


def test_margin_is_what_a_sort_says(arrays):
    ordered = np.sort(arrays["probs"], axis=1)
    expected = np.argsort(ordered[:, -1] - ordered[:, -2], kind="stable")[:10]
    picks = deepal.select(10, strategy="margin", probs=arrays["probs"])
    np.testing.assert_array_equal(np.asarray(picks), expected)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_picks_do_not_depend_on_threads(threads, keywords):
    for name in ("auto", "badge", "k-means"):
        assert deepal.select(8, strategy=name, threads=threads, **keywords) == deepal.select(8, strategy=name, **keywords)


def test_two_threads_at_once_pick_as_one(keywords):
    alone = [deepal.select(8, strategy=name, **keywords).indices for name in NAMES[:12]]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda name: deepal.select(8, strategy=name, **keywords).indices, NAMES[:12]))
    for one, other in zip(alone, together):
        np.testing.assert_array_equal(one, other)


class TestSelection:
    def test_it_acts_as_an_array(self, arrays):
        picks = deepal.select(6, strategy="margin", probs=arrays["probs"], ids=[f"s{i}" for i in range(120)])
        assert len(picks) == 6 and picks[0] == picks.indices[0] and list(picks[:2]) == list(picks)[:2]
        assert arrays["embeddings"][picks].shape == (6, 6)
        assert picks.indices.dtype == np.int64 and picks.scores.dtype == np.float64
        assert picks.ids.tolist() == [f"s{i}" for i in picks]
        assert picks.to_csv().splitlines()[1].startswith(f"1,s{picks[0]},{picks[0]},")
        assert "<table>" in picks._repr_html_() and "margin" in repr(picks)

    def test_a_file_is_the_same_table(self, arrays, tmp_path):
        picks = deepal.select(3, strategy="random", embeddings=arrays["embeddings"])
        assert picks.to_csv(tmp_path / "picks.csv") is None
        assert (tmp_path / "picks.csv").read_text() == picks.to_csv() and picks.scores is None

    def test_ids_are_not_run_as_html(self, arrays):
        picks = deepal.select(2, strategy="random", probs=arrays["probs"], ids=["<script>"] * 120)
        assert "<script>" not in picks._repr_html_()

    def test_its_memory_is_its_own(self, arrays):
        probs = arrays["probs"].copy()
        picks = deepal.select(5, strategy="margin", probs=probs)
        before = picks.indices.copy()
        probs[:] = 0
        np.testing.assert_array_equal(picks.indices, before)


class TestCopies:
    def refuses_copies(self, **given):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return deepal.select(5, strategy="k-center", **given)

    @pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read from /proc")
    def test_contiguous_single_precision_is_read_where_it_is(self):
        code = """
import numpy as np, deepal
def peak():
    return next(1024 * int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
embeddings = np.random.default_rng(0).random((1_000_000, 64), dtype=np.float32)
deepal.select(5, strategy="k-center", embeddings=embeddings[:5000])
before = peak()
deepal.select(5, strategy="k-center", embeddings=embeddings, candidates=1000)
print((peak() - before) / embeddings.nbytes)
"""
        done = subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, capture_output=True, text=True)
        # The numbers of a million rows, from which a thousand are drawn, take 3 %.
        assert float(done.stdout) < 0.06

    @pytest.mark.parametrize(
        "change",
        [
            lambda e: e.astype(np.float64),
            lambda e: e.astype(">f4"),
            lambda e: np.asfortranarray(e),
            lambda e: np.repeat(e, 2, axis=0)[::2],
            lambda e: e.tolist(),
        ],
        ids=["double", "big-endian", "column-major", "strided", "lists"],
    )
    def test_others_are_copied_once_with_a_warning_and_picked_from_alike(self, change, arrays):
        embeddings = arrays["embeddings"]
        with pytest.warns(deepal.CopyWarning, match="`embeddings` is copied once: found") as heard:
            picks = deepal.select(5, strategy="k-center", embeddings=change(embeddings))
        assert len(heard) == 1 and heard[0].filename == __file__
        assert picks == self.refuses_copies(embeddings=embeddings)

    def test_half_precision_is_cast(self, arrays):
        half = arrays["embeddings"].astype(np.float16)
        with pytest.warns(deepal.CopyWarning, match="float16"):
            picks = deepal.select(5, strategy="k-center", embeddings=half)
        assert picks == deepal.select(5, strategy="k-center", embeddings=half.astype(np.float32))


E = np.arange(12, dtype=np.float32).reshape(4, 3)
P = np.full((4, 2), 0.5)
NAN = P.copy()
NAN[2, 1] = np.nan
BAD = [
    (dict(strategy="margin", probs=NAN), ValueError, r"`probs`.*NaN in row 2"),
    (dict(strategy="margin", probs=P + 0.1), ValueError, r"`probs`.*row 0 is not a distribution"),
    (dict(strategy="margin", probs=P[0]), ValueError, r"`probs` must be \[n, c\], found float64 \[2\]"),
    (dict(strategy="margin", probs=P[:3], embeddings=E), ValueError, r"one row for each candidate, got \[\d, \d\]"),
    (dict(strategy="margin", probs=np.array([["a", "b"]])), TypeError, r"`probs` must be numbers \[n, c\], found texts"),
    (dict(strategy="margin", probs=np.array([[None, 1]])), TypeError, r"`probs`.*found objects"),
    (dict(strategy="margin", probs=[[0.5, 0.5], [1.0]]), (ValueError, TypeError), r"`probs`"),
    (dict(strategy="margin", probs=P.astype(complex)), TypeError, r"`probs`.*complex"),
    (dict(strategy="margin", embeddings=E), ValueError, r"strategy `margin` looks at probabilities; give them with `probs`"),
    (dict(strategy="bald", probs=P), ValueError, r"give them with `mc_probs`"),
    (dict(strategy="margn", probs=P), ValueError, r"did you mean `margin`"),
    (dict(strategy="bald(passes=0)", mc_probs=P[None]), ValueError, r"whole number from 1"),
    (dict(strategy=3, probs=P), TypeError, r"`strategy` must be a name or a strategy, found 3"),
    (dict(strategy=deepal.Margin, probs=P), TypeError, r"give an object: `Margin\(\)`"),
    (dict(strategy="random"), ValueError, r"no array of candidates"),
    (dict(strategy="k-center", embeddings=E[:, :0]), ValueError, None),
    (dict(strategy="k-center", embeddings=E, labeled_embeddings=E[:, :2].copy()), ValueError, r"`labeled_embeddings`.*\[m, 3\]"),
    (dict(embeddings=E, probs=P, labeled_embeddings=E[:2], labels=["a", "b"]), TypeError, r"`labels` must be classes by number"),
    (dict(embeddings=E, probs=P, labeled_embeddings=E[:2], labels=[0, 5]), ValueError, r"`labels`: class 5 is not one of the 2"),
    (dict(embeddings=E, probs=P, labeled_embeddings=E[:2], labels=[0, -1]), ValueError, r"`labels` must be from 0.*-1 in row 1"),
    (dict(embeddings=E, probs=P, labeled_embeddings=E[:2], labels=[0]), ValueError, r"labels"),
    (dict(strategy="random", probs=P, ids=["a"]), ValueError, r"`ids` must be \[4\]"),
    (dict(strategy="random", probs=P, seed=-1), ValueError, r"`seed` must be at least 0, found -1"),
    (dict(strategy="random", probs=P, seed="x"), TypeError, r"`seed` must be a whole number"),
    (dict(strategy="random", probs=P, threads=0), ValueError, r"`threads` must be at least 1"),
    (dict(strategy="random", probs=P, candidates=1.5), TypeError, r"`candidates` must be a whole number"),
    (dict(strategy="k-center", embeddings=E, memory=1), ValueError, r"`memory` allows"),
    (dict(strategy="bait", probs=P, embeddings=E, head=E), TypeError, r"`head` must be a pair"),
    (dict(strategy="bim", embeddings=E), ValueError, r"needs a net to attack"),
]


@pytest.mark.filterwarnings("ignore::deepal.CopyWarning")
@pytest.mark.parametrize(("given", "kind", "match"), BAD, ids=range(len(BAD)))
def test_bad_input_is_named(given, kind, match):
    if match is None:
        # Without a single feature all candidates are alike: any two are right.
        assert len(deepal.select(2, **given)) == 2
        return
    with pytest.raises(kind, match=match):
        deepal.select(2, **given)


def test_a_large_double_that_single_precision_cannot_hold_is_refused():
    with pytest.warns(deepal.CopyWarning), pytest.raises(ValueError, match="float32 cannot hold"):
        deepal.select(1, strategy="k-center", embeddings=np.array([[1e300], [0.0]]))


def test_a_budget_is_a_whole_number():
    with pytest.raises(ValueError, match="`budget` must be at least 0, found -1"):
        deepal.select(-1, strategy="random", probs=P)
    with pytest.raises(TypeError, match="`budget` must be a whole number, found 1.5"):
        deepal.select(1.5, strategy="random", probs=P)
    assert len(deepal.select(0, strategy="random", probs=P)) == 0


def test_no_candidate_gives_no_pick():
    assert len(deepal.select(2, strategy="margin", probs=np.zeros((0, 3)))) == 0


def test_a_budget_above_the_candidates_picks_all():
    assert sorted(deepal.select(99, strategy="random", probs=P)) == [0, 1, 2, 3]


class Tensor:
    """As far as arguments are looked at, a tensor on a graphics card, or one with gradients."""

    def __init__(self, device, requires_grad=False):
        self.device, self.requires_grad = device, requires_grad

    def cpu(self):
        return E

    detach = cpu


class Exchanged:
    """An array that is only handed over by DLPack."""

    def __init__(self, array, device=None):
        self.array, self.device_type = array, device

    def __dlpack__(self, **more):
        return self.array.__dlpack__(**more)

    def __dlpack_device__(self):
        return self.device_type or self.array.__dlpack_device__()


def test_tensors_by_dlpack():
    picks = deepal.select(2, strategy="k-center", embeddings=Exchanged(E))
    assert picks == deepal.select(2, strategy="k-center", embeddings=E)
    with pytest.raises(TypeError, match="`embeddings` is not in the memory of the processor"):
        deepal.select(2, strategy="k-center", embeddings=Exchanged(E, (2, 0)))


def test_frames_are_arrays():
    pandas = pytest.importorskip("pandas")
    with pytest.warns(deepal.CopyWarning):
        picks = deepal.select(2, strategy="k-center", embeddings=pandas.DataFrame(E.astype(float)))
    assert picks == deepal.select(2, strategy="k-center", embeddings=E)


def test_tensors_elsewhere_are_refused_with_the_remedy():
    cuda = type("device", (), {"type": "cuda", "__str__": lambda self: "cuda:0"})()
    with pytest.raises(TypeError, match=r"`embeddings` is on the device cuda:0; move it with `.detach\(\).cpu\(\)`"):
        deepal.select(1, embeddings=Tensor(cuda))
    with pytest.raises(TypeError, match="requires gradients"):
        deepal.select(1, embeddings=Tensor(None, True))


SLOW = "deepal.select(20_000, strategy='k-center', embeddings=np.random.default_rng(0).random((60_000, 64), dtype=np.float32))"


def test_the_gil_is_released():
    code = """
import threading, time, numpy as np, deepal
counted, over = 0, False
def count():
    global counted
    while not over:
        counted += 1
        time.sleep(0.005)
thread = threading.Thread(target=count); thread.start()
start = time.monotonic()
deepal.select(400, strategy='k-center', embeddings=np.random.default_rng(0).random((60_000, 64), dtype=np.float32))
seconds = time.monotonic() - start
over = True; thread.join()
print(counted / (seconds / 0.005))
"""
    share = float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)
    assert share > 0.2, f"another thread had {share} of its turns"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to a child")
def test_ctrl_c_stops_within_a_second():
    code = f"import numpy as np, deepal\nprint('ready', flush=True)\n{SLOW}"
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "ready\n"
    time.sleep(1.0)
    start = time.monotonic()
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=30)
    assert time.monotonic() - start < 1.5 and "KeyboardInterrupt" in errors and child.returncode != 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_process_may_fork(arrays):
    expected = deepal.select(5, strategy="k-center", embeddings=arrays["embeddings"]).indices.tolist()
    child = os.fork()
    if child == 0:
        same = deepal.select(5, strategy="k-center", embeddings=arrays["embeddings"]).indices.tolist() == expected
        os._exit(0 if same else 1)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            assert status == 0
            return
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    pytest.fail("the forked process hangs")


def test_it_works_on_another_thread_than_the_main_one(arrays):
    found = []
    thread = threading.Thread(target=lambda: found.append(deepal.select(3, strategy="margin", probs=arrays["probs"])))
    thread.start()
    thread.join()
    assert len(found[0]) == 3
