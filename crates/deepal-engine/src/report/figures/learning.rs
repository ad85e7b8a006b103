//! Learning curves with their 95 % bands.

use super::axis::{ticks, unit};
use super::drawing::{Anchor, Drawing, Paint, Shape, Xy, text, widest};
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

/// Where the curves stand, and how their strategies are named.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Layout {
    /// In a column or on a phone, without names.
    Narrow,
    /// As wide as the page, with each name where its curve ends.
    Wide,
    /// In a file, with a legend.
    File,
}

/// The plot's left and upper edges.
const LEFT: f64 = 38.0;
const TOP: f64 = 22.0;
/// The width of a drawing that is not wide.
const WIDTH: f64 = 420.0;
/// Between the end of a curve and its name.
const LEADER: f64 = 34.0;
/// The height of a name.
const NAME: f64 = 14.0;

/// Data to drawing.
struct Frame {
    x: (f64, f64),
    y: (f64, f64),
    right: f64,
    bottom: f64,
}

impl Frame {
    fn at(&self, x: f64, y: f64) -> Xy {
        (self.x(x), self.y(y))
    }

    fn x(&self, x: f64) -> f64 {
        LEFT + (self.right - LEFT) * (x - self.x.0) / (self.x.1 - self.x.0)
    }

    fn y(&self, y: f64) -> f64 {
        self.bottom - (self.bottom - TOP) * (y - self.y.0) / (self.y.1 - self.y.0)
    }
}

