//! What a model may ask for: looked at before the ONNX library takes memory or time for it.

use crate::error::{Error, Result};
use std::collections::HashMap;
use std::fs;
use std::path::{Component, Path, PathBuf};
use tract_onnx::pb::{GraphProto, NodeProto, TensorProto};
use tract_onnx::prelude::{TypedFact, TypedModel};

/// The most bytes of a model's file: no message of protocol buffers is larger.
const MOST_BYTES: u64 = 2 << 30;
/// The most operators; making a model ready takes time that grows with their square.
const MOST_NODES: usize = 5000;
/// The most numbers of a sample: pictures of 2,364×2,364 in colour.
const MOST_OF_SAMPLE: usize = 1 << 24;
/// The most numbers of one array, 1 GiB as float32.
const MOST_NUMBERS: usize = 1 << 28;
/// The most places that are added at one side.
const MOST_PADDING: i64 = 1 << 16;
/// What a tensor says whose numbers are in another file.
const EXTERNAL: i32 = 1;
/// The numbers of float32 and int64 among ONNX's types.
const FLOAT: i32 = 1;
const INT64: i32 = 7;
/// The most bytes of a constant that may be a shape.
const SMALL: usize = 1024;

/// Checks that a model's file is one, and not too large.
///
/// # Errors
/// What is no file, such as a pipe, or too large.
pub(crate) fn check_file(path: &Path) -> Result<()> {
    let metadata = fs::metadata(path).map_err(|cause| Error::Read { path: path.into(), cause })?;
    let wrong = |why: &str| Err(Error::Form { path: path.into(), why: why.into() });
    match metadata.len() {
        _ if !metadata.is_file() => wrong("is no file; name the model's file"),
        len if len > MOST_BYTES => wrong("is larger than 2 GiB; keep its weights in a file beside it"),
        _ => Ok(()),
    }
}

/// Checks what can be seen in the file itself: how many operators there are, and what they ask for by constants.
///
/// # Errors
/// Too much of it.
pub(crate) fn check_graph(path: &Path, graph: &GraphProto) -> Result<()> {
    let nodes = nodes(graph);
    if nodes.len() > MOST_NODES {
        let n = nodes.len();
        return Err(Error::Form {
            path: path.into(),
            why: format!("has {n} operators, and at most {MOST_NODES} are computed; choose a smaller net"),
        });
    }
    let constants = constants(graph, &nodes);
    for node in nodes {
        let pads = node.attribute.iter().filter(|attribute| attribute.name == "pads");
        let mut pads = pads.flat_map(|attribute| &attribute.ints).copied();
        let input = |at: usize| {
            let constant = node.input.get(at).and_then(|name| constants.get(name.as_str()));
            constant.into_iter().flatten().copied()
        };
        let product = |at: usize| {
            let product = input(at).filter(|n| *n > 0).fold(1, i64::saturating_mul);
            Some(product).filter(|n| *n > MOST_NUMBERS as i64)
        };
        let is_above = |n: &i64, most: i64| n.unsigned_abs() > most.unsigned_abs();
        let absurd = match node.op_type.as_str() {
            "Pad" => pads.chain(input(1)).find(|n| is_above(n, MOST_PADDING)),
            "ConstantOfShape" => product(0),
            "Expand" | "Tile" => product(1),
            "Range" => (0..3).flat_map(input).find(|n| is_above(n, MOST_NUMBERS as i64)),
            _ => pads.find(|n| is_above(n, MOST_PADDING)),
        };
        if let Some(n) = absurd {
            return Err(Error::Form {
                path: path.into(),
                why: format!(
                    "asks for {n} numbers or places at once (operator `{}`); choose another net",
                    node.op_type
                ),
            });
        }
    }
    Ok(())
}

/// Checks how large a sample is, and how many are taken at once.
///
/// # Errors
/// Too large or too many.
pub(crate) fn check_input(path: &Path, shape: [usize; 3], batch: usize) -> Result<()> {
    let product = |numbers: &[usize]| numbers.iter().try_fold(1_usize, |product, n| product.checked_mul(*n));
    let sample = product(&shape).filter(|n| *n <= MOST_OF_SAMPLE);
    let is_right = sample.and_then(|n| n.checked_mul(batch)).is_some_and(|n| n <= MOST_NUMBERS);
    if is_right {
        return Ok(());
    }
    let [c, h, w] = shape;
    let why = format!(
        "takes {batch} × [{c}, {h}, {w}] numbers at once, and at most {MOST_OF_SAMPLE} of a sample and {MOST_NUMBERS} of all are \
         computed; choose a smaller `size` or another net"
    );
    Err(Error::Form { path: path.into(), why })
}

