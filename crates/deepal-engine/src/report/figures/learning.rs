//! Learning curves with their 95 % bands.

use super::axis::{ticks, unit};
use super::drawing::{Anchor, Drawing, Paint, Shape, Xy, text, text_width};
use super::style::{Style, Styles};
use crate::analysis::{Arm, Point, TaskAnalysis};
use crate::report::cells;
use deepal_core::metric::Metric;

/// What the curves run over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Over {
    Labels,
    Seconds,
}

/// The plot's corners.
const LEFT: f64 = 38.0;
const RIGHT: f64 = 408.0;
const TOP: f64 = 22.0;
const BOTTOM: f64 = 256.0;
const WIDTH: f64 = 420.0;

/// Data to drawing.
struct Frame {
    x: (f64, f64),
    y: (f64, f64),
}

impl Frame {
    fn at(&self, x: f64, y: f64) -> Xy {
        (self.x(x), self.y(y))
    }

    fn x(&self, x: f64) -> f64 {
        LEFT + (RIGHT - LEFT) * (x - self.x.0) / (self.x.1 - self.x.0)
    }

    fn y(&self, y: f64) -> f64 {
        BOTTOM - (BOTTOM - TOP) * (y - self.y.0) / (self.y.1 - self.y.0)
    }
}

/// The curves of a task; with a legend where they stand alone.
pub(crate) fn learning_curves(
    task: &TaskAnalysis,
    metric: Metric,
    styles: &Styles,
    over: Over,
    legend: bool,
) -> Drawing {
    let points = || task.curves().flat_map(|arm| &arm.points);
    let slowest = points().map(|point| point.seconds).fold(0.0, f64::max);
    let (second, unit) = unit(slowest);
    let x = |point: &Point| match over {
        Over::Labels => point.labels as f64,
        Over::Seconds => point.seconds / second,
    };
    let ys = points().flat_map(|point| {
        let (low, high) = band(point).unwrap_or((percent(point), percent(point)));
        [low, high]
    });
    let frame = Frame { x: limits(points().map(x), 0.02), y: limits(ys, 0.04) };
    let mut shapes = axes(&frame);
    let what = match over {
        Over::Labels => "labels".to_owned(),
        Over::Seconds => format!("time to train, query and predict, {unit}"),
    };
    shapes.push(text((f64::midpoint(LEFT, RIGHT), BOTTOM + 36.0), &what, Paint::Muted, Anchor::Middle));
    shapes.push(text((0.0, 12.0), format!("test {}, %", metric.words()), Paint::Muted, Anchor::Start));
    // Many bands on top of each other would hide everything.
    let opacity = 0.14 * (4.0 / task.arms.len() as f64).min(1.0);
    for arm in task.curves() {
        shapes.push(curve(arm, styles, &frame, x, opacity));
    }
    let mut height = BOTTOM + 44.0;
    if legend {
        let names = task.curves().map(|arm| arm.strategy.as_str()).collect::<Vec<_>>();
        height += add_legend(&mut shapes, &names, styles, height + 12.0);
    }
    let last = |arm: &Arm| {
        arm.points.last().map(|point| format!("{} {}", arm.strategy, cells::percent(&point.value)))
    };
    let ends = task.curves().filter_map(last).collect::<Vec<_>>().join(", ");
    let label = format!(
        "Learning curves of {}: test {} over {what}. At the end, in per cent: {ends}.",
        task.name(),
        metric.words()
    );
    Drawing { width: WIDTH, height, label, shapes }
}

/// A sample of a strategy's line, as an ornament beside its name.
pub(crate) fn sample(style: Style) -> Drawing {
    Drawing { width: 26.0, height: 10.0, label: String::new(), shapes: style.sample((0.0, 5.0)) }
}

