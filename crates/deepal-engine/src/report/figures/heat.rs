//! Heat maps with their values: who beats whom, and which classes were bought.

use super::drawing::{Anchor, Drawing, Paint, Rgb, Shape, rectangle, text, text_width, widest};
use crate::analysis::{Penalty, TaskAnalysis};

const HEIGHT: f64 = 24.0;

/// A cell: its value in words, its colour, how full that is, and its meaning.
pub(super) struct Cell {
    pub(super) value: String,
    pub(super) paint: Paint,
    pub(super) share: f64,
    pub(super) tip: String,
}

/// The penalty matrix, with the mean of each column below.
pub(crate) fn penalty_matrix(penalty: &Penalty) -> Drawing {
    let Penalty { strategies, cells, columns, tasks } = penalty;
    let most = (*tasks as f64).max(1.0);
    let cell = |value: f64, tip| {
        Some(Cell { value: format!("{value:.2}"), paint: Paint::Violet, share: value / most, tip })
    };
    let mut grid = Vec::new();
    for (row, values) in strategies.iter().zip(cells) {
        let against = strategies.iter().zip(values).map(|(column, value)| match row == column {
            true => None,
            false => cell(*value, format!("{row} beats {column}: {value:.2} of {tasks}")),
        });
        grid.push(against.collect());
    }
    let mean =
        |(column, value): (&String, &f64)| cell(*value, format!("{column} is beaten: {value:.2} on average"));
    grid.push(strategies.iter().zip(columns).map(mean).collect());
    let mut rows = strategies.clone();
    rows.push("mean of column".into());
    let means =
        strategies.iter().zip(columns).map(|(name, mean)| format!("{name} {mean:.2}")).collect::<Vec<_>>();
    let label = format!(
        "Penalty matrix of {} strategies. Means of the columns: {}.",
        strategies.len(),
        means.join(", ")
    );
    heat_map(label, &rows, strategies, &grid, true)
}

/// The share of each class among the labels bought, in per cent; `None` if nothing was bought.
pub(crate) fn class_balance(task: &TaskAnalysis, classes: &[String]) -> Option<Drawing> {
    let bought =
        || task.arms.iter().map(|arm| (arm, arm.bought.iter().sum::<f64>())).filter(|(_, sum)| *sum > 0.0);
    let names = bought().map(|(arm, _)| arm.strategy.clone()).collect::<Vec<_>>();
    if names.is_empty() {
        return None;
    }
    let mut grid = Vec::new();
    for (arm, sum) in bought() {
        let equal = sum / classes.len() as f64;
        // A class behind the last one that was bought has no number.
        let bought = arm.bought.iter().chain(std::iter::repeat(&0.0));
        let cells = bought.zip(classes).map(|(labels, class)| {
            // Half the equal share is as far from it as twice.
            let tilt = (labels / equal).max(0.01).log2().clamp(-1.0, 1.0);
            Some(Cell {
                value: format!("{:.0}", 100.0 * labels / sum),
                paint: if tilt < 0.0 { Paint::Olive } else { Paint::Violet },
                share: tilt.abs(),
                tip: format!("{}, {class}: {labels:.1} of {sum:.0} labels", arm.strategy),
            })
        });
        grid.push(cells.collect());
    }
    let label =
        format!("Classes of the chosen labels on {}, in per cent, for {}.", task.name(), names.join(", "));
    Some(heat_map(label, &names, classes, &grid, false))
}

