//! Texts as TF-IDF vectors.

use super::Inputs;
use super::show::Shown;
use crate::error::Result;
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};

/// No word of a language that puts spaces between words is mostly so long, in bytes.
const LONG: usize = 30;

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
    /// Whether all letters count as those of a script without spaces do: for texts that are one long word each.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub letters: bool,
    /// Whether a word that is in a text `t` times counts `1 + ln t`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sublinear: bool,
}

impl Vocabulary {
    /// The words that most texts have, at least two of them, and at most `most_words`. If there is none, or most texts are a
    /// long word each, these are runs of letters.
    ///
    /// # Errors
    /// In words: no word or letter that two texts have.
    pub(super) fn fit(column: &str, texts: &[Option<String>], most_words: usize) -> Result<Self, String> {
        if are_long_words(texts) {
            return Self::fit_to(column, texts, most_words, true);
        }
        Self::fit_to(column, texts, most_words, false)
            .or_else(|_| Self::fit_to(column, texts, most_words, true))
    }

    fn fit_to(
        column: &str,
        texts: &[Option<String>],
        most_words: usize,
        letters: bool,
    ) -> Result<Self, String> {
        let mut documents = BTreeMap::<String, usize>::new();
        for text in texts.iter().flatten() {
            counts(text, letters).into_keys().for_each(|word| *documents.entry(word).or_default() += 1);
        }
        let mut words = documents.into_iter().filter(|(_, df)| *df > 1).collect::<Vec<_>>();
        words.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        words.truncate(most_words);
        words.sort();
        if words.is_empty() {
            return Err("has no word that two of its texts share, so nothing can be learnt from it".into());
        }
        Ok(Self { column: column.into(), texts: texts.len(), words, letters, sublinear: false })
    }

    /// What is counted, in words.
    pub(super) fn unit(&self) -> &'static str {
        let is_unspaced = |(word, _): &(String, usize)| word.chars().all(is_unspaced);
        match (self.letters, self.words.iter().filter(|word| is_unspaced(word)).count()) {
            (true, _) => "runs of one to three letters, as the texts have no spaces,",
            (false, 0) => "words",
            (false, n) if n == self.words.len() => {
                "single letters and pairs of letters, as their script has no spaces,"
            }
            _ => "words, and single letters and pairs of letters of scripts without spaces,",
        }
    }

    pub(super) fn check(&self) -> Result<(), String> {
        match self.words.iter().find(|(_, df)| !(1..=self.texts).contains(df)) {
            Some((word, df)) => Err(format!("has `{word}` in {df} of {} texts", self.texts)),
            None if self.words.is_empty() => Err("has no word".into()),
            None => Ok(()),
        }
    }
}

/// Texts as vectors of word weights: how often a word is in the text, or one and the logarithm of that, times `ln((1 + n) / (1 + df)) + 1`, with `df` of `n` texts
/// that have it (Spärck Jones, Journal of Documentation, 1972, smoothed), divided by
/// the vector's length. Words are runs of two or more letters, digits (as Rust's
/// `char::is_alphanumeric` has them) and `_`, in lower case. In scripts without spaces they are single letters and pairs of
/// them. Those outside the vocabulary do not count.
///
/// Memory: the words of each text that are in the vocabulary, 8 bytes each, and the texts.
pub(super) struct Texts {
    texts: Vec<String>,
    /// Of each text, the positions of its words in the vocabulary, and their weights.
    weights: Vec<Vec<(u32, f32)>>,
    /// Words in the vocabulary.
    width: usize,
    unit: &'static str,
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
            for (word, count) in counts(text, vocabulary.letters) {
                if let Some((at, idf)) = places.get(word.as_str()) {
                    let count = count as f64;
                    weights.push((*at, idf * if vocabulary.sublinear { 1.0 + count.ln() } else { count }));
                }
            }
            let length = weights.iter().map(|(_, weight)| weight * weight).sum::<f64>().sqrt();
            weights.into_iter().map(|(at, weight)| (at, (weight / length) as f32)).collect::<Vec<_>>()
        };
        let weights = texts.iter().map(weigh).collect::<Vec<_>>();
        Self { texts, weights, width: vocabulary.words.len(), unit: vocabulary.unit() }
    }

    /// What was made of them, in words.
    pub(super) fn note(&self, column: &str) -> String {
        let empty = match self.weights.iter().filter(|weights| weights.is_empty()).count() {
            0 => String::new(),
            n => format!("; {n} texts have none of them"),
        };
        format!(
            "column `{column}` is text: TF-IDF weights of {} {}{empty}",
            self.width,
            self.unit.trim_end_matches(',')
        )
    }
}

/// How many pieces a text has that can be words.
pub(super) fn pieces(text: &str) -> usize {
    text.split_whitespace().count().max(text.chars().filter(|letter| is_unspaced(*letter)).take(8).count())
}

/// Whether most texts are one word that is longer than words are: sequences, say.
pub(super) fn are_long_words(texts: &[Option<String>]) -> bool {
    let is_long = |text: &&String| {
        text.len() >= LONG && !text.contains(|letter: char| letter.is_whitespace() || is_unspaced(letter))
    };
    let given = texts.iter().flatten().count();
    given > 0 && 2 * texts.iter().flatten().filter(is_long).count() > given
}

/// Whether a letter is of a script that puts no spaces between words: Chinese, Japanese, Thai, Lao, Khmer, Burmese, Tibetan.
fn is_unspaced(letter: char) -> bool {
    matches!(u32::from(letter),
        0x0e00..=0x0eff | 0x0f40..=0x0fbc | 0x1000..=0x109f | 0x1780..=0x17ff | 0x3005..=0x3007 | 0x3040..=0x30ff
        | 0x31f0..=0x31ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0xff66..=0xff9f | 0x2_0000..=0x3_ffff)
}

/// How often each word is in a text; with `letters` each run of one to three letters.
fn counts(text: &str, letters: bool) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    let mut add = |word: String| *counts.entry(word).or_default() += 1;
    let lower = text.to_lowercase();
    if letters {
        let letters = lower.chars().filter(|letter| !letter.is_whitespace()).collect::<Vec<_>>();
        for size in 1..=3 {
            letters.windows(size).for_each(|run| add(run.iter().collect()));
        }
        return counts;
    }
    for word in lower.split(|letter: char| !letter.is_alphanumeric() && letter != '_' && !is_unspaced(letter))
    {
        if !word.contains(is_unspaced) {
            if word.chars().nth(1).is_some() {
                add(word.to_owned());
            }
            continue;
        }
        let letters = word.chars().collect::<Vec<_>>();
        for run in letters.chunk_by(|a, b| is_unspaced(*a) == is_unspaced(*b)) {
            if is_unspaced(run[0]) {
                run.iter().for_each(|letter| add(letter.to_string()));
                run.windows(2).for_each(|pair| add(pair.iter().collect()));
            } else if run.len() > 1 {
                add(run.iter().collect());
            }
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

    fn show(&self, row: usize) -> Result<Shown> {
        Ok(Shown::Text(self.texts[row].clone()))
    }

    fn digest(&self, row: usize) -> Result<[u8; 32]> {
        Ok(Sha256::digest(&self.texts[row]).into())
    }
}