/// Checks the size of every array that is computed, once the sizes are known.
///
/// # Errors
/// In words: one is too large.
pub(crate) fn check_arrays(model: &TypedModel) -> Result<(), String> {
    let numbers = |fact: &TypedFact| {
        let dims = fact.shape.as_concrete()?;
        Some(dims.iter().try_fold(1_usize, |product, n| product.checked_mul(*n)).unwrap_or(usize::MAX))
    };
    let outputs = model.nodes.iter().flat_map(|node| &node.outputs);
    match outputs.filter_map(|output| numbers(&output.fact)).find(|n| *n > MOST_NUMBERS) {
        Some(n) => Err(format!(
            "it makes an array of {n} numbers, and at most {MOST_NUMBERS} are computed; export it with a dynamic batch"
        )),
        None => Ok(()),
    }
}

/// The files beside a model that hold its weights, in the order of their names.
///
/// # Errors
/// One that leads out of the model's folder or is no file.
pub(crate) fn weights(path: &Path, graph: &GraphProto) -> Result<Vec<PathBuf>> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let nodes = nodes(graph);
    let of_nodes = nodes.iter().flat_map(|node| &node.attribute);
    let of_nodes = of_nodes.flat_map(|attribute| attribute.t.iter().chain(&attribute.tensors));
    let tensors = graphs(graph).into_iter().flat_map(|graph| &graph.initializer).chain(of_nodes);
    let external = tensors.filter(|tensor| tensor.data_location == Some(EXTERNAL));
    let entries = external.flat_map(|tensor| &tensor.external_data).filter(|entry| entry.key == "location");
    let mut names = entries.map(|entry| entry.value.as_str()).collect::<Vec<_>>();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(|name| beside(path, folder, name)).collect()
}

fn beside(path: &Path, folder: &Path, name: &str) -> Result<PathBuf> {
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    let file = folder.join(name);
    let wrong = |why: &str| {
        Err(Error::Form { path: path.into(), why: format!("has its weights in `{name}`, {why}") })
    };
    if !Path::new(name).components().all(is_plain) {
        return wrong("which is outside of its folder; put them beside it");
    }
    match fs::metadata(&file) {
        Ok(metadata) if metadata.is_file() => Ok(file),
        Ok(_) => wrong("which is no file; copy them again"),
        Err(cause) => Err(Error::Read { path: file, cause }),
    }
}

/// A graph and those inside of it.
fn graphs(graph: &GraphProto) -> Vec<&GraphProto> {
    let (mut all, mut at) = (vec![graph], 0);
    while let Some(graph) = all.get(at).copied() {
        let attributes = graph.node.iter().flat_map(|node| &node.attribute);
        all.extend(attributes.flat_map(|attribute| attribute.g.iter().chain(&attribute.graphs)));
        at += 1;
    }
    all
}

/// All operators, those of graphs inside too.
pub(crate) fn nodes(graph: &GraphProto) -> Vec<&NodeProto> {
    graphs(graph).into_iter().flat_map(|graph| &graph.node).collect()
}

