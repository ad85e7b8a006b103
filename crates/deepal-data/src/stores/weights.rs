//! The weights of a trained net as a `.safetensors` file, with what a program must know to use them.
//!
//! The arrays have PyTorch's names and shapes. The only entry of the file's metadata, `deepal`, is JSON: `format`, the version of
//! this layout, `version`, that of the program, and `about`, whatever the program keeps.

use crate::error::{Error, Result};
use crate::write_atomically;
use deepal_core::StateDict;
use ndarray::ArrayD;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;

/// The version of the layout.
const FORMAT: u32 = 1;
/// The key of our metadata.
const KEY: &str = "deepal";

#[derive(Serialize, Deserialize)]
struct Header<A> {
    format: u32,
    version: String,
    about: A,
}

/// Writes weights, whole or not at all. The same weights give the same bytes.
///
/// # Errors
/// A file that cannot be written.
pub fn write(path: &Path, about: &impl Serialize, state: &StateDict) -> Result<()> {
    let wrong = |why: String| Error::Weights { path: path.into(), why };
    let header = Header { format: FORMAT, version: env!("CARGO_PKG_VERSION").into(), about };
    let header = serde_json::to_string(&header).map_err(|error| wrong(error.to_string()))?;
    let bytes = state.iter().map(|(_, array)| array.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<_>>());
    let bytes = bytes.collect::<Vec<_>>();
    let views = state.iter().zip(&bytes).map(|((name, array), bytes)| {
        TensorView::new(Dtype::F32, array.shape().to_vec(), bytes).map(|view| (name, view))
    });
    let views = views.collect::<Result<Vec<_>, _>>().map_err(|error| wrong(error.to_string()))?;
    let file = safetensors::serialize(views, Some(HashMap::from([(KEY.into(), header)])));
    write_atomically(path, &file.map_err(|error| wrong(error.to_string()))?)
}

