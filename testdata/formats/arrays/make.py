"""Makes the arrays of this folder, and what `deepal_data::own` must understand of them.

It was run with numpy 2.4.6 and safetensors 0.8.0; running it again gives the same files.

    pip install numpy safetensors
    python make.py

cases.json    for each source its samples: ids, labels, parts, the shape of one, and inputs computed by NumPy
NAME.toml     a manifest, where the source needs one
"""

import gzip
import json
import struct
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy

HERE = Path(__file__).parent
CASES = []

# Each is a whole number of eighths, so that float16 and bfloat16 have it too.
FEATURES = np.array([[0.5, -1.25, 3.0], [2.0, 0.0, -0.125], [1.0, 7.0, 15.5], [-2.5, 0.25, 1.75]])
LABELS = np.array([3, -1, 10, 3])
NAMES = ["3", None, "10", "3"]
GREY = (np.arange(4 * 2 * 3) * 37 % 256).astype(np.uint8).reshape(4, 2, 3)
COLOUR = (np.arange(4 * 2 * 5 * 3) * 29 % 256).astype(np.uint8).reshape(4, 2, 5, 3)
ROWS = ["0", "1", "2", "3"]


def case(name, inputs, shape, ids=ROWS, labels=None, split=None, manifest=None):
    source = name
    if manifest is not None:
        source = name.replace(".", "_") + f"_{len(CASES)}.toml"
        (HERE / source).write_text(f'source = "{name}"\n{manifest}\n')
    CASES.append({
        "source": source, "ids": ids, "labels": labels or [None] * len(ids), "split": split, "shape": shape,
        "inputs": np.asarray(inputs, np.float64).reshape(len(ids), -1).tolist(),
    })


def features(name, values=FEATURES, **rest):
    case(name, values, [values.shape[1], 1, 1], **rest)


def pictures(name, planes, **rest):
    """Bytes `[n, c, h, w]` as inputs from -2 to 2."""
    case(name, (planes.astype(np.float64) - 127.5) / 63.75, list(planes.shape[1:]), **rest)


def save(name, values):
    np.save(HERE / name, values)


def npy():
    types = {"f2": "<f2", "f4": "<f4", "f8": "<f8", "f4_big": ">f4", "f8_big": ">f8"}
    for name, dtype in types.items():
        save(f"{name}.npy", FEATURES.astype(dtype))
        features(f"{name}.npy")
    save("fortran.npy", np.asfortranarray(FEATURES.astype("<f4")))
    features("fortran.npy")
    whole = np.array([[0, 1, 2], [3, 100, 5], [6, 7, 120], [9, 10, 11]])
    for dtype in ["|b1", "|u1", "|i1", "<u2", ">i2", "<u4", "<i4", "<u8", ">i8"]:
        name = f"whole_{np.dtype(dtype).name}.npy"
        values = whole.astype(dtype) if "u" in dtype or "b" in dtype else (-whole).astype(dtype)
        save(name, values)
        features(name, values.astype(np.float64))
    raw = (HERE / "f4.npy").read_bytes()
    (HERE / "packed.npy.gz").write_bytes(gzip.compress(raw, mtime=0))
    features("packed.npy.gz")


def pictures_npy():
    save("grey.npy", GREY)
    pictures("grey.npy", GREY[:, None])
    save("last.npy", COLOUR)
    pictures("last.npy", COLOUR.transpose(0, 3, 1, 2))
    save("first.npy", np.ascontiguousarray(COLOUR.transpose(0, 3, 1, 2)))
    pictures("first.npy", COLOUR.transpose(0, 3, 1, 2))
    save("first_fortran.npy", np.asfortranarray(COLOUR.transpose(0, 3, 1, 2)))
    pictures("first_fortran.npy", COLOUR.transpose(0, 3, 1, 2))
    save("unit.npy", (GREY / 255).astype("<f4"))
    pictures("unit.npy", GREY[:, None])
    save("float.npy", GREY.astype("<f8"))
    pictures("float.npy", GREY[:, None])
    opacity = np.array([0, 255, 128, 51, 1], np.uint8)
    rgba = np.concatenate([COLOUR, np.broadcast_to(opacity[:, None], (4, 2, 5, 1))], axis=3)
    save("rgba.npy", rgba)
    share = opacity[:, None] / 255
    over = np.floor(COLOUR * share + 255 * (1 - share) + 0.5)
    pictures("rgba.npy", over.transpose(0, 3, 1, 2))


def lists():
    ids = ["b", "a/1.png", "ünï", "d"]
    save("y.npy", LABELS)
    save("y_column.npy", LABELS.astype(">i2")[:, None])
    save("y_float.npy", np.array([3.0, np.nan, 10.0, 3.0]))
    save("names.npy", np.array(["cat", "", "döner", "cat"]))
    save("names_big.npy", np.array(["cat", "", "döner", "cat"]).astype(">U7"))
    save("names_bytes.npy", np.array([name.encode() for name in ["cat", "", "döner", "cat"]], dtype="S9"))
    save("ids.npy", np.array(ids))
    (HERE / "ids.txt").write_text("\n".join(ids) + "\n")
    (HERE / "y.txt").write_text("3\n\n10\n3\n")
    (HERE / "y-idx1-ubyte").write_bytes(struct.pack(">BBBBI", 0, 0, 8, 1, 4) + bytes([3, 1, 10, 3]))
    names = ["cat", None, "döner", "cat"]
    for label, labels in [("y.npy", NAMES), ("y_column.npy", NAMES), ("y_float.npy", NAMES), ("y.txt", NAMES),
                          ("names.npy", names), ("names_big.npy", names), ("names_bytes.npy", names),
                          ("y-idx1-ubyte", ["3", "1", "10", "3"])]:
        features("f4.npy", labels=labels, manifest=f'label = "{label}"')
    features("f4.npy", ids=ids, manifest='id = "ids.npy"')
    features("f4.npy", ids=ids, manifest='id = "ids.txt"')


