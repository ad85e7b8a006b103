//! The learning curves as a picture. Nothing else names the plotting library.

use crate::analysis::{self, Arm, BASELINE, Task};
use kuva::prelude::{Layout, LegendPosition, LinePlot, Plot, SvgBackend, TickFormat, render_multiple};
use std::sync::Arc;

/// Okabe and Ito's colours, told apart by colour-blind people too (Color Universal Design, 2008); `random` is grey.
const COLORS: [&str; 7] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"];
const GREY: &str = "#777777";

/// Mean accuracy against labels with 95 % bands, as SVG.
pub(crate) fn svg(task: &Task, title: &str) -> String {
    let mut others = 0;
    let mut lines: Vec<Plot> = Vec::new();
    for arm in task.arms.iter().filter(|arm| !arm.points.is_empty()) {
        let (color, dashed) = match arm.strategy.as_str() {
            BASELINE => (GREY, false),
            _ => {
                others += 1;
                (COLORS[(others - 1) % COLORS.len()], others > COLORS.len())
            }
        };
        lines.push(line(arm, color, dashed));
    }
    let layout = Layout::auto_from_plots(&lines)
        .with_title(title)
        .with_subtitle(analysis::measure(task))
        .with_x_label("labels")
        .with_y_label("test accuracy, %")
        .with_legend_position(LegendPosition::InsideBottomRight)
        .with_x_tick_format(TickFormat::Custom(Arc::new(|labels| format!("{labels:.0}"))))
        .with_width(720.0)
        .with_height(440.0);
    SvgBackend::new().render_scene(&render_multiple(lines, layout))
}

fn line(arm: &Arm, color: &str, dashed: bool) -> Plot {
    let percent = |x: f64| 100.0 * x;
    let estimates = || arm.points.iter().map(|point| point.accuracy);
    let line = LinePlot::new()
        .with_data(arm.points.iter().map(|point| (point.labels as f64, percent(point.accuracy.value))))
        .with_color(color)
        .with_stroke_width(2.0)
        .with_legend(arm.strategy.clone())
        .with_band(
            estimates().map(|found| percent(found.interval.map_or(found.value, |(low, _)| low.max(0.0)))),
            estimates().map(|found| percent(found.interval.map_or(found.value, |(_, high)| high.min(1.0)))),
        );
    if dashed { line.with_dashed().into() } else { line.into() }
}
