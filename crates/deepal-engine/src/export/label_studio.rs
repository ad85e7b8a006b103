//! Tasks with annotations for Label Studio, and the labelling configuration that they need.

use super::set::{How, LabeledSet};
use crate::error::{Context, Error, Result, bail};
use deepal_data::write_atomically;
use serde_json::json;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Writes a list of tasks to `out` and the configuration beside it, with the extension `xml`. Pictures of a folder are named
/// by its name and their path in it, for a server whose `LOCAL_FILES_DOCUMENT_ROOT` is the folder's parent; texts are in the tasks; of
/// other data only the ids are shown.
///
/// # Errors
/// An `out` that is an XML file, or cannot be written.
pub(super) fn write(out: &Path, set: &LabeledSet<'_>) -> Result<()> {
    let config = out.with_extension("xml");
    if config == out {
        bail!(Error::Setting(format!(
            "`{}` is the name of the labelling configuration; name another file, such as tasks.json",
            out.display()
        )));
    }
    let object = if set.folder.is_some() { "image" } else { "text" };
    let has_texts = set.labels.iter().all(|label| label.text.is_some());
    let tasks = set.labels.iter().map(|label| {
        let mut data = match label.how {
            How::Bought { round, strategy, score, rank } => json!({
                "id": label.id,
                "al_round": round,
                "al_rank": rank,
                "al_score": score,
                "al_strategy": strategy,
            }),
            How::Answered { asked_by } => json!({"id": label.id, "al_asked_by": asked_by}),
        };
        if let Some(folder) = &set.folder {
            data["image"] = address(folder, label.id).into();
        } else if has_texts {
            data["text"] = label.text.as_deref().into();
        }
        let value = json!({"choices": [label.class]});
        let choice = json!({"from_name": "label", "to_name": object, "type": "choices", "value": value});
        json!({"data": data, "annotations": [{"result": [choice]}]})
    });
    let tasks =
        serde_json::to_vec_pretty(&tasks.collect::<Vec<_>>()).context("cannot write tasks as JSON")?;
    let shown = match object {
        "image" => r#"<Image name="image" value="$image"/>"#,
        _ if has_texts => r#"<Text name="text" value="$text"/>"#,
        _ => r#"<Text name="text" value="$id"/>"#,
    };
    let xml = interface(object, shown, &set.classes);
    write_atomically(out, &tasks)?;
    Ok(write_atomically(&config, xml.as_bytes())?)
}

/// Where Label Studio's server shows a file of a folder.
fn address(folder: &Path, id: &str) -> String {
    let name = std::fs::canonicalize(folder).ok().and_then(|path| path.file_name().map(PathBuf::from));
    let path = name.unwrap_or_default().join(id);
    let mut address = "/data/local-files/?d=".to_owned();
    for byte in path.to_string_lossy().bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                address.push(char::from(byte));
            }
            _ => drop(write!(address, "%{byte:02X}")),
        }
    }
    address
}

/// The labelling configuration: what is looked at, and one choice among the classes.
fn interface(object: &str, shown: &str, classes: &[String]) -> String {
    let mut xml =
        format!("<View>\n  {shown}\n  <Choices name=\"label\" toName=\"{object}\" choice=\"single\">\n");
    for class in classes {
        let class = class.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
        let _ = writeln!(xml, "    <Choice value=\"{class}\"/>");
    }
    xml + "  </Choices>\n</View>\n"
}
