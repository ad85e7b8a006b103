//! What takes long: training a net and choosing the next questions, from a snapshot, on any thread.

use crate::accuracy;
use crate::answer::{AskedBy, EventId};
use crate::reserve::{self, Reserve};
use crate::setup::Setup;
use crate::state::{Batch, Question, State, TrainingRecord};
use deepal_core::seed::{Purpose, derive};
use deepal_core::{
    ActiveLearner, Annotation, Ask, Class, Dataset, Error as CoreError, SampleId, Signal, Strategy,
    TrainedNet, score, strategy,
};
use deepal_data::source::{Source, order_by_id};
use deepal_engine::{Catalog, Monitor, Result, check_classes};
use deepal_nn::nets::Options;
use ndarray::{Array2, Axis, concatenate};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Instant;

/// Samples that are predicted between two looks at whether to stop.
const PIECE: usize = 4096;
/// The likeliest classes and the nearest samples that go with a question.
const SHOWN: usize = 3;
/// Labelled samples among which the nearest are looked for.
const MOST_COMPARED: usize = 5000;

/// A training and a choice of questions that is to be done. Owns all that it needs.
pub struct Work {
    pub(crate) source: Arc<Source>,
    pub(crate) setup: Setup,
    pub(crate) state: Arc<State>,
    pub(crate) reserve: Arc<Reserve>,
    /// How many batches there were before.
    pub(crate) round: u32,
    /// The newest event of the snapshot.
    pub(crate) as_of: EventId,
}

impl std::fmt::Debug for Work {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Work(round {} of {:?})", self.round, self.source)
    }
}

/// What [`Work::run`] gave.
pub struct Done {
    /// `None` while no net can be trained.
    pub net: Option<Arc<dyn TrainedNet>>,
    /// The probabilities of all samples, `[n, c]`, if there is a net.
    pub probs: Option<Array2<f64>>,
    /// The next questions; none if none was asked for.
    pub batch: Batch,
    /// How the training went, if there was one.
    pub training: Option<TrainingRecord>,
    /// The newest event that the choice knew.
    pub(crate) as_of: EventId,
}

impl std::fmt::Debug for Done {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let net = self.net.as_ref().map(|net| net.name());
        f.debug_struct("Done")
            .field("net", &net)
            .field("batch", &self.batch)
            .field("training", &self.training)
            .finish()
    }
}

