"""Reads what deepal wrote for the rounds of this folder, by PyArrow and by TensorBoard's own reader, and compares.

    pip install pyarrow tensorboard
    DEEPAL_WRITE_FORMATS=/tmp/formats cargo test -p deepal-data --test exports
    python check.py /tmp/formats

It was run with pyarrow 26.0.1 and tensorboard 2.21.0.
"""

import json
import struct
import sys
from pathlib import Path

import pyarrow.parquet
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

HERE = Path(__file__).parent
RUN = ["dataset", "net", "strategy", "seed", "round"]
SCALARS = {
    "accuracy": "accuracy",
    "seconds/train": "train_seconds",
    "seconds/query": "query_seconds",
    "seconds/predict": "predict_seconds",
}
DIGITS = [str(digit) for digit in range(10)]


def same(path, expected):
    """Whether the table at `path` has exactly these rows, `None` for null."""
    file = pyarrow.parquet.ParquetFile(path)
    table = file.read()
    table.validate(full=True)
    print(f"{path.name}: {file.metadata.created_by}, {table.num_rows} rows")
    print("   ", ", ".join(f"{field.name}: {field.type}{'?' * field.nullable}" for field in table.schema))
    assert table.to_pylist() == expected, table.to_pylist()


def pick(entry, at, sample_id):
    score = entry["scores"][at] if entry.get("scores") else None
    label = entry["classes"][at] if entry.get("classes") else None
    name = DIGITS[label] if entry["dataset"] == "digits" and label is not None and label < 10 else None
    row = {"rank": at + 1, "sample_id": sample_id, "id": None, "score": score, "label": label, "label_name": name}
    return {key: entry[key] for key in RUN} | row


def classes(entry):
    counts = entry.get("test")
    if counts is None:
        return dict.fromkeys(["balanced_accuracy", "macro_f1", "support", "recall", "precision"])
    actual, predicted, right = counts["actual"], counts["predicted"], counts["right"]
    recall = [r / a if a else None for r, a in zip(right, actual)]
    f1 = [2 * r / (a + p) for r, a, p in zip(right, actual, predicted) if a]
    found = [share for share in recall if share is not None]
    return {
        "balanced_accuracy": sum(found) / len(found),
        "macro_f1": sum(f1) / len(f1),
        "support": actual,
        "recall": recall,
        "precision": [r / p if p else None for r, p in zip(right, predicted)],
    }


def f32(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def main(folder):
    lines = (HERE / "rounds.jsonl").read_text(encoding="utf-8").splitlines()
    rounds = [{"predict_seconds": 0.0} | json.loads(line) for line in lines]
    columns = [*RUN, "labels", *SCALARS.values()]
    same(folder / "metrics.parquet", [{key: entry[key] for key in columns} | classes(entry) for entry in rounds])
    picks = [pick(entry, *at) for entry in rounds for at in enumerate(entry["picks"])]
    same(folder / "selections.parquet", picks)

    files = sorted((folder / "tensorboard").rglob("*tfevents*"))
    for file in files:
        events = list(EventFileLoader(str(file)).Load())
        run = EventAccumulator(str(file.parent)).Reload()
        print(f"{file.relative_to(folder)}: {events[0].file_version}, {len(events)} events, {run.Tags()['scalars']}")
        is_new = file.parent.name == f"seed-{2**64 - 1}"
        mine = [entry for entry in rounds if (entry["dataset"] == "digits") == is_new]
        assert {event.wall_time for event in events} == {1700000000.75}
        for tag, key in SCALARS.items():
            found = [(event.step, event.value) for event in run.Scalars(tag)]
            print("   ", tag, found)
            assert found == [(entry["labels"], f32(entry[key])) for entry in mine]
    assert len(files) == 2
    print("all as written")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
