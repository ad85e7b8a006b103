//! `deepal embed`: the embeddings of a source as a file.

use crate::exit::Usage;
use crate::model::{self, ModelArgs};
use crate::words::count;
use clap::Args;
use deepal::SampleId;
use deepal_data::own::{Open, Split};
use deepal_data::{csv_row, matrix, write_atomically, write_in_pieces};
use std::path::PathBuf;

/// Options of `deepal embed`.
#[derive(Debug, Args)]
pub(crate) struct EmbedArgs {
    /// A folder or zip of pictures, a file of arrays, or a data.toml
    #[arg(value_name = "SOURCE")]
    source: PathBuf,
    #[command(flatten)]
    model: ModelArgs,
    /// The array to write, [n, d] float32; the ids go beside it, into E.ids.csv
    #[arg(short, long, value_name = "E.npy", default_value = "embeddings.npy")]
    out: PathBuf,
}

pub(crate) fn run(args: &EmbedArgs) -> anyhow::Result<()> {
    let model = args.model.resolve()?;
    let model =
        model.ok_or_else(|| Usage("name the feature extractor with `--model FEATURES.onnx`".into()))?;
    let own = model::open(&args.source, Some(&model), &Open::default())?;
    model::tell(&own);
    let n = own.ids.len();
    let embeddings = own.dataset((0..n).collect()).inputs(&SampleId::first(n))?;
    let mut table = b"row,id,label,split\n".to_vec();
    for (row, id) in own.ids.iter().enumerate() {
        let label =
            own.labels[row].and_then(|class| own.classes.get(class.index())).map_or("", String::as_str);
        let split = if own.split[row] == Split::Test { "test" } else { "train" };
        table.extend(csv_row([&row.to_string(), id, label, split]));
    }
    let ids = args.out.with_extension("ids.csv");
    // The table when the array has its room on the disk, so that one without the other is hardly possible.
    write_in_pieces(&args.out, |write| {
        write(&matrix::to_npy(&embeddings)?)?;
        write_atomically(&ids, &table)
    })?;
    super::print(&format!(
        "{} of {} numbers in {}, their ids in {}\n",
        count(n, "embedding", "embeddings"),
        embeddings.ncols(),
        args.out.display(),
        ids.display()
    ))
}
