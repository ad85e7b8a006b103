//! Drawings as PNG, with the font that the plotting library brings. Nothing else of the program names that library.

use super::drawing::{Anchor, Drawing, MARGIN, Paint, Rgb, Shape, Xy};
use crate::error::{Error, Result};
use kuva::RasterBackend;
use kuva::render::color::Color;
use kuva::render::render::{PathData, Primitive, Scene, TextAnchor};
use std::fmt::Write;

/// Pixels of the picture for one of the drawing.
const SCALE: f32 = 3.0;

/// The drawing on white with a margin.
///
/// # Errors
/// A drawing without width or height.
pub(crate) fn file(drawing: &Drawing) -> Result<Vec<u8>> {
    let mut scene = Scene::new(drawing.width + 2.0 * MARGIN, drawing.height + 2.0 * MARGIN);
    scene.elements.push(Primitive::GroupStart {
        transform: Some(format!("translate({MARGIN},{MARGIN})")),
        title: None,
        extra_attrs: None,
    });
    add(&mut scene, &drawing.shapes);
    scene.elements.push(Primitive::GroupEnd);
    let mut backend = RasterBackend::new();
    backend.scale = SCALE;
    backend
        .render_scene(&scene)
        .map_err(|why| Error::Failed(format!("cannot draw `{}`: {why}", drawing.label)))
}

fn add(scene: &mut Scene, shapes: &[Shape]) {
    for shape in shapes {
        match shape {
            Shape::Line { points, paint, width, dashed } => {
                let parts = if *dashed { dashes(points) } else { vec![points.clone()] };
                scene.elements.extend(parts.into_iter().map(|points| Primitive::PolyLine {
                    points,
                    stroke: color(*paint),
                    stroke_width: *width,
                    stroke_dasharray: None,
                }));
            }
            Shape::Area { points, paint, opacity } => {
                scene.elements.push(Primitive::Path(Box::new(PathData {
                    d: path(points),
                    fill: Some(color(*paint)),
                    stroke: Color::None,
                    stroke_width: 0.0,
                    opacity: Some(*opacity),
                    stroke_dasharray: None,
                })))
            }
            Shape::Disc { center: (cx, cy), radius, paint } => scene.elements.push(Primitive::Circle {
                cx: *cx,
                cy: *cy,
                r: *radius,
                fill: color(*paint),
                fill_opacity: None,
                stroke: None,
                stroke_width: None,
            }),
            Shape::Text { at: (x, y), text, paint, size, anchor, rising } => {
                scene.elements.push(Primitive::Text {
                    x: *x,
                    y: *y,
                    // A dollar would begin a formula.
                    content: text.replace('$', "\\$"),
                    size: *size,
                    anchor: match anchor {
                        Anchor::Start => TextAnchor::Start,
                        Anchor::Middle => TextAnchor::Middle,
                        Anchor::End => TextAnchor::End,
                    },
                    rotate: rising.then_some(-45.0),
                    bold: false,
                    color: Some(color(*paint)),
                });
            }
            Shape::Group { shapes, .. } => add(scene, shapes),
        }
    }
}

fn color(paint: Paint) -> Color {
    let [red, green, blue]: Rgb = paint.rgb();
    Color::Rgb(red, green, blue)
}

fn path(points: &[Xy]) -> String {
    let mut path = String::new();
    for (at, (x, y)) in points.iter().enumerate() {
        let _ = write!(path, "{}{x:.2} {y:.2}", if at == 0 { "M" } else { "L" });
    }
    path.push('Z');
    path
}

/// Cuts a line into dashes of 5 with gaps of 3. The library would begin anew at each point and not scale them.
fn dashes(points: &[Xy]) -> Vec<Vec<Xy>> {
    let (mut parts, mut part) = (Vec::new(), Vec::new());
    let (mut drawing, mut left) = (true, 5.0_f64);
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        if drawing {
            part.push(from);
        }
        loop {
            let length = (to.0 - from.0).hypot(to.1 - from.1);
            if length <= left {
                left -= length;
                break;
            }
            let share = left / length;
            from = (from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1));
            if drawing {
                part.push(from);
                parts.push(std::mem::take(&mut part));
            } else {
                part.push(from);
            }
            drawing = !drawing;
            left = if drawing { 5.0 } else { 3.0 };
        }
    }
    if drawing {
        part.extend(points.last());
        parts.push(part);
    }
    parts
}