def npz():
    x, ids = FEATURES.astype("<f4"), ["b", "a/1.png", "ünï", "d"]
    np.savez(HERE / "plain.npz", other=np.zeros(2), y=LABELS, X=x, ids=np.array(ids))
    features("plain.npz", ids=ids, labels=NAMES)
    features("plain.npz", ids=ids, labels=NAMES, manifest='label = "y.txt"')
    np.savez_compressed(HERE / "packed.npz", data=np.asfortranarray(FEATURES), targets=LABELS.astype("i1"))
    features("packed.npz", labels=NAMES)
    np.savez_compressed(HERE / "only.npz", GREY)
    pictures("only.npz", GREY[:, None])
    np.savez(HERE / "keys.npz", z=x, classes=np.array(["p", "q", "", "p"]), key=np.arange(4) + 10**18,
             odd=np.array([{}], dtype=object))
    manifest = 'features = ["z"]\nlabel = "classes"\nid = "key"'
    features("keys.npz", ids=[str(10**18 + i) for i in range(4)], labels=["p", "q", None, "p"], manifest=manifest)
    np.savez(HERE / "parts.npz", x_test=COLOUR[3:], y_test=LABELS[3:], x_train=COLOUR[:3], y_train=LABELS[:3, None])
    rest = {"labels": NAMES, "split": ["train"] * 3 + ["test"]}
    pictures("parts.npz", COLOUR.transpose(0, 3, 1, 2), ids=["train-0", "train-1", "train-2", "test-0"], **rest)
    pictures("parts.npz", COLOUR.transpose(0, 3, 1, 2), ids=["b", "a/1.png", "ünï", "d"],
             manifest='id = "ids.txt"\nlabel = "y.npy"', **rest)


def tensors():
    for name, dtype in [("float16", "<f2"), ("float32", "<f4"), ("float64", "<f8")]:
        arrays = {"embeddings": FEATURES.astype(dtype), "labels": LABELS.astype("<i8")}
        safetensors.numpy.save_file(arrays, HERE / f"{name}.safetensors")
        features(f"{name}.safetensors", labels=NAMES)
    # NumPy has no bfloat16: the upper half of a float32.
    upper = np.ascontiguousarray(FEATURES.astype("<f4").view("<u4") >> 16).astype("<u2")
    ids = np.arange(5, 9).astype("<i4")
    arrays = {
        key: safetensors.TensorSpec(dtype=dtype, shape=a.shape, data_ptr=a.ctypes.data, data_len=a.nbytes)
        for key, dtype, a in [("x", "bfloat16", upper), ("ids", "int32", ids)]
    }
    (HERE / "bfloat16.safetensors").write_bytes(safetensors.serialize(arrays))
    features("bfloat16.safetensors", ids=["5", "6", "7", "8"])
    safetensors.numpy.save_file({"images": COLOUR, "y": LABELS}, HERE / "images.safetensors")
    pictures("images.safetensors", COLOUR.transpose(0, 3, 1, 2), labels=NAMES)


def idx():
    def encode(values, code):
        return struct.pack(f">BBBB{values.ndim}I", 0, 0, code, values.ndim, *values.shape) + values.tobytes()

    def write(name, data, packed):
        (HERE / name).write_bytes(gzip.compress(data, mtime=0) if packed else data)

    write("train-images-idx3-ubyte", encode(GREY[:3], 8), False)
    write("train-labels-idx1-ubyte.gz", encode(np.uint8([7, 0, 9]), 8), True)
    write("t10k-images-idx3-ubyte.gz", encode(GREY[3:], 8), True)
    write("t10k-labels-idx1-ubyte", encode(np.uint8([7]), 8), False)
    pictures("train-images-idx3-ubyte", GREY[:, None], ids=["train-0", "train-1", "train-2", "test-0"],
             labels=["7", "0", "9", "7"], split=["train"] * 3 + ["test"])
    pictures("t10k-images-idx3-ubyte.gz", GREY[3:, None], ids=["0"], labels=["7"])
    pictures("train-images-idx3-ubyte", GREY[:3, None], ids=["0", "1", "2"], labels=["7", "0", "9"],
             manifest='label = "train-labels-idx1-ubyte.gz"')
    write("colour.idx4", encode(COLOUR, 8), False)
    pictures("colour.idx4", COLOUR.transpose(0, 3, 1, 2))
    write("float.idx2", encode(FEATURES.astype(">f4"), 0x0D), False)
    features("float.idx2")
    write("short.idx2", encode((FEATURES * 8).astype(">i2"), 0x0B), False)
    features("short.idx2", FEATURES * 8)


def main():
    for old in HERE.iterdir():
        if old.name != "make.py":
            old.unlink()
    for make in [npy, pictures_npy, lists, npz, tensors, idx]:
        make()
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in CASES)
    (HERE / "cases.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