/// Grid, ticks and the lower edge.
fn axes(frame: &Frame) -> Vec<Shape> {
    let line = |points, paint| Shape::Line { points, paint, width: 1.0, dashed: false };
    let mut shapes = Vec::new();
    for (tick, label) in ticks(frame.y.0, frame.y.1, 7.0) {
        let y = frame.y(tick);
        shapes.push(line(vec![(LEFT, y), (RIGHT, y)], Paint::Grid));
        shapes.push(text((LEFT - 6.0, y + 4.0), label, Paint::Muted, Anchor::End));
    }
    shapes.push(line(vec![(LEFT, BOTTOM), (RIGHT, BOTTOM)], Paint::Muted));
    for (tick, label) in ticks(frame.x.0, frame.x.1, 7.0) {
        let x = frame.x(tick);
        shapes.push(line(vec![(x, BOTTOM), (x, BOTTOM + 4.0)], Paint::Muted));
        shapes.push(text((x, BOTTOM + 17.0), label, Paint::Muted, Anchor::Middle));
    }
    shapes
}

/// Band, line and markers of a strategy.
fn curve(arm: &Arm, styles: &Styles, frame: &Frame, x: impl Fn(&Point) -> f64, opacity: f64) -> Shape {
    let style = styles.style(&arm.strategy);
    let mut shapes = Vec::new();
    let banded = arm.points.iter().filter_map(|point| Some((x(point), band(point)?)));
    let (lower, mut upper): (Vec<Xy>, Vec<Xy>) =
        banded.map(|(x, (low, high))| (frame.at(x, low), frame.at(x, high))).unzip();
    if lower.len() > 1 {
        upper.extend(lower.into_iter().rev());
        shapes.push(Shape::Area { points: upper, paint: style.paint, opacity });
    }
    let line = arm.points.iter().map(|point| frame.at(x(point), percent(point))).collect::<Vec<_>>();
    // Markers of many points would hide the dashes.
    let every = line.len().div_ceil(30);
    let marked = line.iter().zip(&arm.points).step_by(every.max(1)).map(|(at, point)| Shape::Group {
        class: String::new(),
        tip: format!("{}, {} labels: {} %", arm.strategy, point.labels, cells::percent(&point.value)),
        shapes: vec![style.marker(*at)],
    });
    let marked = marked.collect::<Vec<_>>();
    if line.len() > 1 {
        shapes.push(style.line(line));
    }
    shapes.extend(marked);
    Shape::Group { class: format!("arm s{}", styles.place(&arm.strategy)), tip: String::new(), shapes }
}

/// Names with samples in as many columns as fit; returns the height taken.
fn add_legend(shapes: &mut Vec<Shape>, names: &[&str], styles: &Styles, top: f64) -> f64 {
    let wide = names.iter().map(|name| text_width(name)).fold(0.0, f64::max) + 40.0;
    let columns = (((WIDTH - 8.0) / wide) as usize).clamp(1, names.len().max(1));
    let rows = names.len().div_ceil(columns);
    for (at, name) in names.iter().enumerate() {
        let (x, y) = (8.0 + wide * (at / rows) as f64, top + 18.0 * (at % rows) as f64);
        shapes.extend(styles.style(name).sample((x, y - 4.0)));
        shapes.push(text((x + 32.0, y), *name, Paint::Ink, Anchor::Start));
    }
    18.0 * rows as f64 + 8.0
}

fn percent(point: &Point) -> f64 {
    100.0 * point.value.value
}

fn band(point: &Point) -> Option<(f64, f64)> {
    point.value.interval.map(|(low, high)| (100.0 * low.max(0.0), 100.0 * high.min(1.0)))
}

/// The least and the greatest value, with room on both sides.
fn limits(values: impl Iterator<Item = f64>, room: f64) -> (f64, f64) {
    let (low, high) = values
        .filter(|value| value.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    match high - low {
        width if !width.is_finite() => (0.0, 1.0),
        width if width <= 0.0 => (low - 1.0, high + 1.0),
        width => (low - room * width, high + room * width),
    }
}
