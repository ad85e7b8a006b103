"""Reads what `deepal export` writes with other programs' readers: python read_exports.py DEEPAL PICTURES.

DEEPAL is the program and PICTURES a folder with a sub-folder for each class. It is copied with a few pictures that are
hard to carry: odd names, one that its EXIF turns, a grey one, and the same as a zip. Needs Pillow and of `datasets`,
`pycocotools`, `torchvision` and `label_studio_sdk` those that are to read; the others are named and left out.
"""

import csv
import hashlib
import importlib
import io
import json
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
from collections import Counter
from pathlib import Path

from PIL import Image, ImageOps

ODD = 'dog & "co" <é>'


def sources(pictures, work):
    """The folder `pets` and the archive `packed.zip` of it."""
    pets = work / "pets"
    for folder in sorted(pictures.iterdir()):
        files = [file for file in sorted(folder.iterdir()) if file.is_file()][:60]
        (pets / folder.name).mkdir(parents=True)
        for file in files:
            shutil.copy(file, pets / folder.name)
    for number in range(30):
        picture = Image.effect_noise((23, 31), 40 + number)
        (pets / ODD).mkdir(exist_ok=True)
        if number % 3 == 0:  # Shown 31 wide and 23 high.
            exif = Image.Exif()
            exif[0x0112] = 6
            picture.convert("RGB").save(pets / ODD / f"test {number}%.jpg", exif=exif)
        else:
            picture.save(pets / ODD / f"{number} + #train?.png".replace("?", "ß"))
    shutil.make_archive(str(work / "packed"), "zip", pets)
    return {"pets": pets, "packed.zip": work / "packed.zip"}


def pixels(picture):
    picture = ImageOps.exif_transpose(picture).convert("RGB")
    return hashlib.sha256(repr(picture.size).encode() + picture.tobytes()).hexdigest()


def imagefolder(out, expected):
    torchvision = importlib.import_module("torchvision")
    data = torchvision.datasets.ImageFolder(out)
    found = Counter((data.classes[label], pixels(picture)) for picture, label in data)
    # File systems do not take all that a class may be called.
    safe = {label: "".join("_" if letter in '\\:*?"<>|' else letter for letter in label) for label, _ in expected}
    assert found == Counter({(safe[label], picture): n for (label, picture), n in expected.items()})
    return f"torchvision {torchvision.__version__}: {len(data)} pictures of {len(data.classes)} classes"


def huggingface(out, expected):
    datasets = importlib.import_module("datasets")
    told = []
    for how in [(str(out),), ("imagefolder", str(out))]:
        data = datasets.load_dataset(how[0], data_dir=how[1] if len(how) > 1 else None, cache_dir=str(out.parent / "cache"))
        assert list(data) == ["train"], list(data)
        data = data["train"]
        found = Counter((row["label"], pixels(row["image"])) for row in data)
        assert found == expected
        told.append(f"{len(data)} rows with {', '.join(data.column_names)}")
    assert told[0] == told[1]
    return f"datasets {datasets.__version__}: {told[0]}"


def coco(out, expected):
    pycocotools = importlib.import_module("pycocotools.coco")
    data = pycocotools.COCO(str(out / "annotations.json"))
    found = Counter()
    for image in data.loadImgs(data.getImgIds()):
        picture = ImageOps.exif_transpose(Image.open(out / "images" / image["file_name"]))
        assert picture.size == (image["width"], image["height"])
        [annotation] = data.loadAnns(data.getAnnIds(imgIds=[image["id"]]))
        assert annotation["bbox"] == [0, 0, *picture.size]
        assert data.annToMask(annotation).sum() == annotation["area"], "its box covers the picture"
        [category] = data.loadCats([annotation["category_id"]])
        found[category["name"], pixels(picture)] += 1
    assert found == expected
    again = data.loadRes([{"image_id": i, "category_id": 1, "bbox": [0, 0, 2, 2], "score": 0.5} for i in data.getImgIds()])
    version = importlib.import_module("importlib.metadata").version("pycocotools")
    return f"pycocotools {version}: {len(data.imgs)} images, {len(data.cats)} categories, {len(again.anns)} results matched"


def label_studio(out, expected, root):
    interface = importlib.import_module("label_studio_sdk.label_interface").LabelInterface
    config = interface(out.with_suffix(".xml").read_text(encoding="utf-8"))
    config.validate()
    tasks = json.loads(out.read_text(encoding="utf-8"))
    found = Counter()
    for task in tasks:
        # With annotations it calls a function of its own without its argument, so they are checked below.
        assert config.validate_task({"data": task["data"]}), task
        [annotation] = task["annotations"]
        assert config.validate_annotation(annotation), annotation
        [label] = annotation["result"][0]["value"]["choices"]
        if "image" in task["data"]:
            url = urllib.parse.urlparse(task["data"]["image"])
            [path] = urllib.parse.parse_qs(url.query)["d"]
            found[label, pixels(Image.open(root / path))] += 1
        else:
            found[label, task["data"]["id"]] += 1
    assert found == expected
    version = importlib.import_module("importlib.metadata").version("label_studio_sdk")
    return f"label_studio_sdk {version}: {len(tasks)} tasks, classes {sorted(label for labels in config.labels for label in labels)}"


def main(deepal, pictures):
    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        pets = sources(pictures, work)["pets"]

        def call(*arguments):
            done = subprocess.run([deepal, *map(str, arguments)], cwd=work, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            return done.stdout

        for name in ["pets", "packed.zip"]:
            run = f"run-{name}"
            call("run", "--dataset", name, "--net", "softmax-regression", "--strategy", "margin", "--seeds", 1,
                 "--initial", 20, "--query", 10, "--rounds", 2, "--progress", "none", "--out", run)
            labels = list(csv.DictReader(io.StringIO(call("export", run))))
            turned = sum(row["id"].startswith(f"{ODD}/test") for row in labels)
            print(f"{name}: {len(labels)} labels, {sum(row['class'] == ODD for row in labels)} of `{ODD}`, {turned} turned by EXIF")
            for reader in [imagefolder, huggingface, coco, label_studio]:
                kind = reader.__name__.replace("_", "-")
                out = work / f"{name}-{kind}{'.json' if kind == 'label-studio' else ''}"
                call("export", run, "--format", kind, "--out", out)
                try:
                    if kind == "label-studio":
                        shown = {row["id"]: pixels(Image.open(pets / row["id"])) if name == "pets" else row["id"] for row in labels}
                        told = reader(out, Counter((row["class"], shown[row["id"]]) for row in labels), work)
                    else:
                        told = reader(out, Counter((row["class"], pixels(Image.open(pets / row["id"]))) for row in labels))
                except ModuleNotFoundError as missing:
                    told = f"left out: {missing}"
                print(f"{name} as {kind}: {told}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
