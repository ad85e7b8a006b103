"""Makes the rounds of this folder and the event files that `deepal_data::tensorboard` must make of them.

The event files are encoded by TensorBoard's own messages and its own writer of records. It was run with tensorboard
2.21.0 and protobuf 7.36.2; running it again gives the same files.

    pip install tensorboard
    python make.py

rounds.jsonl    one `Round` a line, as in `events.jsonl`; odd names, an old run without classes, scores and counts of classes
tensorboard/    a folder a run, named by `urllib.parse.quote`
"""

import json
import shutil
from pathlib import Path
from urllib.parse import quote

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

HERE = Path(__file__).parent
WALL_TIME = 1700000000.75

NEW = {"dataset": "digits", "net": "mlp", "strategy": "margin", "seed": 2**64 - 1}
OLD = {"dataset": 'a/b, "c" ünï\n', "net": "../100%", "strategy": "", "seed": 0}
ROUNDS = [
    NEW | {"round": 0, "labels": 3, "picks": [4, 0, 2**32 - 1], "classes": [1, 0, 65535], "scores": None,
           "accuracy": 0.1, "train_seconds": 1.23456, "query_seconds": 0.0, "predict_seconds": 0.25},
    OLD | {"round": 0, "labels": 2, "picks": [7, 5], "accuracy": 0.0, "train_seconds": 1e-5, "query_seconds": 2e9},
    NEW | {"round": 1, "labels": 300, "picks": [9, 8, 1], "classes": [9, 8, 7], "scores": [0.1 + 0.2, 0.3, -1e-300],
           "accuracy": 14 / 15, "train_seconds": 2.5, "query_seconds": 0.125, "predict_seconds": 0.5,
           "test": {"actual": [5, 10, 0], "predicted": [4, 11, 0], "right": [4, 10, 0]}},
    OLD | {"round": 1, "labels": 2, "picks": [], "accuracy": 1.0, "train_seconds": 0.0, "query_seconds": 0.0},
]


def part(name):
    """A name as a part of a path."""
    name = quote(name, safe="")
    return "%2E" + name[1:] if name.startswith(".") else name or "%"


def event(entry):
    tags = {
        "accuracy": entry["accuracy"],
        "seconds/train": entry["train_seconds"],
        "seconds/query": entry["query_seconds"],
        "seconds/predict": entry.get("predict_seconds", 0.0),
    }
    values = [Summary.Value(tag=tag, simple_value=value) for tag, value in tags.items()]
    return Event(wall_time=WALL_TIME, step=entry["labels"], summary=Summary(value=values))


def main():
    lines = [json.dumps(entry, ensure_ascii=False) + "\n" for entry in ROUNDS]
    (HERE / "rounds.jsonl").write_text("".join(lines), encoding="utf-8")
    shutil.rmtree(HERE / "tensorboard", ignore_errors=True)
    for run in [NEW, OLD]:
        names = [part(run[key]) for key in ["dataset", "net", "strategy"]]
        folder = HERE.joinpath("tensorboard", *names, f"seed-{run['seed']}")
        folder.mkdir(parents=True)
        with (folder / f"events.out.tfevents.{int(WALL_TIME):010}.deepal").open("wb") as file:
            writer = RecordWriter(file)
            writer.write(Event(wall_time=WALL_TIME, file_version="brain.Event:2").SerializeToString())
            for entry in ROUNDS:
                if run.items() <= entry.items():
                    writer.write(event(entry).SerializeToString())


if __name__ == "__main__":
    main()
