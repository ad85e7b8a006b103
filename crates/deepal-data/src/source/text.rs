//! Texts as TF-IDF vectors.

use super::Inputs;
use crate::error::Result;
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};

/// The words of texts that count, and how many texts have each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vocabulary {
    /// The column of the texts.
    pub column: String,
    /// How many texts there were.
    pub texts: usize,
    /// In the order of the inputs, each with the number of texts that had it.
    pub words: Vec<(String, usize)>,
}

impl Vocabulary {
    /// The words that most texts have, at least two of them, and at most `most_words`.
    ///
    /// # Errors
    /// In words: no word that two texts have.
    pub(super) fn fit(column: &str, texts: &[Option<String>], most_words: usize) -> Result<Self, String> {
        let mut documents = BTreeMap::<String, usize>::new();
        for text in texts.iter().flatten() {
            counts(text).into_keys().for_each(|word| *documents.entry(word).or_default() += 1);
        }
        let mut words = documents.into_iter().filter(|(_, df)| *df > 1).collect::<Vec<_>>();
        words.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        words.truncate(most_words);
        words.sort();
        if words.is_empty() {
            return Err("has no word that two of its texts share, so nothing can be learnt from it".into());
        }
        Ok(Self { column: column.into(), texts: texts.len(), words })
    }

    pub(super) fn check(&self) -> Result<(), String> {
        match self.words.iter().find(|(_, df)| !(1..=self.texts).contains(df)) {
            Some((word, df)) => Err(format!("has `{word}` in {df} of {} texts", self.texts)),
            None if self.words.is_empty() => Err("has no word".into()),
            None => Ok(()),
        }
    }
}

/// Texts as vectors of word weights: how often a word is in the text times `ln((1 + n) / (1 + df)) + 1`, with `df` of `n` texts
/// that have it (Spärck Jones, Journal of Documentation, 1972, smoothed), divided by
/// the vector's length. Words are runs of two or more letters, digits (as Rust's
/// `char::is_alphanumeric` has them) and `_`, in lower case. Those outside the vocabulary do not count.
///
/// Memory: the words of each text that are in the vocabulary, 8 bytes each, and the texts.
pub(super) struct Texts {
    texts: Vec<String>,
    /// Of each text, the positions of its words in the vocabulary, and their weights.
    weights: Vec<Vec<(u32, f32)>>,
    /// Words in the vocabulary.
    width: usize,
}

impl Texts {
    pub(super) fn new(texts: Vec<Option<String>>, vocabulary: &Vocabulary) -> Self {
        let texts = texts.into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>();
        let n = vocabulary.texts as f64;
        let idf = |df: usize| ((1.0 + n) / (1.0 + df as f64)).ln() + 1.0;
        let words = vocabulary.words.iter().map(|(word, df)| (word.as_str(), idf(*df)));
        let places = (0..).zip(words).map(|(at, (word, idf))| (word, (at, idf)));
        let places = places.collect::<HashMap<_, (u32, _)>>();
        let weigh = |text: &String| {
            let mut weights = Vec::new();
            for (word, count) in counts(text) {
                if let Some((at, idf)) = places.get(word.as_str()) {
                    weights.push((*at, count as f64 * idf));
                }
            }
            let length = weights.iter().map(|(_, weight)| weight * weight).sum::<f64>().sqrt();
            weights.into_iter().map(|(at, weight)| (at, (weight / length) as f32)).collect::<Vec<_>>()
        };
        let weights = texts.iter().map(weigh).collect::<Vec<_>>();
        Self { texts, weights, width: vocabulary.words.len() }
    }

    /// What was made of them, in words.
    pub(super) fn note(&self, column: &str) -> String {
        let empty = match self.weights.iter().filter(|weights| weights.is_empty()).count() {
            0 => String::new(),
            n => format!("; {n} texts have none of them"),
        };
        format!("column `{column}` is text: TF-IDF weights of {} words{empty}", self.width)
    }
}

/// How often each word is in a text.
fn counts(text: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    let lower = text.to_lowercase();
    for word in lower.split(|letter: char| !letter.is_alphanumeric() && letter != '_') {
        if word.chars().nth(1).is_some() {
            *counts.entry(word.to_owned()).or_default() += 1;
        }
    }
    counts
}

impl Inputs for Texts {
    fn shape(&self) -> [usize; 3] {
        [self.width, 1, 1]
    }

    fn len(&self) -> usize {
        self.texts.len()
    }

    fn inputs(&self, rows: &[usize]) -> Result<Array2<f32>> {
        let mut inputs = Array2::zeros((rows.len(), self.width));
        for (mut input, row) in inputs.outer_iter_mut().zip(rows) {
            self.weights[*row].iter().for_each(|(at, weight)| input[*at as usize] = *weight);
        }
        Ok(inputs)
    }

    fn digest(&self, row: usize) -> Result<[u8; 32]> {
        Ok(Sha256::digest(&self.texts[row]).into())
    }
}
