//! What samples and classes are called: [`SampleId`] and [`Class`].

use serde::{Deserialize, Serialize};

/// A sample's position in its data set; it stays the same for the whole run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SampleId(pub u32);

impl SampleId {
    /// The id as an array index.
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// The ids `0..n`.
    pub fn first(n: usize) -> Vec<SampleId> {
        (0..n).map(SampleId::from).collect()
    }
}

impl From<usize> for SampleId {
    /// # Panics
    /// Above 2³² samples.
    #[expect(clippy::expect_used, reason = "a pool in one process holds fewer than 2^32 samples")]
    fn from(index: usize) -> Self {
        Self(u32::try_from(index).expect("fewer than 2^32 samples"))
    }
}

/// A class, as a position in the declared list of class names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Class(pub u16);

impl Class {
    /// The class as an array index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}
