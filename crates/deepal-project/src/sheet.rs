//! Questions on paper: a page of what is asked, and a table to fill in.

use crate::state::{ClassInfo, Question};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use deepal_data::csv_row;
use deepal_data::source::{Shown, Source};
use deepal_engine::Result;
use deepal_engine::text::harmless;
use std::fmt::Write;

/// The longest side of a picture, in pixels.
const SIDE: u32 = 480;

const HEAD: &str = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Questions</title>\n<style>\n\
body { font: 15px/1.4 system-ui, sans-serif; margin: 2em auto; max-width: 70em; padding: 0 1em }\n\
ol { display: grid; grid-template-columns: repeat(auto-fill, minmax(11em, 1fr)); gap: 1em; padding: 0; list-style: none }\n\
ol.words { grid-template-columns: repeat(auto-fill, minmax(22em, 1fr)) }\n\
li { border: 1px solid #ccc; border-radius: 6px; padding: .7em; overflow-wrap: anywhere }\n\
img { width: 100%; max-height: 14em; object-fit: contain; image-rendering: pixelated }\n\
.text { white-space: pre-wrap }\n\
table { border-collapse: collapse; width: 100% }\n\
th { color: #555; font-weight: normal; padding-right: 1em; text-align: left; vertical-align: top }\n\
small { color: #555 }\n</style></head><body>\n";

/// A page that needs nothing besides itself: each question with its picture, text or cells, its id and what the net makes of it.
pub(crate) fn page(
    source: &Source,
    classes: &[ClassInfo],
    questions: &[(usize, Question)],
) -> Result<String> {
    let names = classes.iter().map(|class| escape(&class.name)).collect::<Vec<_>>().join(", ");
    let mut page = String::from(HEAD);
    let _ = write!(
        page,
        "<h1>{}: {} questions</h1>\n<p>Write one of the classes {names} (or skip) for each into the table beside this page.</p>\n{}\n",
        escape(&source.name),
        questions.len(),
        if source.has_pictures() { "<ol>" } else { "<ol class=\"words\">" }
    );
    for (row, question) in questions {
        let _ = write!(page, "<li>{}<p><b>{}</b></p>", sample(source.show(*row)?)?, escape(&question.id));
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

/// What a person sees of a sample, as HTML.
fn sample(shown: Shown) -> Result<String> {
    Ok(match shown {
        Shown::Picture(pixels) => {
            let picture = pixels.encode(SIDE)?;
            let bytes = STANDARD.encode(picture.bytes);
            format!("<img alt=\"\" src=\"data:{};base64,{bytes}\">", picture.media_type)
        }
        Shown::Text(text) => format!("<div class=\"text\">{}</div>", escape(&text)),
        Shown::Fields(fields) => {
            let row = |(name, cell): &(String, String)| {
                format!("<tr><th>{}</th><td>{}</td></tr>", escape(name), escape(cell))
            };
            format!("<table>{}</table>", fields.iter().map(row).collect::<String>())
        }
        Shown::Nothing => String::new(),
    })
}

/// The table to fill in, `id,label`.
pub(crate) fn table(questions: &[(usize, Question)]) -> Vec<u8> {
    let mut table = b"id,label\n".to_vec();
    questions.iter().for_each(|(_, question)| table.extend(csv_row([question.id.as_str(), ""])));
    table
}

fn escape(text: &str) -> String {
    harmless(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