/// The numbers of small constants, such as shapes, by name.
fn constants<'a>(graph: &'a GraphProto, nodes: &[&'a NodeProto]) -> HashMap<&'a str, Vec<i64>> {
    let of_graphs = graphs(graph).into_iter().flat_map(|graph| &graph.initializer);
    let of_graphs = of_graphs.filter_map(|tensor| Some((tensor.name.as_str(), numbers(tensor)?)));
    let of_nodes = nodes.iter().filter_map(|node| {
        let tensor = node.attribute.iter().find_map(|attribute| attribute.t.as_ref())?;
        Some((node.output.first()?.as_str(), numbers(tensor)?))
    });
    of_graphs.chain(of_nodes).collect()
}

/// The numbers of a small tensor, without fractions; `None` if it holds others than int64 and float32.
fn numbers(tensor: &TensorProto) -> Option<Vec<i64>> {
    let raw = Some(&tensor.raw_data[..]).filter(|raw| raw.len() <= SMALL)?;
    match tensor.data_type {
        FLOAT => {
            let raw = raw.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
            Some(tensor.float_data.iter().copied().chain(raw).map(|x| x as i64).collect())
        }
        INT64 => {
            let raw = raw.as_chunks().0.iter().map(|bytes| i64::from_le_bytes(*bytes));
            Some(tensor.int64_data.iter().copied().chain(raw).collect())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tract_onnx::pb::AttributeProto;
    use tract_onnx::prelude::*;

    fn node(op: &str, input: &[&str]) -> NodeProto {
        let input = input.iter().map(|name| (*name).to_owned()).collect();
        NodeProto { op_type: op.into(), input, output: vec!["y".into()], ..NodeProto::default() }
    }

    fn shape(name: &str, numbers: &[i64]) -> TensorProto {
        let int64_data = numbers.to_vec();
        TensorProto { name: name.into(), data_type: INT64, int64_data, ..TensorProto::default() }
    }

    fn said(graph: &GraphProto) -> String {
        check_graph(Path::new("net.onnx"), graph).unwrap_err().to_string()
    }

    #[test]
    fn more_operators_than_can_be_made_ready_are_refused_wherever_they_are() {
        let inside = |n: usize| GraphProto { node: vec![node("Relu", &["x"]); n], ..GraphProto::default() };
        assert!(check_graph(Path::new("x"), &inside(MOST_NODES)).is_ok());
        assert!(said(&inside(20_000)).contains("has 20000 operators, and at most 5000 are computed"));
        let attribute = AttributeProto { g: Some(inside(MOST_NODES)), ..AttributeProto::default() };
        let branch = NodeProto { attribute: vec![attribute], ..node("If", &["x"]) };
        let outer = GraphProto { node: vec![branch], ..GraphProto::default() };
        assert!(said(&outer).contains("has 5001 operators"));
    }

    #[test]
    fn what_constants_ask_for_is_refused_before_it_is_computed() {
        let with = |op: &str, inputs: &[&str], constant: &[i64]| GraphProto {
            node: vec![node(op, inputs)],
            initializer: vec![shape("s", constant)],
            ..GraphProto::default()
        };
        for (op, inputs, constant) in [
            ("ConstantOfShape", &["s"][..], &[1, 100_000_000_000][..]),
            ("ConstantOfShape", &["s"], &[65_536, 65_536]),
            ("Expand", &["x", "s"], &[1_000_000_000, 1, 6]),
            ("Tile", &["x", "s"], &[1, i64::MAX]),
            ("Pad", &["x", "s"], &[0, 0, 0, 100_000_000_000]),
            ("Pad", &["x", "s"], &[i64::MIN, 0, 0, 0]),
            ("Range", &["a", "s", "b"], &[1_000_000_000_000]),
        ] {
            let text = said(&with(op, inputs, constant));
            assert!(text.contains(op) && text.contains("choose another net"), "{text}");
        }
        // The first input of these is data.
        let fine = with("Expand", &["s", "x"], &[1_000_000_000, 1_000_000_000]);
        assert!(check_graph(Path::new("x"), &fine).is_ok());
        for pads in [1 << 40, -(1 << 40), i64::MIN] {
            let pads =
                AttributeProto { name: "pads".into(), ints: vec![1, pads], ..AttributeProto::default() };
            let conv = NodeProto { attribute: vec![pads], ..node("Conv", &["x", "w"]) };
            let graph = GraphProto { node: vec![conv], ..GraphProto::default() };
            assert!(said(&graph).contains("`Conv`"));
        }
    }

    #[test]
    fn samples_batches_and_arrays_have_a_largest_size() {
        let check = |shape, batch| check_input(Path::new("net.onnx"), shape, batch);
        assert!(check([3, 1024, 1024], 1).is_ok() && check([3, 224, 224], 256).is_ok());
        for (shape, batch) in [([3, 4096, 4096], 1), ([6, 1, 1], 1_000_000_000), ([3, usize::MAX, 2], 1)] {
            assert!(check(shape, batch).unwrap_err().to_string().contains("choose a smaller `size`"));
        }
        let model = |side: usize| {
            let mut model = TypedModel::default();
            model.add_source("x", f32::datum_type().fact([side, side])).unwrap();
            model
        };
        assert!(check_arrays(&model(1 << 14)).is_ok());
        assert!(check_arrays(&model(1 << 15)).unwrap_err().contains("an array of 1073741824 numbers"));
    }
}
