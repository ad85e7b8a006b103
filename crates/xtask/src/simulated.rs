//! Labelling projects whose questions are answered by hidden labels.

use crate::Result;
use crate::recorded::Recorded;
use deepal::project::{Action, Answer, Done, Project, Setup};
use deepal::source::Open;
use deepal::{Dataset, Monitor, SampleId, Source, TrainedNet};
use std::path::Path;
use std::sync::Arc;

/// A project about a part of recorded data, and the rest, which tells the truth.
pub(crate) struct Simulated<'a> {
    recorded: &'a Recorded,
    pub(crate) project: Project,
    others: Arc<dyn Dataset>,
    hidden: Vec<u32>,
}

impl<'a> Simulated<'a> {
    /// A project about a random part of `n` samples in a folder; `set` changes its settings.
    pub(crate) fn new(
        recorded: &'a Recorded,
        folder: &Path,
        n: usize,
        seed: u64,
        set: impl FnOnce(&mut Setup),
    ) -> Result<Self> {
        let (pool, others) = recorded.split(n, seed);
        let source = recorded.write(&pool, &folder.join("pool.csv"))?;
        let mut setup = Setup::new(&source, recorded.classes.clone());
        (setup.seed, setup.net) = (seed, recorded.net.clone());
        set(&mut setup);
        let project = Project::create(&Project::folder_for(&source), &setup, Monitor::silent())?;
        let encoding = project.source().encoding.clone();
        let open = Open { encoding: encoding.as_ref(), unscaled: encoding.is_none(), ..Open::default() };
        let source = Source::open(&recorded.write(&others, &folder.join("others.csv"))?, &open)?;
        let hidden = others.iter().map(|sample| recorded.hidden[*sample]).collect();
        Ok(Self { recorded, project, others: source.dataset((0..others.len()).collect()), hidden })
    }

    /// Trains on all answers, and asks a batch of `n` questions.
    pub(crate) fn round(&self, n: usize) -> Result<Done> {
        let done = self.project.work().run(n, Monitor::silent())?;
        self.project.adopt(&done)?;
        Ok(done)
    }

    /// Answers all open questions.
    pub(crate) fn answer(&self) -> Result<()> {
        let answers = self.project.open_questions().into_iter().map(|question| {
            let class = self.recorded.hidden[question.id.parse::<usize>()?];
            Ok(Answer {
                id: question.id,
                action: Action::Label { class },
                asked_by: question.asked_by,
                annotator: "hidden labels".into(),
                millis: None,
            })
        });
        self.project.answer_all(&answers.collect::<Result<Vec<_>>>()?)?;
        Ok(())
    }

    /// How often a net is right on the samples that are not in the project.
    pub(crate) fn truth(&self, net: &dyn TrainedNet) -> Result<f64> {
        let predicted = net.predict(self.others.as_ref(), &SampleId::first(self.others.len()))?;
        let right =
            self.hidden.iter().zip(&predicted).filter(|(hidden, class)| **hidden == u32::from(class.0));
        Ok(right.count() as f64 / self.hidden.len() as f64)
    }
}
