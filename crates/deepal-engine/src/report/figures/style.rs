//! How strategies are told apart: by colour, marker and dashes, the same in every figure of a report.

use super::drawing::{BLUE, GREEN, ORANGE, PURPLE, Paint, SKY, Shape, VERMILION, Xy};
use crate::analysis::Analysis;
use crate::text::distinct;
use deepal_core::strategy::is_upper_bound;

const PAINTS: [Paint; 7] = [
    Paint::Fixed(BLUE),
    Paint::Fixed(VERMILION),
    Paint::Fixed(GREEN),
    Paint::Fixed(PURPLE),
    Paint::Fixed(ORANGE),
    Paint::Fixed(SKY),
    Paint::Ink,
];

/// The strategies of a report, in the order in which they come up.
#[derive(Debug, Clone)]
pub(crate) struct Styles {
    pub(crate) strategies: Vec<String>,
}

/// How a strategy is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Style {
    pub(super) paint: Paint,
    pub(super) dashed: bool,
    pub(super) marker: Marker,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Marker {
    Disc,
    Square,
    Up,
    Diamond,
    Down,
}

impl Styles {
    pub(crate) fn new(analysis: &Analysis) -> Self {
        let arms = analysis.tasks.iter().flat_map(|task| task.curves());
        Self { strategies: distinct(arms.map(|arm| &arm.strategy)) }
    }

    /// The strategy's place, by which its shapes are named: `s0`, `s1`, ...
    pub(crate) fn place(&self, strategy: &str) -> usize {
        self.strategies.iter().position(|name| name == strategy).unwrap_or_default()
    }

    /// `random` and the upper bound are grey; of the others the first 35 differ from each other.
    pub(crate) fn style(&self, strategy: &str) -> Style {
        let is_reference = |name: &str| name == "random" || is_upper_bound(name);
        if is_reference(strategy) {
            let dashed = strategy != "random";
            return Style { paint: Paint::Grey, dashed, marker: Marker::Disc };
        }
        let others = self.strategies.iter().filter(|name| !is_reference(name));
        let place = others.take_while(|name| *name != strategy).count();
        let markers = [Marker::Disc, Marker::Square, Marker::Up, Marker::Diamond, Marker::Down];
        Style {
            paint: PAINTS[place % PAINTS.len()],
            dashed: place / PAINTS.len() % 2 == 1,
            marker: markers[place % markers.len()],
        }
    }
}

impl Style {
    pub(super) fn line(self, points: Vec<Xy>) -> Shape {
        Shape::Line { points, paint: self.paint, width: 1.6, dashed: self.dashed }
    }

    pub(super) fn marker(self, (x, y): Xy) -> Shape {
        let polygon = |corners: &[Xy]| {
            let points = corners.iter().map(|(dx, dy)| (x + dx, y + dy)).collect();
            Shape::Area { points, paint: self.paint, opacity: 1.0 }
        };
        match self.marker {
            Marker::Disc => Shape::Disc { center: (x, y), radius: 2.6, paint: self.paint },
            Marker::Square => polygon(&[(-2.4, -2.4), (2.4, -2.4), (2.4, 2.4), (-2.4, 2.4)]),
            Marker::Up => polygon(&[(0.0, -3.4), (3.2, 2.2), (-3.2, 2.2)]),
            Marker::Diamond => polygon(&[(0.0, -3.6), (3.6, 0.0), (0.0, 3.6), (-3.6, 0.0)]),
            Marker::Down => polygon(&[(0.0, 3.4), (3.2, -2.2), (-3.2, -2.2)]),
        }
    }

    /// A piece of the line with its marker, 26 wide, for a legend; `at` is its left end.
    pub(super) fn sample(self, (x, y): Xy) -> Vec<Shape> {
        vec![self.line(vec![(x, y), (x + 26.0, y)]), self.marker((x + 13.0, y))]
    }
}
