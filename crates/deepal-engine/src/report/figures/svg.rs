//! Drawings as SVG: inside the page, where its style sheet reaches them, or as files of their own.

use super::drawing::{Anchor, Drawing, MARGIN, Paint, Shape, Xy};
use crate::text::harmless;
use std::fmt::Write;

/// As part of a page.
pub(crate) fn inline(drawing: &Drawing) -> String {
    let Drawing { width, height, label, shapes } = drawing;
    let role = match label.as_str() {
        "" => r#"aria-hidden="true""#.to_owned(),
        label => format!(r#"role="img" aria-label="{}""#, escape(label)),
    };
    let (width, height) = (number(*width), number(*height));
    format!(r#"<svg viewBox="0 0 {width} {height}" style="--width:{width}" {role}>{}</svg>"#, all(shapes, ""))
}

/// As a file, on white with a margin.
pub(crate) fn file(drawing: &Drawing) -> String {
    let Drawing { width, height, label, shapes } = drawing;
    let (width, height) = (width + 2.0 * MARGIN, height + 2.0 * MARGIN);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" viewBox=\"{margin} {margin} {} {}\" \
         font-family=\"system-ui, DejaVu Sans, sans-serif\" role=\"img\">\n<title>{}</title>\n\
         <rect x=\"{margin}\" y=\"{margin}\" width=\"100%\" height=\"100%\" fill=\"#fff\"/>{}\n</svg>\n",
        number(2.0 * width),
        number(2.0 * height),
        number(width),
        number(height),
        escape(label),
        all(shapes, "\n"),
        margin = number(-MARGIN),
    )
}

fn all(shapes: &[Shape], before: &str) -> String {
    shapes.iter().map(|shape| format!("{before}{}", one(shape))).collect()
}

fn one(shape: &Shape) -> String {
    match shape {
        Shape::Line { points, paint, width, dashed } => {
            let dashes = if *dashed { " stroke-dasharray=\"5 3\"" } else { "" };
            let (stroke, width) = (painted("stroke", *paint), number(*width));
            format!(
                r#"<path d="{}" fill="none"{stroke} stroke-width="{width}" stroke-linejoin="round"{dashes}/>"#,
                path(points)
            )
        }
        Shape::Area { points, paint, opacity } => {
            let opacity = if *opacity < 1.0 { format!(r#" opacity="{opacity}""#) } else { String::new() };
            format!(r#"<path d="{}Z"{}{opacity}/>"#, path(points), painted("fill", *paint))
        }
        Shape::Disc { center: (x, y), radius, paint } => format!(
            r#"<circle cx="{}" cy="{}" r="{}"{}/>"#,
            number(*x),
            number(*y),
            number(*radius),
            painted("fill", *paint)
        ),
        Shape::Text { at: (x, y), text, paint, size, anchor, rising } => {
            let (x, y) = (number(*x), number(*y));
            let anchor = match anchor {
                Anchor::Start => "",
                Anchor::Middle => r#" text-anchor="middle""#,
                Anchor::End => r#" text-anchor="end""#,
            };
            let turn = if *rising { format!(r#" transform="rotate(-45 {x} {y})""#) } else { String::new() };
            format!(
                r#"<text x="{x}" y="{y}" font-size="{size}"{anchor}{turn}{}>{}</text>"#,
                painted("fill", *paint),
                escape(text)
            )
        }
        Shape::Group { class, tip, shapes } => {
            let class =
                if class.is_empty() { String::new() } else { format!(r#" class="{}""#, escape(class)) };
            let tip = if tip.is_empty() { String::new() } else { format!("<title>{}</title>", escape(tip)) };
            format!("<g{class}>{tip}{}</g>", all(shapes, ""))
        }
    }
}

/// The attribute, and a class for pages that are dark.
fn painted(attribute: &str, paint: Paint) -> String {
    let [red, green, blue] = paint.rgb();
    let class = paint.class().map(|class| format!(r#" class="{attribute}-{class}""#)).unwrap_or_default();
    format!(r##"{class} {attribute}="#{red:02x}{green:02x}{blue:02x}""##)
}

fn path(points: &[Xy]) -> String {
    let mut path = String::new();
    for (at, (x, y)) in points.iter().enumerate() {
        let _ = write!(path, "{}{} {}", if at == 0 { "M" } else { "L" }, number(*x), number(*y));
    }
    path
}

/// With at most one digit after the point.
fn number(value: f64) -> String {
    let tenths = (10.0 * value).round() / 10.0;
    // Adding zero makes a zero of a negative one.
    (tenths + 0.0).to_string()
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    // XML has no control characters.
    for character in harmless(text).chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(character),
        }
    }
    escaped
}
