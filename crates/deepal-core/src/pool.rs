//! Who is labelled, and with what: annotations and the [`Pool`].

use crate::error::{Error, Result};
use crate::ids::{Class, SampleId};
use serde::{Deserialize, Serialize};

/// An answer about one sample: its class, or `None` to take an earlier answer back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Annotation {
    /// The sample.
    pub id: SampleId,
    /// Its class; `None` moves the sample back to the unlabelled pool.
    pub class: Option<Class>,
}

/// The labelled and the unlabelled pool, `D_l` and `D_u` of the paper.
///
/// The classes are declared, never counted from labels, so a class without a label keeps its place and a pool
/// may be without any label.
///
/// ```
/// use deepal_core::{Annotation, Class, Pool, SampleId};
///
/// let mut pool = Pool::new(3, 10);
/// pool.update(&[Annotation { id: SampleId(1), class: Some(Class(7)) }])?;
/// assert_eq!(pool.labeled(), [(SampleId(1), Class(7))]);
/// assert_eq!(pool.unlabeled(), [SampleId(0), SampleId(2)]);
/// # Ok::<(), deepal_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    labels: Vec<Option<Class>>,
    n_classes: usize,
}

impl Pool {
    /// A pool of `len` unlabelled samples with `n_classes` declared classes.
    pub fn new(len: usize, n_classes: usize) -> Self {
        Self { labels: vec![None; len], n_classes }
    }

    /// How many samples there are, labelled or not.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no sample at all.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// How many classes are declared.
    pub fn n_classes(&self) -> usize {
        self.n_classes
    }

    /// How many samples are labelled.
    pub fn n_labeled(&self) -> usize {
        self.labels.iter().flatten().count()
    }

    /// A sample's label, `None` while it has none.
    pub fn label(&self, id: SampleId) -> Option<Class> {
        self.labels.get(id.index()).copied().flatten()
    }

    /// The labelled samples by ascending id.
    pub fn labeled(&self) -> Vec<(SampleId, Class)> {
        self.iter().filter_map(|(id, label)| label.map(|class| (id, class))).collect()
    }

    /// The unlabelled samples by ascending id.
    pub fn unlabeled(&self) -> Vec<SampleId> {
        self.iter().filter(|(_, label)| label.is_none()).map(|(id, _)| id).collect()
    }

    /// Records answers: new labels, corrections, and labels taken back. The last answer about a sample counts.
    ///
    /// # Errors
    /// An unknown sample or class; the pool is then unchanged.
    pub fn update(&mut self, annotations: &[Annotation]) -> Result<()> {
        for annotation in annotations {
            if annotation.id.index() >= self.len() {
                return Err(Error::UnknownSample { id: annotation.id, len: self.len() });
            }
            if let Some(class) = annotation.class.filter(|class| class.index() >= self.n_classes) {
                return Err(Error::UnknownClass { class, n_classes: self.n_classes });
            }
        }
        for annotation in annotations {
            self.labels[annotation.id.index()] = annotation.class;
        }
        Ok(())
    }

    fn iter(&self) -> impl Iterator<Item = (SampleId, Option<Class>)> + '_ {
        self.labels.iter().enumerate().map(|(index, label)| (SampleId::from(index), *label))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(id: u32, class: impl Into<Option<u16>>) -> Annotation {
        Annotation { id: SampleId(id), class: class.into().map(Class) }
    }

    #[test]
    fn labels_are_set_corrected_and_taken_back() {
        let mut pool = Pool::new(4, 3);
        pool.update(&[answer(2, 0), answer(0, 1)]).unwrap();
        pool.update(&[answer(2, 2)]).unwrap();
        assert_eq!(pool.labeled(), [(SampleId(0), Class(1)), (SampleId(2), Class(2))]);
        pool.update(&[answer(0, None), answer(3, None)]).unwrap();
        assert_eq!(pool.labeled(), [(SampleId(2), Class(2))]);
        assert_eq!(pool.unlabeled(), [SampleId(0), SampleId(1), SampleId(3)]);
    }

    #[test]
    fn a_bad_answer_leaves_the_pool_as_it_was() {
        let mut pool = Pool::new(2, 3);
        assert!(matches!(pool.update(&[answer(0, 1), answer(5, 1)]), Err(Error::UnknownSample { .. })));
        assert!(matches!(pool.update(&[answer(0, 1), answer(1, 3)]), Err(Error::UnknownClass { .. })));
        assert_eq!(pool.n_labeled(), 0);
    }

    /// Trap D14: the reference's `if neg_idxs:` raises on an array.
    #[test]
    fn d14_update_takes_any_mix_of_answers_the_empty_one_included() {
        let mut pool = Pool::new(2, 2);
        pool.update(&[]).unwrap();
        pool.update(&[answer(0, 1), answer(1, None)]).unwrap();
        assert_eq!(pool.n_labeled(), 1);
    }
}