impl Work {
    /// Trains a net on the labels (but those of the audit) if there are two classes, and chooses a batch of `n` questions. While no
    /// net can be trained, `auto` takes the place of a strategy that needs one.
    ///
    /// # Errors
    /// Samples that cannot be read, or the caller stopped it.
    pub fn run(self, n: usize, monitor: Monitor<'_>) -> Result<Done> {
        let start = Instant::now();
        let source = with_classes(&self.source, self.state.class_names());
        let all = source.dataset((0..source.ids.len()).collect());
        let labeled = self.to_learn();
        let can_train = labeled.iter().map(|(_, class)| *class).collect::<BTreeSet<_>>().len() > 1;
        let (candidates, audit, skipped) = self.candidates();
        let (strategy, fallback) = self.strategy(can_train)?;

        let mut rows =
            labeled.iter().map(|(row, _)| *row).chain(candidates.iter().copied()).collect::<Vec<_>>();
        order_by_id(&mut rows, &source.ids);
        let places = rows.iter().enumerate().map(|(at, row)| (*row, SampleId::from(at)));
        let places = places.collect::<HashMap<_, _>>();
        let net = self.setup.net_name(all.meta());
        let net = Catalog::default().net(net, all.meta(), &Options::default())?;
        let data = source.dataset(rows.clone());
        let mut learner = ActiveLearner::new(data, net, strategy, self.setup.seed)?;
        let answers = labeled.iter().map(|(row, class)| Annotation { id: places[row], class: Some(*class) });
        learner.update(&answers.collect::<Vec<_>>())?;
        learner.resume_at(self.round);
        if can_train {
            check_classes(all.meta(), source.ids.len(), None)?;
            learner.adopt(learner.training()?.run(&mut monitor.watch())?);
        }
        let net = learner.trained().ok().cloned();
        let probs = net.as_deref().map(|net| predict(net, all.as_ref(), &monitor)).transpose()?;
        let training = probs.as_ref().map(|probs| self.record(probs, labeled.len(), start));

        let asked = |by: AskedBy| self.state.items.iter().filter(|item| item.asked_by == Some(by)).count();
        let audited = asked(AskedBy::Audit);
        let quota = reserve::quota(self.setup.audit, asked(AskedBy::Strategy) + audited, audited, n);
        // Where one kind runs out the other fills up, and what was skipped comes last.
        let n_audit = quota.max(n.saturating_sub(candidates.len())).min(audit.len());
        let n_picks = n.saturating_sub(n_audit).min(candidates.len());
        let query =
            if n_picks > 0 { Some(learner.query_watched(n_picks, &mut monitor.watch())?) } else { None };
        let picks = query.iter().flat_map(|query| {
            query.ids.iter().enumerate().map(|(rank, id)| {
                let score = query.scores.as_ref().map(|scores| scores[rank]);
                (rows[id.index()], AskedBy::Strategy, Some(rank + 1), score)
            })
        });
        let drawn = audit.iter().take(n_audit).map(|row| (*row, AskedBy::Audit, None, None));
        let seed = derive(self.setup.seed, self.round, Purpose::Initial);
        let mut asked = reserve::mix(picks.collect(), drawn.collect(), seed);
        if candidates.is_empty() && audit.is_empty() {
            let again = |row: &usize| {
                let by = if self.reserve.is_audit(*row) { AskedBy::Audit } else { AskedBy::Strategy };
                (*row, by, None, None)
            };
            asked = skipped.iter().take(n).map(again).collect();
        }
        let at = asked.iter().map(|(row, ..)| *row).collect::<Vec<_>>();
        let labeled_rows = labeled.iter().map(|(row, _)| *row).take(MOST_COMPARED).collect::<Vec<_>>();
        let nearest = nearest(&at, &labeled_rows, net.as_deref(), all.as_ref())?;
        let questions =
            asked.into_iter().zip(nearest).map(|((row, asked_by, rank, score), nearest)| Question {
                id: source.ids[row].clone(),
                asked_by,
                rank,
                score,
                likeliest: probs.as_ref().map_or_else(Vec::new, |probs| likeliest(probs.row(row))),
                nearest: nearest.into_iter().map(|row| source.ids[row].clone()).collect(),
            });
        let batch = Batch {
            event: 0,
            questions: questions.collect(),
            strategy: learner.strategy().name().into(),
            fallback,
            n_labeled: labeled.len(),
        };
        Ok(Done { net, probs, batch, training, as_of: self.as_of })
    }

    /// The rows and classes of all labels but those of the audit and of a test set.
    fn to_learn(&self) -> Vec<(usize, Class)> {
        let items = self.state.items.iter().enumerate();
        let learns = |row: usize, by| by != Some(AskedBy::Audit) && !self.reserve.is_test(row);
        items
            .filter(|(row, item)| learns(*row, item.asked_by))
            .filter_map(|(row, item)| Some((row, class(item.class?))))
            .collect()
    }

    /// The rows that the strategy may pick, and in the order of a draw those of the audit and those that were skipped.
    fn candidates(&self) -> (Vec<usize>, Vec<usize>, Vec<usize>) {
        let (mut open, mut audit, mut skipped) = (Vec::new(), Vec::new(), Vec::new());
        for (row, item) in self.state.items.iter().enumerate().filter(|(row, _)| !self.reserve.is_test(*row))
        {
            if item.is_skipped {
                skipped.push(row);
            } else if item.is_open() {
                (if self.reserve.is_audit(row) { &mut audit } else { &mut open }).push(row);
            }
        }
        self.reserve.sort(&mut audit);
        self.reserve.sort(&mut skipped);
        (open, audit, skipped)
    }

    /// The strategy, or what takes its place while no net can be trained.
    fn strategy(&self, can_train: bool) -> Result<(Box<dyn Strategy>, Option<String>)> {
        let chosen = Catalog::default().strategy(&self.setup.strategy)?;
        let of_net = |need: &Signal| {
            need.kind().origin == deepal_core::signals::Origin::Net
                && !matches!(need, Signal::Embeddings | Signal::LabeledEmbeddings)
        };
        if can_train || chosen.starts_cold() || !chosen.needs().iter().any(of_net) {
            return Ok((chosen, None));
        }
        let default = strategy::DEFAULT;
        let why = format!(
            "`{}` needs a trained net, and there are no labels of two classes yet, so `{default}` chose",
            chosen.name()
        );
        Ok((Catalog::default().strategy(default)?, Some(why)))
    }

