//! Questions on paper: a page of what is asked, and a table to fill in.

use crate::state::{ClassInfo, Question};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use deepal_core::Meta;
use deepal_data::csv_row;
use deepal_data::source::Source;
use deepal_engine::Result;
use std::fmt::Write;

const HEAD: &str = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Questions</title>\n<style>\n\
body { font: 15px/1.4 system-ui, sans-serif; margin: 2em auto; max-width: 70em; padding: 0 1em }\n\
ol { display: grid; grid-template-columns: repeat(auto-fill, minmax(11em, 1fr)); gap: 1em; padding: 0; list-style: none }\n\
li { border: 1px solid #ccc; border-radius: 6px; padding: .7em; overflow-wrap: anywhere }\n\
img { width: 100%; max-height: 14em; object-fit: contain; image-rendering: pixelated }\n\
small { color: #555 }\n</style></head><body>\n";

/// A page that needs nothing besides itself: each question with its picture, if it is one, its id and what the net makes of it.
pub(crate) fn page(
    source: &Source,
    classes: &[ClassInfo],
    questions: &[(usize, Question)],
) -> Result<String> {
    let inputs = source.original.as_ref().unwrap_or(&source.inputs);
    let meta = Meta { shape: inputs.shape(), range: inputs.range(), ..source.meta() };
    let rows = questions.iter().map(|(row, _)| *row).collect::<Vec<_>>();
    let is_picture = deepal_engine::pixels::check(&meta).is_ok();
    let pictures = if is_picture { Some(inputs.inputs(&rows)?) } else { None };
    let names = classes.iter().map(|class| escape(&class.name)).collect::<Vec<_>>().join(", ");
    let mut page = String::from(HEAD);
    let _ = write!(
        page,
        "<h1>{}: {} questions</h1>\n<p>Write one of the classes {names} (or skip) for each into the table beside this page.</p>\n<ol>\n",
        escape(&source.name),
        questions.len()
    );
    for (at, (_, question)) in questions.iter().enumerate() {
        page += "<li>";
        if let Some(pictures) = &pictures {
            let input = pictures.row(at).to_vec();
            let png = deepal_engine::pixels::png(&input, &meta, 1).map_err(deepal_core::Error::other)?;
            let _ = write!(page, "<img alt=\"\" src=\"data:image/png;base64,{}\">", STANDARD.encode(png));
        }
        let _ = write!(page, "<p><b>{}</b></p>", escape(&question.id));
        let likeliest = question.likeliest.iter().filter_map(|(class, probability)| {
            let name = &classes.get(*class as usize)?.name;
            Some(format!("{} {:.0} %", escape(name), 100.0 * probability))
        });
        let mut why = vec![match question.rank {
            Some(rank) => format!("pick {rank} of the strategy"),
            None => "asked by the project".into(),
        }];
        why.extend(likeliest);
        let _ = writeln!(page, "<small>{}</small></li>", why.join("<br>"));
    }
    Ok(page + "</ol>\n</body></html>\n")
}

/// The table to fill in, `id,label`.
pub(crate) fn table(questions: &[(usize, Question)]) -> Vec<u8> {
    let mut table = b"id,label\n".to_vec();
    questions.iter().for_each(|(_, question)| table.extend(csv_row([question.id.as_str(), ""])));
    table
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
