//! Labels as CSV and as JSON lines.

use super::labels::Label;
use crate::error::{Context, Result};
use deepal_data::csv_row;

const HEADING: &[u8] = b"dataset,net,strategy,seed,round,rank,id,class,score\n";

/// A row for each label; the score is empty where there is none.
pub(super) fn csv(labels: &[Label<'_>]) -> Vec<u8> {
    let mut table = HEADING.to_vec();
    for Label { dataset, net, strategy, seed, round, rank, id, class, score, sample: _ } in labels {
        let [seed, round, rank] = [*seed, *round as u64, *rank as u64].map(|number| number.to_string());
        let score = score.map_or(String::new(), |score| score.to_string());
        table.extend(csv_row([*dataset, *net, *strategy, &seed, &round, &rank, id, class, &score]));
    }
    table
}

/// An object for each label, with the columns of [`csv`]; the score is null where there is none.
pub(super) fn jsonl(labels: &[Label<'_>]) -> Result<Vec<u8>> {
    let mut lines = Vec::new();
    for label in labels {
        serde_json::to_writer(&mut lines, label).context("cannot write a label as JSON")?;
        lines.push(b'\n');
    }
    Ok(lines)
}