    fn record(&self, probs: &Array2<f64>, n_labeled: usize, start: Instant) -> TrainingRecord {
        let predicted = most_probable(probs);
        let pairs =
            self.state.predicted.iter().zip(&predicted).filter_map(|(was, is)| Some((*was)? == (*is)?));
        let pairs = pairs.collect::<Vec<_>>();
        let same = pairs.iter().filter(|is_same| **is_same).count();
        TrainingRecord {
            event: 0,
            at: 0,
            n_labeled,
            seconds: start.elapsed().as_secs_f64(),
            audit: accuracy::audit(&self.state, &predicted),
            agreement: (!pairs.is_empty()).then(|| same as f64 / pairs.len() as f64),
        }
    }
}

/// A class of a project as one of the core: there are fewer than 65,536.
pub(crate) fn class(class: u32) -> Class {
    Class(class as u16)
}

/// The most probable class of each row.
pub(crate) fn most_probable(probs: &Array2<f64>) -> Vec<Option<u32>> {
    probs.outer_iter().map(|row| Some(u32::from(score::most_probable(row).0))).collect()
}

/// The same samples with the classes of the project.
pub(crate) fn with_classes(source: &Source, classes: Vec<String>) -> Source {
    Source { classes, ..source.clone() }
}

/// The probabilities of all samples, `[n, c]`.
pub(crate) fn predict(
    net: &dyn TrainedNet,
    data: &dyn Dataset,
    monitor: &Monitor<'_>,
) -> Result<Array2<f64>> {
    let mut pieces = Vec::new();
    for ids in SampleId::first(data.len()).chunks(PIECE) {
        if monitor.is_stopped() {
            return Err(CoreError::Cancelled.into());
        }
        pieces.push(net.predict_proba(data, ids)?);
    }
    let views = pieces.iter().map(|piece| piece.view()).collect::<Vec<_>>();
    Ok(concatenate(Axis(0), &views).map_err(CoreError::other)?)
}

/// The likeliest classes of a row of probabilities, the likeliest first.
fn likeliest(probs: ndarray::ArrayView1<'_, f64>) -> Vec<(u32, f64)> {
    let mut classes = (0_u32..).zip(probs.iter().copied()).collect::<Vec<_>>();
    classes.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    classes.truncate(SHOWN);
    classes
}

/// For each of `rows` the nearest of `labeled`, by what the net makes of them, or by inputs if there is none.
fn nearest(
    rows: &[usize],
    labeled: &[usize],
    net: Option<&dyn TrainedNet>,
    data: &dyn Dataset,
) -> Result<Vec<Vec<usize>>> {
    if labeled.is_empty() || rows.is_empty() {
        return Ok(vec![Vec::new(); rows.len()]);
    }
    let embed = |rows: &[usize]| -> Result<Array2<f32>> {
        let ids = rows.iter().map(|row| SampleId::from(*row)).collect::<Vec<_>>();
        match net.filter(|net| net.supports(Signal::Embeddings)) {
            Some(net) => {
                let ask = Ask { signals: &[Signal::Embeddings], unlabeled: &ids, labeled: &[], seed: 0 };
                Ok(net.signals(data, &ask)?.embeddings()?.to_owned())
            }
            None => Ok(data.inputs(&ids)?),
        }
    };
    let (questions, known) = (embed(rows)?, embed(labeled)?);
    let of = |question: ndarray::ArrayView1<'_, f32>| {
        let distance = |other: ndarray::ArrayView1<'_, f32>| {
            question.iter().zip(other).map(|(a, b)| f64::from((a - b) * (a - b))).sum::<f64>()
        };
        let mut near = known.outer_iter().map(distance).zip(labeled.iter().copied()).collect::<Vec<_>>();
        near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        near.into_iter().take(SHOWN).map(|(_, row)| row).collect()
    };
    Ok(questions.outer_iter().map(of).collect())
}
