//! The practitioner's loop in code: open a folder, ask, answer by a closure, train, predict the rest, write the labels.
//!
//! `cargo run --release --example label_own_folder -- FOLDER` (without one, on a folder that it makes of the digits)

#![expect(clippy::print_stdout, reason = "an example shows its results")]

use deepal::source::Open;
use deepal::{ActiveLearner, Annotation, Class, Query, SampleId, Source, files, nets, strategy};

#[path = "shared/digits_folder.rs"]
mod digits_folder;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = digits_folder::given_or_made("label")?;
    let source = Source::open(&folder, &Open::default())?;
    let data = source.dataset((0..source.ids.len()).collect());
    let net = nets::build("mlp", data.meta(), &nets::Options::default())?;
    let mut learner = ActiveLearner::new(data.clone(), net, strategy::build("auto")?, 1)?;
    // A person who looks at the picture; here its folder says what it is.
    let look = |id: SampleId| -> Option<Class> {
        let name = source.ids[id.index()].split('/').next()?;
        Some(Class(source.classes.iter().position(|class| class == name)? as u16))
    };
    let answer = |query: &Query| -> Vec<Annotation> {
        query.ids.iter().map(|&id| Annotation { id, class: look(id) }).collect()
    };
    for _round in 0..5 {
        let query = learner.query(20)?;
        learner.update(&answer(&query))?;
        learner.train()?;
    }
    let rest = learner.pool().unlabeled();
    let predicted = learner.trained()?.predict(data.as_ref(), &rest)?;
    let right = rest.iter().zip(&predicted).filter(|(id, class)| look(**id) == Some(**class)).count();
    println!("{} labels; {right} of the other {} predicted right", learner.pool().n_labeled(), rest.len());
    let mut table = b"id,label\n".to_vec();
    for (id, class) in learner.pool().labeled() {
        table.extend(deepal::files::csv_row([&source.ids[id.index()], &source.classes[class.index()]]));
    }
    let out = folder.with_extension("labels.csv");
    files::write_atomically(&out, &table)?;
    println!("labels in {}", out.display());
    Ok(())
}