/// Rows of cells, the last of them apart if it is unlike the others; with more than 30 columns cells are too narrow for words.
pub(super) fn heat_map(
    label: String,
    rows: &[String],
    columns: &[String],
    grid: &[Vec<Option<Cell>>],
    last_apart: bool,
) -> Drawing {
    let words = columns.len() <= 30;
    let left = widest(rows) + 8.0;
    let least = if words { 32.0 } else { 5.0 };
    let wide = ((420.0 - left) / columns.len().max(1) as f64).clamp(least, 44.0);
    let right = left + wide * columns.len() as f64;
    let (long, level) = (widest(columns), widest(columns) < wide - 2.0);
    let top = match (words, level) {
        (false, _) => 16.0,
        (true, true) => 20.0,
        (true, false) => 0.71 * long + 18.0,
    };
    let mut width = right;
    let mut shapes = Vec::new();
    if words {
        for (at, column) in columns.iter().enumerate() {
            let middle = left + (at as f64 + 0.5) * wide;
            let (x, anchor) = if level { (middle, Anchor::Middle) } else { (middle + 3.0, Anchor::Start) };
            shapes.push(Shape::Text {
                at: (x, top - 7.0),
                text: column.clone(),
                paint: Paint::Ink,
                size: 12,
                anchor,
                rising: !level,
            });
            width = width.max(if level { right } else { x + 0.71 * text_width(column) + 4.0 });
        }
    } else {
        let classes = format!("{} classes, from the first to the last", columns.len());
        shapes.push(text((left, 10.0), classes, Paint::Muted, Anchor::Start));
    }
    for (row, (name, cells)) in rows.iter().zip(grid).enumerate() {
        let apart = if last_apart && row + 1 == rows.len() { 6.0 } else { 0.0 };
        let y = top + HEIGHT * row as f64 + apart;
        shapes.push(text((left - 8.0, y + 16.0), name, Paint::Ink, Anchor::End));
        for (column, cell) in cells.iter().enumerate() {
            let Some(Cell { value, paint, share, tip }) = cell else { continue };
            let share = (100.0 * share.clamp(0.0, 1.0)).round() / 100.0;
            let x = left + wide * column as f64;
            let gap = if words { 1.0 } else { 0.0 };
            let mut cell = vec![rectangle((x, y), wide - gap, HEIGHT - 1.0, *paint, share)];
            if words {
                cell.push(text((x + 0.5 * wide, y + 16.0), value, on_cell(*paint, share), Anchor::Middle));
            }
            shapes.push(Shape::Group { class: String::new(), tip: tip.clone(), shapes: cell });
        }
    }
    Drawing { width: width.ceil(), height: top + HEIGHT * rows.len() as f64 + 8.0, label, shapes }
}

/// What words on a cell are painted with: what is easier to read on white paper, by the contrast ratio of WCAG 2.
pub(crate) fn on_cell(paint: Paint, share: f64) -> Paint {
    let is_dark = luminance(mix([0xFF; 3], paint.rgb(), share)) < 0.179;
    if is_dark { Paint::OnFull } else { Paint::OnPale }
}

/// The colour at a share of the way.
pub(crate) fn mix(from: Rgb, to: Rgb, share: f64) -> Rgb {
    std::array::from_fn(|at| (f64::from(from[at]) * (1.0 - share) + f64::from(to[at]) * share).round() as u8)
}

/// The relative luminance of WCAG 2, 1 for white.
pub(crate) fn luminance(rgb: Rgb) -> f64 {
    let [red, green, blue] = rgb.map(|part| match f64::from(part) / 255.0 {
        part if part <= 0.04045 => part / 12.92,
        part => ((part + 0.055) / 1.055).powf(2.4),
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(n: usize) -> Drawing {
        let columns = (0..n).map(|class| format!("class {class}")).collect::<Vec<_>>();
        let cell = |_| Some(Cell { value: "1".into(), paint: Paint::Violet, share: 0.5, tip: String::new() });
        heat_map(String::new(), &["margin".into()], &columns, &[(0..n).map(cell).collect()], false)
    }

    fn texts(shapes: &[Shape]) -> usize {
        let one = |shape: &Shape| match shape {
            Shape::Text { .. } => 1,
            Shape::Group { shapes, .. } => texts(shapes),
            _ => 0,
        };
        shapes.iter().map(one).sum()
    }

    #[test]
    fn a_hundred_classes_fit_without_words() {
        let (ten, hundred) = (map(10), map(100));
        assert_eq!((texts(&ten.shapes), texts(&hundred.shapes)), (10 + 1 + 10, 1 + 1));
        assert!(ten.width < 500.0 && hundred.width < 600.0, "{} {}", ten.width, hundred.width);
    }
}
