//! A drawing: a few kinds of shapes, from which both the SVG and the PNG of a figure are made.

/// A point, in units of a CSS pixel, from the upper left corner.
pub(crate) type Xy = (f64, f64);

/// Red, green, blue.
pub(crate) type Rgb = [u8; 3];

/// Okabe and Ito's colours, told apart by colour-blind people too (Color Universal Design, 2008), without the yellow, which
/// is too pale on white.
pub(crate) const BLUE: Rgb = [0x00, 0x72, 0xB2];
pub(crate) const VERMILION: Rgb = [0xD5, 0x5E, 0x00];
pub(crate) const GREEN: Rgb = [0x00, 0x9E, 0x73];
pub(crate) const PURPLE: Rgb = [0xCC, 0x79, 0xA7];
pub(crate) const ORANGE: Rgb = [0xE6, 0x9F, 0x00];
pub(crate) const SKY: Rgb = [0x56, 0xB4, 0xE9];

/// What a shape is painted with. All but `Fixed` have a class, by which the page gives them its dark colours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Paint {
    /// Words, and the strategy that is black.
    Ink,
    /// Words that matter less, and axes.
    Muted,
    /// The strategy `random`.
    Grey,
    /// Lines behind the data.
    Grid,
    /// Much of what a heat map shows. No strategy has this colour or the next two.
    Violet,
    /// Less than an equal share.
    Olive,
    /// Right predictions.
    Slate,
    /// Words on a pale cell of a heat map.
    OnPale,
    /// Words on a full cell.
    OnFull,
    Fixed(Rgb),
}

impl Paint {
    pub(crate) fn rgb(self) -> Rgb {
        match self {
            Self::Ink => [0x1A, 0x1D, 0x21],
            Self::Muted => [0x55, 0x5E, 0x68],
            Self::Grey => [0x77, 0x77, 0x77],
            Self::Grid => [0xDD, 0xE1, 0xE6],
            Self::Violet => [0x5B, 0x45, 0xB5],
            Self::Olive => [0x7C, 0x78, 0x00],
            Self::Slate => [0x55, 0x5E, 0x68],
            Self::OnPale => [0; 3],
            Self::OnFull => [0xFF; 3],
            Self::Fixed(rgb) => rgb,
        }
    }

    /// The class's name; `None` for a colour that is the same on a dark page.
    pub(super) fn class(self) -> Option<&'static str> {
        match self {
            Self::Ink => Some("ink"),
            Self::Muted => Some("muted"),
            Self::Grey => Some("grey"),
            Self::Grid => Some("grid"),
            Self::Violet => Some("violet"),
            Self::Olive => Some("olive"),
            Self::Slate => Some("slate"),
            Self::OnPale => Some("on-pale"),
            Self::OnFull => Some("on-full"),
            Self::Fixed(_) => None,
        }
    }
}

/// Where a text begins at its point, is centred on it, or ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

#[derive(Debug, Clone)]
pub(crate) enum Shape {
    Line {
        points: Vec<Xy>,
        paint: Paint,
        width: f64,
        dashed: bool,
    },
    /// A filled polygon.
    Area {
        points: Vec<Xy>,
        paint: Paint,
        opacity: f64,
    },
    Disc {
        center: Xy,
        radius: f64,
        paint: Paint,
    },
    Text {
        at: Xy,
        text: String,
        paint: Paint,
        size: u32,
        anchor: Anchor,
        /// Rising at 45 degrees.
        rising: bool,
    },
    /// Shapes that belong together, with a class and a tooltip, either of which may be empty.
    Group {
        class: String,
        tip: String,
        shapes: Vec<Shape>,
    },
}

/// Around a drawing that is a file of its own.
pub(super) const MARGIN: f64 = 10.0;

/// A figure.
#[derive(Debug, Clone)]
pub(crate) struct Drawing {
    pub(crate) width: f64,
    pub(crate) height: f64,
    /// What is to be seen, in words; empty for an ornament.
    pub(crate) label: String,
    pub(crate) shapes: Vec<Shape>,
}

/// An upright text of 12 pixels.
pub(super) fn text(at: Xy, text: impl Into<String>, paint: Paint, anchor: Anchor) -> Shape {
    Shape::Text { at, text: text.into(), paint, size: 12, anchor, rising: false }
}

/// A filled rectangle from its upper left corner.
pub(super) fn rectangle((x, y): Xy, width: f64, height: f64, paint: Paint, opacity: f64) -> Shape {
    let points = vec![(x, y), (x + width, y), (x + width, y + height), (x, y + height)];
    Shape::Area { points, paint, opacity }
}

/// About how wide a text of 12 pixels is in DejaVu Sans; most other fonts are narrower.
pub(super) fn text_width(text: &str) -> f64 {
    let wide = |character: char| match character {
        'f' | 'i' | 'j' | 'l' | 'r' | 't' | 'I' | ' ' | '-' | '.' | ',' | '/' | '(' | ')' => 4.7,
        'm' | 'w' | 'M' | 'W' | '%' => 11.8,
        'A'..='Z' => 8.8,
        character if character.is_ascii() => 7.6,
        _ => 12.0,
    };
    text.chars().map(wide).sum()
}

/// The width of the widest text.
pub(super) fn widest<'a>(texts: impl IntoIterator<Item = &'a String>) -> f64 {
    texts.into_iter().map(|text| text_width(text)).fold(0.0, f64::max)
}