/// The curves of a task.
pub(crate) fn learning_curves(
    task: &TaskAnalysis,
    metric: Metric,
    styles: &Styles,
    over: Over,
    layout: Layout,
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
    let names = task.curves().map(|arm| arm.strategy.clone()).collect::<Vec<_>>();
    let (width, bottom, right) = match layout {
        Layout::Wide => {
            (880.0, (TOP + NAME * names.len() as f64).max(360.0), 876.0 - LEADER - widest(&names))
        }
        Layout::Narrow | Layout::File => (WIDTH, 256.0, WIDTH - 12.0),
    };
    // No line of the grid is below 0 or above 100 %.
    let (low, high) = limits(ys, 0.04);
    let frame = Frame { x: limits(points().map(x), 0.02), y: (low.max(0.0), high.min(100.0)), right, bottom };
    let mut shapes = axes(&frame);
    let what = match over {
        Over::Labels => "labels".to_owned(),
        Over::Seconds => format!("time to train, query and predict, {unit}"),
    };
    shapes.push(text((f64::midpoint(LEFT, right), bottom + 36.0), &what, Paint::Muted, Anchor::Middle));
    shapes.push(text((0.0, 12.0), format!("test {}, %", metric.words()), Paint::Muted, Anchor::Start));
    // Many bands on top of each other would hide everything.
    let opacity = 0.14 * (4.0 / task.arms.len() as f64).min(1.0);
    for arm in task.curves() {
        shapes.push(curve(arm, styles, &frame, x, opacity));
    }
    let mut height = bottom + 44.0;
    match layout {
        Layout::Narrow => {}
        Layout::Wide => shapes.extend(names_at_ends(task, styles, &frame, x, over)),
        Layout::File => height += add_legend(&mut shapes, &names, styles, height + 12.0),
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
    Drawing { width, height, label, shapes }
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
        shapes.push(line(vec![(LEFT, y), (frame.right, y)], Paint::Grid));
        shapes.push(text((LEFT - 6.0, y + 4.0), label, Paint::Muted, Anchor::End));
    }
    let bottom = frame.bottom;
    shapes.push(line(vec![(LEFT, bottom), (frame.right, bottom)], Paint::Muted));
    for (tick, label) in ticks(frame.x.0, frame.x.1, 7.0) {
        let x = frame.x(tick);
        shapes.push(line(vec![(x, bottom), (x, bottom + 4.0)], Paint::Muted));
        shapes.push(text((x, bottom + 17.0), label, Paint::Muted, Anchor::Middle));
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

/// Each name beside the end of its curve, joined to it by a thin line. Over time, where curves end at different places, there is no line,
/// and the names are in the order of the ends.
fn names_at_ends(
    task: &TaskAnalysis,
    styles: &Styles,
    frame: &Frame,
    x: impl Fn(&Point) -> f64,
    over: Over,
) -> Vec<Shape> {
    let ends = task.curves().filter_map(|arm| {
        let last = arm.points.last()?;
        Some((arm, frame.at(x(last), percent(last))))
    });
    let mut ends = ends.collect::<Vec<_>>();
    ends.sort_by(|(_, a), (_, b)| a.1.total_cmp(&b.1));
    let wanted = ends.iter().map(|(_, end)| end.1).collect::<Vec<_>>();
    let places = apart(&wanted, NAME, (TOP, frame.bottom));
    let named = ends.into_iter().zip(places).map(|((arm, end), y)| {
        let at = frame.right + LEADER;
        let style = styles.style(&arm.strategy);
        let mut shapes =
            vec![style.marker((at - 8.0, y)), text((at, y + 4.0), &arm.strategy, Paint::Ink, Anchor::Start)];
        if over == Over::Labels {
            let points = vec![end, (frame.right + 4.0, end.1), (at - 8.0, y)];
            shapes.push(Shape::Line { points, paint: style.paint, width: 0.7, dashed: false });
        }
        Shape::Group { class: format!("arm s{}", styles.place(&arm.strategy)), tip: String::new(), shapes }
    });
    named.collect()
}

/// The places nearest to those wanted, which ascend, at least `gap` apart and from `top` to `bottom` if they fit.
fn apart(wanted: &[f64], gap: f64, (top, bottom): (f64, f64)) -> Vec<f64> {
    // Neighbours that would overlap become one block around the mean of what its members want.
    let mut blocks = Vec::<(f64, usize)>::new();
    for place in wanted {
        let (mut mean, mut n) = (*place, 1);
        while let Some((above, m)) = blocks.pop() {
            if above + gap * (m + n) as f64 / 2.0 <= mean {
                blocks.push((above, m));
                break;
            }
            mean = (above * m as f64 + mean * n as f64) / (m + n) as f64;
            n += m;
        }
        blocks.push((mean, n));
    }
    let places = blocks.into_iter().flat_map(|(mean, n)| {
        let first = mean - gap * (n - 1) as f64 / 2.0;
        (0..n).map(move |at| first + gap * at as f64)
    });
    let mut places = places.collect::<Vec<_>>();
    let mut least = top;
    for place in &mut places {
        *place = place.max(least);
        least = *place + gap;
    }
    let mut most = bottom;
    for place in places.iter_mut().rev() {
        *place = place.min(most);
        most = *place - gap;
    }
    places
}

/// Names with samples in as many columns as fit; returns the height taken.
fn add_legend(shapes: &mut Vec<Shape>, names: &[String], styles: &Styles, top: f64) -> f64 {
    let wide = widest(names) + 40.0;
    let columns = (((WIDTH - 8.0) / wide) as usize).clamp(1, names.len().max(1));
    let rows = names.len().div_ceil(columns);
    for (at, name) in names.iter().enumerate() {
        let (x, y) = (8.0 + wide * (at / rows) as f64, top + 18.0 * (at % rows) as f64);
        shapes.extend(styles.style(name).sample((x, y - 4.0)));
        shapes.push(text((x + 32.0, y), name, Paint::Ink, Anchor::Start));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_apart_and_near_their_curves() {
        assert_eq!(apart(&[10.0, 50.0, 90.0], 14.0, (0.0, 100.0)), [10.0, 50.0, 90.0]);
        assert_eq!(apart(&[50.0, 50.0, 80.0], 14.0, (0.0, 100.0)), [43.0, 57.0, 80.0]);
        assert_eq!(apart(&[40.0, 46.0, 52.0], 14.0, (0.0, 100.0)), [32.0, 46.0, 60.0]);
        assert_eq!(apart(&[1.0, 2.0, 99.0, 99.0], 14.0, (0.0, 100.0)), [0.0, 14.0, 86.0, 100.0]);
        assert!(apart(&[], 14.0, (0.0, 100.0)).is_empty());
    }
}
