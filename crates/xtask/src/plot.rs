//! The scaling of selectors as a picture.

use crate::process::Measured;
use kuva::prelude::{Layout, LinePlot, Plot, SvgBackend, TickFormat};
use kuva::render::figure::{Figure, FigureLegendPosition};
use std::sync::Arc;

/// Okabe and Ito's colours, told apart by colour-blind people too (Color Universal Design, 2008); `random` is grey.
const COLORS: [&str; 5] = ["#777777", "#0072B2", "#D55E00", "#009E73", "#CC79A7"];

/// One selector: the size of the pool, seconds and MB.
pub(crate) struct Curve {
    pub(crate) selector: &'static str,
    pub(crate) points: Vec<(usize, Measured)>,
}

/// With commas: `10,000`.
pub(crate) fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join(",")
}

/// Time and memory against the size of the pool, all axes logarithmic, as SVG.
pub(crate) fn svg(curves: &[Curve]) -> String {
    let time = lines(curves, |measured| Some(measured.seconds));
    let memory = lines(curves, |measured| measured.peak_mb);
    let layouts = vec![
        layout(&time, "time").with_y_tick_format(TickFormat::Custom(Arc::new(duration))),
        layout(&memory, "peak memory of the process, MB"),
    ];
    let figure = Figure::new(1, 2)
        .with_layouts(layouts)
        .with_plots(vec![time, memory])
        .with_shared_legend_position(FigureLegendPosition::Right)
        .with_cell_size(460.0, 380.0);
    SvgBackend::new().render_scene(&figure.render())
}

fn layout(lines: &[Plot], y: &str) -> Layout {
    // Labels between the powers of ten would run into each other.
    let size = |n: f64| if n.log10().fract().abs() < 1e-6 { thousands(n as usize) } else { String::new() };
    Layout::auto_from_plots(lines)
        .with_log_scale()
        .with_x_label("candidates")
        .with_y_label(y)
        .with_x_tick_format(TickFormat::Custom(Arc::new(size)))
}

/// Seconds in a unit that leaves few zeros.
fn duration(seconds: f64) -> String {
    match seconds {
        ..0.9e-3 => format!("{:.0} µs", seconds * 1e6),
        ..0.9 => format!("{:.0} ms", seconds * 1e3),
        _ => format!("{seconds:.0} s"),
    }
}

fn lines(curves: &[Curve], figure: impl Fn(&Measured) -> Option<f64>) -> Vec<Plot> {
    let line = |(curve, color): (&Curve, &str)| {
        let points = curve.points.iter().filter_map(|(n, measured)| Some((*n as f64, figure(measured)?)));
        let line = LinePlot::new().with_data(points).with_color(color).with_stroke_width(2.0);
        line.with_legend(curve.selector).into()
    };
    // The last first: the legend is then in the order of the lines.
    curves.iter().zip(COLORS).rev().map(line).collect()
}