/// What the program kept about the net, and its weights.
///
/// # Errors
/// A file that cannot be read, is damaged, was not written by [`write`](fn@write), or by a later version.
pub fn read<A: DeserializeOwned>(path: &Path) -> Result<(A, StateDict)> {
    #[derive(Deserialize)]
    struct Version {
        format: u32,
        version: String,
    }
    let wrong = |why: String| Error::Weights { path: path.into(), why };
    let bytes = std::fs::read(path).map_err(Error::read(path))?;
    let damaged =
        |cause: &dyn std::fmt::Display| wrong(format!("is damaged or no safetensors file ({cause})"));
    let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(|cause| damaged(&cause))?;
    let header = metadata.metadata().as_ref().and_then(|metadata| metadata.get(KEY));
    let header =
        header.ok_or_else(|| wrong("has weights of another program, whose net is not known".into()))?;
    let unreadable =
        |cause: serde_json::Error| wrong(format!("says nothing that can be understood of its net ({cause})"));
    let Version { format, version } = serde_json::from_str(header).map_err(unreadable)?;
    if format != FORMAT {
        return Err(wrong(format!(
            "was written by deepal {version} in format {format}, and this program reads format {FORMAT}"
        )));
    }
    let Header { about, .. } = serde_json::from_str::<Header<A>>(header).map_err(unreadable)?;
    let tensors = SafeTensors::deserialize(&bytes).map_err(|cause| damaged(&cause))?;
    let mut state = Vec::new();
    for (name, tensor) in tensors.iter() {
        if tensor.dtype() != Dtype::F32 {
            return Err(wrong(format!("has `{name}` as {:?}, and F32 is needed", tensor.dtype())));
        }
        let values = tensor.data().chunks_exact(4).map(|x| f32::from_le_bytes([x[0], x[1], x[2], x[3]]));
        let values = values.collect::<Vec<_>>();
        if values.iter().any(|x| !x.is_finite()) {
            return Err(wrong(format!("has a value in `{name}` that is no number")));
        }
        let array = ArrayD::from_shape_vec(tensor.shape().to_vec(), values);
        state.push((name.to_owned(), array.map_err(|cause| damaged(&cause))?));
    }
    state.sort_by(|a, b| a.0.cmp(&b.0));
    Ok((about, state))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;
    use std::fs;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct About {
        net: String,
        shape: [usize; 3],
    }

    fn about() -> About {
        About { net: "mlp \"odd\"".into(), shape: [1, 8, 8] }
    }

    fn state() -> StateDict {
        let weight = ArrayD::from_shape_fn(vec![2, 3], |at| (at[0] as f32 - 0.1) / (at[1] as f32 + 3.0));
        let bias = ArrayD::from_shape_fn(vec![3], |at| f32::MIN_POSITIVE * at[0] as f32);
        vec![("fc1.bias".into(), bias), ("fc1.weight".into(), weight)]
    }

    #[test]
    fn what_is_written_comes_back_and_is_always_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["a", "b"].map(|name| folder.path().join(name));
        for path in &paths {
            write(path, &about(), &state()).unwrap();
        }
        assert_eq!(read::<About>(&paths[0]).unwrap(), (about(), state()));
        assert_eq!(fs::read(&paths[0]).unwrap(), fs::read(&paths[1]).unwrap());
        // Columns first in memory, rows first in the file.
        let turned =
            state().into_iter().map(|(name, array)| (name, array.reversed_axes())).collect::<Vec<_>>();
        write(&paths[1], &about(), &turned).unwrap();
        assert_eq!(read::<About>(&paths[1]).unwrap().1, turned);
    }

    #[test]
    fn a_file_cut_anywhere_is_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("net.safetensors");
        write(&path, &about(), &state()).unwrap();
        let whole = fs::read(&path).unwrap();
        for end in 0..whole.len() {
            fs::write(&path, &whole[..end]).unwrap();
            let error = read::<About>(&path).unwrap_err();
            let text = error.to_string();
            assert_eq!(error.kind(), Kind::Input, "{text}");
            assert!(
                text.contains("is damaged") && text.contains("write it again with `deepal export"),
                "{text}"
            );
        }
    }

    #[test]
    fn weights_of_others_and_of_later_versions_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("net.safetensors");
        let values = [0.5_f32, f32::NAN].map(f32::to_le_bytes).concat();
        let file = |dtype, shape: &[usize], header: Option<&str>| {
            let view = TensorView::new(dtype, shape.to_vec(), &values).unwrap();
            let header = header.map(|header| HashMap::from([(KEY.to_owned(), header.to_owned())]));
            fs::write(&path, safetensors::serialize([("w", view)], header).unwrap()).unwrap();
            let error = read::<About>(&path).unwrap_err();
            assert_eq!(error.kind(), Kind::Input);
            error.to_string()
        };
        let ours = |format: u32| {
            format!(r#"{{"format":{format},"version":"9.9.9","about":{{"net":"mlp","shape":[1,8,8]}}}}"#)
        };
        assert!(file(Dtype::F32, &[2], None).contains("weights of another program"));
        assert!(file(Dtype::F32, &[2], Some("{")).contains("can be understood"));
        assert!(
            file(Dtype::F32, &[2], Some(r#"{"format":1,"version":"1","about":{}}"#))
                .contains("missing field `net`")
        );
        assert!(file(Dtype::F32, &[2], Some(&ours(2))).contains("deepal 9.9.9 in format 2"));
        assert!(file(Dtype::F16, &[4], Some(&ours(1))).contains("`w` as F16"));
        assert!(file(Dtype::F32, &[2], Some(&ours(1))).contains("`w` that is no number"));
    }

    #[test]
    fn what_cannot_be_read_or_written_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("none/net.safetensors");
        assert_eq!(write(&path, &about(), &state()).unwrap_err().kind(), Kind::Output);
        assert!(matches!(read::<About>(&path), Err(Error::Read { .. })));
    }
}
