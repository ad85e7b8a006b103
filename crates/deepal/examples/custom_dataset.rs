//! Data of your own without any label: inputs by id, and answers from wherever you have them.
//!
//! `cargo run --release --example custom_dataset`

#![expect(clippy::print_stdout, reason = "an example shows its results")]

use deepal::ndarray::Array2;
use deepal::{
    ActiveLearner, Annotation, Class, CoreError, Dataset, Meta, SampleId, contract, nets, strategy,
};
use std::sync::Arc;

/// Points on two spirals, made when they are asked for; yours may come from files or a database.
struct Spirals {
    meta: Meta,
    len: usize,
}

impl Spirals {
    fn new(len: usize) -> Self {
        let classes = vec!["left".into(), "right".into()];
        Self { meta: Meta { name: "spirals".into(), shape: [2, 1, 1], classes, range: vec![] }, len }
    }

    fn arm(id: SampleId) -> u16 {
        (id.0 % 2) as u16
    }
}

impl Dataset for Spirals {
    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn len(&self) -> usize {
        self.len
    }

    fn inputs(&self, ids: &[SampleId]) -> Result<Array2<f32>, CoreError> {
        if let Some(&id) = ids.iter().find(|id| id.index() >= self.len) {
            return Err(CoreError::UnknownSample { id, len: self.len });
        }
        Ok(Array2::from_shape_fn((ids.len(), 2), |(row, axis)| {
            let way = ids[row].0 as f32 / self.len as f32;
            let angle = 7.0 * way + std::f32::consts::PI * f32::from(Self::arm(ids[row]));
            way * if axis == 0 { angle.cos() } else { angle.sin() }
        }))
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let data = Arc::new(Spirals::new(1000));
    contract::check_dataset(data.as_ref())?;

    let net = nets::build("mlp", data.meta(), &nets::Options::default())?;
    let mut learner = ActiveLearner::new(data.clone(), net, strategy::build("entropy")?, 1)?;
    // A person, a file, a web service: whoever looks at a sample and names its class.
    let ask = |id: SampleId| Annotation { id, class: Some(Class(Spirals::arm(id))) };

    let first = learner.initial(10);
    learner.update(&first.ids.iter().copied().map(ask).collect::<Vec<_>>())?;
    learner.train()?;
    for _round in 1..=5 {
        let query = learner.query(10)?;
        learner.update(&query.ids.iter().copied().map(ask).collect::<Vec<_>>())?;
        learner.train()?;
        let classes = learner.predict(data.as_ref())?;
        let right = classes.iter().enumerate().filter(|(i, class)| class.0 == (i % 2) as u16).count();
        println!("{} labels: {right} of {} right", learner.pool().n_labeled(), data.len());
    }
    // A label can be corrected, or taken back: the sample then goes to the unlabelled pool again.
    learner.update(&[Annotation { id: first.ids[0], class: None }])?;
    println!("{} labels after taking one back", learner.pool().n_labeled());
    Ok(())
}
