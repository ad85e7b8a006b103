//! Where the time of a run goes.

use super::axis::unit;
use super::drawing::{Anchor, Drawing, Paint, Shape, rectangle, text, text_width, widest};
use super::style::Styles;
use crate::analysis::{Seconds, TaskAnalysis};

/// A bar in the colour of each strategy: full for training, paler for querying, palest for predicting.
pub(crate) fn time_split(task: &TaskAnalysis, styles: &Styles) -> Drawing {
    let names = task.arms.iter().map(|arm| arm.strategy.clone()).collect::<Vec<_>>();
    let totals = task.arms.iter().map(|arm| total(arm.seconds)).collect::<Vec<_>>();
    let longest = totals.iter().copied().fold(0.0, f64::max);
    let (second, unit) = unit(longest);
    let tell = |seconds: f64| format!("{:.1} {unit}", seconds / second);
    let left = widest(&names) + 8.0;
    let room = (420.0 - left - text_width(&tell(longest)) - 8.0).max(120.0);
    let (mut shapes, mut words) = (Vec::new(), Vec::new());
    let mut x = left;
    for (name, opacity, _) in parts(Seconds { train: 0.0, query: 0.0, predict: 0.0 }) {
        shapes.push(rectangle((x, 3.0), 12.0, 12.0, Paint::Muted, opacity));
        shapes.push(text((x + 17.0, 13.0), name, Paint::Ink, Anchor::Start));
        x += 17.0 + text_width(name) + 10.0;
    }
    for (row, (arm, sum)) in task.arms.iter().zip(&totals).enumerate() {
        let y = 26.0 + 22.0 * row as f64;
        shapes.push(text((left - 8.0, y + 13.0), &arm.strategy, Paint::Ink, Anchor::End));
        let paint = styles.style(&arm.strategy).paint;
        let mut x = left;
        for (name, opacity, seconds) in parts(arm.seconds) {
            let wide = if longest > 0.0 { room * seconds / longest } else { 0.0 };
            shapes.push(Shape::Group {
                class: "tone".into(),
                tip: format!("{}, {name}: {}", arm.strategy, tell(seconds)),
                shapes: vec![rectangle((x, y), wide, 16.0, paint, opacity)],
            });
            x += wide;
        }
        shapes.push(text((x + 6.0, y + 13.0), tell(*sum), Paint::Muted, Anchor::Start));
        let split = parts(arm.seconds).map(|(name, _, seconds)| format!("{name} {}", tell(seconds)));
        words.push(format!("{} {}", arm.strategy, split.join(", ")));
    }
    let label = format!("Time of a run on {}: {}.", task.name(), words.join("; "));
    let width = left + room + text_width(&tell(longest)) + 8.0;
    Drawing { width, height: 30.0 + 22.0 * names.len() as f64, label, shapes }
}

/// What a run spends time on, how full its colour is, and the seconds.
fn parts(seconds: Seconds) -> [(&'static str, f64, f64); 3] {
    [("train", 1.0, seconds.train), ("query", 0.5, seconds.query), ("predict", 0.2, seconds.predict)]
}

fn total(seconds: Seconds) -> f64 {
    seconds.train + seconds.query + seconds.predict
}
