//! The strategies over all tasks: how often each was better, by how much on average, and on which tasks.

use super::cells;
use crate::analysis::{Analysis, TaskAnalysis, outcomes};

/// A strategy.
pub(super) struct Overview {
    pub(super) strategy: String,
    /// On how many tasks it was better than random, neither, and worse; empty for random.
    pub(super) counts: String,
    /// Interquartile mean of the areas minus random's.
    pub(super) gain: String,
    /// Interquartile mean of the areas.
    pub(super) area: String,
    /// The gain on each task.
    pub(super) tasks: Vec<Gain>,
}

/// A strategy's area minus random's on a task.
#[derive(Default)]
pub(super) struct Gain {
    /// `▲ +4.3`; empty where they are not compared.
    pub(super) words: String,
    /// Whether the test found a difference.
    pub(super) is_found: bool,
}

/// The strategies with the best first and random last; none with fewer than 2 tasks.
pub(super) fn rows(analysis: &Analysis) -> Vec<Overview> {
    if analysis.tasks.len() < 2 {
        return Vec::new();
    }
    let (_, counts) = outcomes(analysis);
    let compared = counts
        .iter()
        .map(|(name, [wins, losses, neither])| (name.as_str(), format!("{wins}, {neither}, {losses}")));
    let is_compared = |name: &str| counts.iter().any(|(compared, _)| compared == name);
    let others = analysis.across.iter().map(|across| across.strategy.as_str());
    let others = others.filter(|name| !is_compared(name)).map(|name| (name, String::new()));
    let row = |(strategy, counts): (&str, String)| {
        let across = analysis.across.iter().find(|across| across.strategy == strategy);
        let gain = across.and_then(|across| across.iqm_difference.as_ref());
        Overview {
            strategy: strategy.to_owned(),
            counts,
            gain: gain.map(cells::points).unwrap_or_default(),
            area: across.map(|across| cells::percent(&across.iqm)).unwrap_or_default(),
            tasks: analysis.tasks.iter().map(|task| gain_on(task, strategy)).collect(),
        }
    };
    compared.chain(others).map(row).collect()
}

fn gain_on(task: &TaskAnalysis, strategy: &str) -> Gain {
    let arm = task.arms.iter().find(|arm| arm.strategy == strategy);
    let Some(versus) = arm.and_then(|arm| arm.versus_random.as_ref()) else { return Gain::default() };
    let sign = match versus.area.outcome {
        1 => "▲ ",
        -1 => "▼ ",
        _ => "",
    };
    let words = format!("{sign}{}", cells::signed(versus.area.mean.value));
    Gain { words, is_found: versus.area.outcome != 0 }
}
