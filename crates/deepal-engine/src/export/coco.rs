//! Pictures with `annotations.json` in COCO's format. It has no classes of whole pictures, so each is a box around all of
//! the picture.

use super::folder::{file, sub_folder};
use super::pictures::Pictures;
use super::set::LabeledSet;
use crate::error::{Context, Result};
use serde_json::json;
use std::path::Path;

/// Writes `images/FILE` and `annotations.json`: all classes as categories, from 1, and one annotation for each picture, whose
/// `bbox` is `[0, 0, width, height]` in pixels of the picture as it is to be looked at; `segmentation` is the same as a polygon, for
/// readers that draw it.
///
/// # Errors
/// As [`Pictures::put`].
pub(super) fn fill(folder: &Path, set: &LabeledSet<'_>, pictures: &Pictures<'_>) -> Result<()> {
    let LabeledSet { labels, classes, .. } = set;
    let (names, sizes) = (pictures.names(labels), pictures.sizes(labels)?);
    let (mut images, mut annotations) = (Vec::new(), Vec::new());
    for (id, ((label, name), [height, width])) in (1..).zip(labels.iter().zip(&names).zip(sizes)) {
        images.push(json!({"id": id, "file_name": name, "width": width, "height": height}));
        let category = classes.iter().position(|class| *class == label.class).map(|class| class + 1);
        annotations.push(json!({
            "id": id,
            "image_id": id,
            "category_id": category,
            "bbox": [0, 0, width, height],
            "segmentation": [[0, 0, width, 0, width, height, 0, height]],
            "area": width * height,
            "iscrowd": 0,
        }));
    }
    let categories = (1..).zip(classes).map(|(id, name)| json!({"id": id, "name": name}));
    let all = json!({
        "info": {"description": format!("labels of {}; each box is the whole picture", set.name)},
        "images": images,
        "categories": categories.collect::<Vec<_>>(),
        "annotations": annotations,
    });
    let images = folder.join("images");
    sub_folder(&images)?;
    pictures.put(labels, &names.iter().map(|name| images.join(name)).collect::<Vec<_>>())?;
    let all = serde_json::to_vec_pretty(&all).context("cannot write the annotations as JSON")?;
    file(&folder.join("annotations.json"), &all)
}
