"""Makes small ONNX models for the tests of deepal-onnx, and the features that ONNX Runtime gives for them.

    pip install numpy onnx onnxruntime
    python make.py

Every model is called NAME.onnx; those that can be computed come with NAME.in.csv and NAME.out.csv, one sample a row. Inputs are
`[n, c * h * w]` in the order channels, height, width, whatever the model's own is.
"""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).parent
random = np.random.default_rng(1)


def weights(name, *shape):
    return numpy_helper.from_array((random.standard_normal(shape) * 0.5).astype(np.float32), name)


def save(name, nodes, inputs, outputs, initializers, kind=TensorProto.FLOAT, sample=None, last=False, out=TensorProto.FLOAT):
    """`sample`: the shape [c, h, w] or [d] of the samples to compute; `last`: the model wants channels last."""
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info(key, kind, shape) for key, shape in inputs.items()],
        [helper.make_tensor_value_info(key, out, shape) for key, shape in outputs.items()],
        initializers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path = HERE / f"{name}.onnx"
    onnx.save(model, path)
    if sample is None:
        return
    n = 5
    x = random.standard_normal((n, *sample)).astype(np.float32)
    if kind == TensorProto.UINT8:
        x = random.integers(0, 256, (n, *sample)).astype(np.float32)
    given = (x.transpose(0, 2, 3, 1) if last else x).astype(helper.tensor_dtype_to_np_dtype(kind))
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    key, fixed = next(iter(inputs)), next(iter(inputs.values()))[0]
    step = fixed if isinstance(fixed, int) else n
    rows = []
    for start in range(0, n, step):
        part = given[start : start + step]
        whole = np.concatenate([part, np.zeros((step - len(part), *part.shape[1:]), part.dtype)])
        rows.append(session.run(None, {key: whole})[0][: len(part)])
    np.savetxt(HERE / f"{name}.in.csv", x.reshape(n, -1), "%.9g", ",")
    np.savetxt(HERE / f"{name}.out.csv", np.concatenate(rows).reshape(n, -1), "%.9g", ",")


def convolution(first, pooled):
    """A convolution with ReLU and the mean of each channel, as [n, 4, 1, 1]."""
    return [
        helper.make_node("Conv", [first, "w", "b"], ["conv"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["conv"], ["relu"]),
        helper.make_node("GlobalAveragePool", ["relu"], [pooled]),
    ]


flat = helper.make_node("Flatten", ["pooled"], ["features"])
transpose = helper.make_node("Transpose", ["image"], ["planes"], perm=[0, 3, 1, 2])
conv = [weights("w", 4, 3, 3, 3), weights("b", 4)]
dense = [weights("w", 6, 3), weights("b", 3)]
gemm = helper.make_node("Gemm", ["vector", "w", "b"], ["features"])

save("pictures", [*convolution("image", "pooled"), flat], {"image": ["n", 3, 5, 4]}, {"features": ["n", 4]}, conv,
     sample=[3, 5, 4])
save("pooled", convolution("image", "pooled"), {"image": ["n", 3, 5, 4]}, {"pooled": ["n", 4, 1, 1]}, conv,
     sample=[3, 5, 4])
save("channels-last", [transpose, *convolution("planes", "pooled"), flat], {"image": ["n", 5, 4, 3]},
     {"features": ["n", 4]}, conv, sample=[3, 5, 4], last=True)
save("batch-of-two", [*convolution("image", "pooled"), flat], {"image": [2, 3, 5, 4]}, {"features": [2, 4]}, conv,
     sample=[3, 5, 4])
save("any-size", [*convolution("image", "pooled"), flat], {"image": ["n", 3, "h", "w"]}, {"features": ["n", 4]}, conv,
     sample=[3, 6, 7])
save("vectors", [gemm], {"vector": ["n", 6]}, {"features": ["n", 3]}, dense, sample=[6])
save("two-outputs", [gemm, helper.make_node("Relu", ["features"], ["relu"])], {"vector": ["n", 6]},
     {"features": ["n", 3], "relu": ["n", 3]}, dense, sample=[6])

# What cannot be used, and why.
save("map", convolution("image", "pooled")[:2], {"image": ["n", 3, 5, 4]}, {"relu": ["n", 4, 5, 4]}, conv)
save("two-inputs", [helper.make_node("Add", ["a", "b"], ["sum"])], {"a": ["n", 3], "b": ["n", 3]}, {"sum": ["n", 3]}, [])
save("whole-numbers", [helper.make_node("Cast", ["vector"], ["features"], to=TensorProto.FLOAT)], {"vector": ["n", 6]},
     {"features": ["n", 6]}, [], kind=TensorProto.INT64)
save("sequence", [helper.make_node("Relu", ["a"], ["b"])], {"a": ["n", 7, 8]}, {"b": ["n", 7, 8]}, [])
save("unsupported", [helper.make_node("Det", ["a"], ["b"]), helper.make_node("Unique", ["b"], ["c"])], {"a": ["n", 4]},
     {"c": ["n"]}, [])
save("logarithm", [helper.make_node("Log", ["vector"], ["features"])], {"vector": ["n", 2]}, {"features": ["n", 2]}, [])

# Weights in a file of their own, as PyTorch writes them.
(HERE / "external.weights").unlink(missing_ok=True)
model = onnx.load(HERE / "vectors.onnx")
onnx.save(model, HERE / "external.onnx", save_as_external_data=True, location="external.weights", size_threshold=0)

# Inputs of two and of one byte a number. The second takes colours 0 to 255 and scales them itself.
halves = [numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), tensor.name) for tensor in conv]
save("half", [*convolution("image", "pooled"), flat], {"image": ["n", 3, 5, 4]}, {"features": ["n", 4]}, halves,
     kind=TensorProto.FLOAT16, out=TensorProto.FLOAT16, sample=[3, 5, 4])
scale = numpy_helper.from_array(np.float32(255), "scale")
save("bytes", [helper.make_node("Cast", ["bytes"], ["colours"], to=TensorProto.FLOAT),
               helper.make_node("Div", ["colours", "scale"], ["image"]), *convolution("image", "pooled"), flat],
     {"bytes": ["n", 3, 5, 4]}, {"features": ["n", 4]}, [*conv, scale], kind=TensorProto.UINT8, sample=[3, 5, 4])
save("byte-vectors", [helper.make_node("Cast", ["vector"], ["features"], to=TensorProto.FLOAT)], {"vector": ["n", 6]},
     {"features": ["n", 6]}, [], kind=TensorProto.UINT8, sample=[6])
