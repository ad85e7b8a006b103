//! Which classes are taken for which.

use super::drawing::{Drawing, Paint};
use super::heat::{Cell, heat_map};
use crate::analysis::{Arm, TaskAnalysis};
use std::collections::BTreeSet;

/// A figure has no more classes: of more it has those in the commonest confusions.
const MOST: usize = 10;

/// The confusion matrix of a strategy at its end, all seeds together: a row for each class, in per cent of its test samples. `None`
/// without a record of it.
pub(crate) fn confusion(task: &TaskAnalysis, arm: &Arm, names: &[String]) -> Option<Drawing> {
    if arm.confused.is_empty() {
        return None;
    }
    let name = |class: usize| names.get(class).cloned().unwrap_or_else(|| class.to_string());
    let shown = shown(arm);
    let samples = |class: usize| f64::from(arm.classes[class].support) * arm.seeds.len() as f64;
    let share = |row: usize, column: usize| match row == column {
        true => arm.classes[row].recall.unwrap_or(0.0),
        false => {
            let is_it = |pair: &&(u16, u16, u32)| (usize::from(pair.0), usize::from(pair.1)) == (row, column);
            arm.confused.iter().find(is_it).map_or(0.0, |pair| f64::from(pair.2) / samples(row))
        }
    };
    let cell = |share: f64, right: bool, what: String| {
        let (paint, full) = if right { (Paint::Slate, share) } else { (Paint::Violet, 2.0 * share) };
        let tip = format!("{what}: {:.1} %", 100.0 * share);
        // Less than a half per cent is told by the tip alone.
        let value = if share < 0.005 { String::new() } else { format!("{:.0}", 100.0 * share) };
        (share > 1e-9 || right).then_some(Cell { value, paint, share: full, tip })
    };
    let are_all = shown.len() == arm.classes.len();
    let (mut rows, mut grid, mut words) = (Vec::new(), Vec::new(), Vec::new());
    for row in shown.iter().copied().filter(|class| arm.classes[*class].support > 0) {
        let shares = shown.iter().map(|column| share(row, *column)).collect::<Vec<_>>();
        let others = 1.0 - shares.iter().sum::<f64>();
        let taken = |column: &usize| match row == *column {
            true => format!("{} found", name(row)),
            false => format!("{} taken for {}", name(row), name(*column)),
        };
        let cells = shown.iter().zip(&shares);
        let cells = cells.map(|(column, share)| cell(*share, row == *column, taken(column)));
        let mut cells = cells.collect::<Vec<_>>();
        if !are_all {
            cells.push(cell(others, false, format!("{} taken for other classes", name(row))));
        }
        rows.push(name(row));
        grid.push(cells);
        words.push(format!("{} {:.0}", name(row), 100.0 * share(row, row)));
    }
    let mut columns = shown.iter().map(|class| name(*class)).collect::<Vec<_>>();
    if !are_all {
        columns.push("others".into());
    }
    let label = format!(
        "Confusion matrix of {} on {}. Found of each class, in per cent: {}.",
        arm.strategy,
        task.name(),
        words.join(", ")
    );
    Some(heat_map(label, &rows, &columns, &grid, false))
}

/// The classes of the figure, ascending.
fn shown(arm: &Arm) -> Vec<usize> {
    if arm.classes.len() <= MOST {
        return (0..arm.classes.len()).collect();
    }
    let mut shown = BTreeSet::new();
    for (actual, predicted, _) in &arm.confused {
        let pair = [*actual, *predicted].map(usize::from);
        if shown.len() + pair.iter().filter(|class| !shown.contains(*class)).count() <= MOST {
            shown.extend(pair);
        }
    }
    shown.into_iter().filter(|class| *class < arm.classes.len()).collect()
}
