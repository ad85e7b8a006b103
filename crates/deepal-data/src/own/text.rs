//! Texts as TF-IDF vectors.

use super::Inputs;
use super::inputs::digest;
use crate::error::Result;
use ndarray::Array2;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};

/// Texts as vectors of word weights: how often a word is in the text times `ln((1 + n) / (1 + df)) + 1`, with `df` of `n` texts
/// that have it (Spärck Jones, Journal of Documentation, 1972, smoothed), divided by
/// the vector's length. Words are runs of two or more letters, digits (as Rust's
/// `char::is_alphanumeric` has them) and `_`, in lower case. The vocabulary are the words that most texts
/// have, and at least two.
///
/// Memory: the words of each text that are in the vocabulary, 8 bytes each, and the texts.
pub(super) struct Texts {
    texts: Vec<String>,
    /// Of each text, the positions of its words in the vocabulary, and their weights.
    weights: Vec<Vec<(u32, f32)>>,
    vocabulary: Vec<String>,
    encoding: String,
    empty: usize,
    most_words: usize,
}

impl Texts {
    /// # Errors
    /// In words: no word that two texts have.
    pub(super) fn new(texts: Vec<Option<String>>, most_words: usize) -> Result<Self, String> {
        let texts = texts.into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>();
        let mut documents = BTreeMap::<String, usize>::new();
        for text in &texts {
            counts(text).into_keys().for_each(|word| *documents.entry(word).or_default() += 1);
        }
        let mut words = documents.iter().filter(|(_, df)| **df > 1).collect::<Vec<_>>();
        words.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        words.truncate(most_words);
        words.sort();
        if words.is_empty() {
            return Err("has no word that two of its texts share, so nothing can be learnt from it".into());
        }
        let places = (0..)
            .zip(&words)
            .map(|(at, (word, df))| (word.as_str(), (at, **df)))
            .collect::<HashMap<_, (u32, _)>>();
        let n = texts.len() as f64;
        let weigh = |text: &String| {
            let mut weights = Vec::new();
            for (word, count) in counts(text) {
                if let Some((at, df)) = places.get(word.as_str()) {
                    let idf = ((1.0 + n) / (1.0 + *df as f64)).ln() + 1.0;
                    weights.push((*at, count as f64 * idf));
                }
            }
            let length = weights.iter().map(|(_, weight)| weight * weight).sum::<f64>().sqrt();
            weights.into_iter().map(|(at, weight)| (at, (weight / length) as f32)).collect::<Vec<_>>()
        };
        let weights = texts.iter().map(weigh).collect::<Vec<_>>();
        let empty = weights.iter().filter(|weights| weights.is_empty()).count();
        let encoded = words.iter().map(|(word, df)| format!("{word} {df} of {}", texts.len()));
        let encoding = digest(&encoded.collect::<Vec<_>>());
        let vocabulary = words.into_iter().map(|(word, _)| word.clone()).collect();
        Ok(Self { texts, weights, vocabulary, encoding, empty, most_words })
    }

    /// What was made of them, in words.
    pub(super) fn words(&self) -> String {
        let empty = match self.empty {
            0 => String::new(),
            n => format!("; {n} texts have none of them"),
        };
        format!(
            "TF-IDF weights of {} words, those in most texts, in at least two, and at most {}{empty}",
            self.vocabulary.len(),
            self.most_words
        )
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
        [self.vocabulary.len(), 1, 1]
    }

    fn len(&self) -> usize {
        self.texts.len()
    }

    fn inputs(&self, rows: &[usize]) -> Result<Array2<f32>> {
        let mut inputs = Array2::zeros((rows.len(), self.vocabulary.len()));
        for (mut input, row) in inputs.outer_iter_mut().zip(rows) {
            self.weights[*row].iter().for_each(|(at, weight)| input[*at as usize] = *weight);
        }
        Ok(inputs)
    }

    fn encoding(&self) -> Option<String> {
        Some(self.encoding.clone())
    }

    fn digest(&self, row: usize) -> Result<[u8; 32]> {
        Ok(Sha256::digest(&self.texts[row]).into())
    }
}
