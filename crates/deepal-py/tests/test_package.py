"""The package as a whole: the program in it, its import, examples in its documentation."""

from __future__ import annotations

import doctest
import importlib
import os
import shutil
import statistics
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest

import deepal

PROGRAM = shutil.which("deepal", path=os.path.dirname(sys.executable))
MODULES = ["_arrays", "_compare", "_learner", "_list", "_net", "_query", "_select", "_selection", "_source", "_strategy", "_tables", "_work", "strategies"]


def run(*arguments, **more):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, **more)


def test_the_program_is_in_the_wheel(tmp_path):
    assert run("--version").stdout == "deepal 0.1.0\n"
    command = "run --dataset digits --strategy margin,random --seeds 1,2,3 --initial 20 --query 20 --rounds 2 --out run".split()
    done = run(*command, cwd=tmp_path)
    assert done.returncode == 0 and "margin" in done.stdout, done.stderr
    assert (tmp_path / "run" / "report.html").exists()
    module = subprocess.run([sys.executable, "-m", "deepal", "list", "nets"], capture_output=True, text=True)
    assert "softmax-regression" in module.stdout


@pytest.mark.parametrize(
    ("arguments", "code"), [("run --colour", 2), ("select nothing.csv --budget 1", 3), ("--help", 0), ("", 0), ("list nets", 0)]
)
def test_exit_codes_are_the_programs(arguments, code, tmp_path):
    assert run(*arguments.split(), cwd=tmp_path).returncode == code


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to a child")
@pytest.mark.parametrize("command", ["run --dataset digits --strategy badge --rounds 60 --query 20", "run --dataset digits --net mlp"])
def test_ctrl_c_ends_the_program(command, tmp_path):
    import signal

    child = subprocess.Popen([PROGRAM, *command.split()], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    time.sleep(2)
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=60)
    assert child.returncode == 130, errors


def test_the_import_is_quick_and_loads_nothing():
    code = "import sys, time; t = time.process_time(); import deepal; print(time.process_time() - t, 'numpy' in sys.modules)"
    seconds = []
    for _ in range(5):
        found, numpy = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
        assert numpy == "False"
        seconds.append(float(found))
    assert statistics.median(seconds) < 0.1


def test_names_are_what_is_documented():
    names = dir(deepal)
    assert {"ActiveLearner", "select", "compare", "open", "Margin", "Custom", "Selection", "Comparison"} <= set(names)
    assert all(getattr(deepal, name) is not None for name in names if name != "skactiveml")
    with pytest.raises(AttributeError, match="colour"):
        deepal.colour
    assert (Path(deepal.__file__).parent / "py.typed").exists()


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_the_documentation(name):
    module = importlib.import_module(f"deepal.{name}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", deepal.CopyWarning)
        found = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert found.failed == 0


def test_examples_of_pytorch():
    pytest.importorskip("torch", reason="PyTorch is not installed; its examples run where it is")
    test_examples_in_the_documentation("torch")


@pytest.mark.parametrize("name", ["ActiveLearner", "select", "compare", "open", "list_strategies", "list_nets"])
def test_public_functions_have_examples(name):
    assert ">>>" in getattr(deepal, name).__doc__

