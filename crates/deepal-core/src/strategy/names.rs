//! Other words by which strategies are known.

use crate::settings::is_same_name;

/// Words that people type, each with the name in the list. Letters and digits alone count.
const OTHERS: [(&str, &str); 34] = [
    ("default", "auto"),
    ("passive", "random"),
    ("rand", "random"),
    ("uniform", "random"),
    ("lc", "least-confidence"),
    ("leastconfident", "least-confidence"),
    ("breakingties", "margin"),
    ("smallestmargin", "margin"),
    ("maxentropy", "entropy"),
    ("predictiveentropy", "entropy"),
    ("lcdropout", "least-confidence-dropout"),
    ("dropout", "bald"),
    ("mcdropout", "bald"),
    ("kmean", "k-means"),
    ("kmedian", "k-medians"),
    ("coreset", "k-center"),
    ("coresetgreedy", "k-center"),
    ("greedycoreset", "k-center"),
    ("kcenters", "k-center"),
    ("kcentre", "k-center"),
    ("kcentregreedy", "k-center"),
    ("basiciterative", "bim"),
    ("dfal", "deepfool"),
    ("herding", "max-herding"),
    ("uherding", "uncertainty-herding"),
    ("typicalclustering", "typiclust"),
    ("probabilitycoverage", "prob-cover"),
    ("dbal", "weighted-k-means"),
    ("informationdensity", "density-weighting"),
    ("varratio", "variation-ratios"),
    ("varratios", "variation-ratios"),
    ("variationratio", "variation-ratios"),
    ("qbc", "vote-entropy"),
    ("querybycommittee", "vote-entropy"),
];

/// The name in the list that another word for a strategy means; `None` for a name of the list or of DeepAL, and for an unknown word.
///
/// ```
/// use deepal_core::strategy;
///
/// assert_eq!(strategy::other_name("CoreSet"), Some("k-center"));
/// assert_eq!(strategy::other_name("k_center"), None);
/// ```
pub fn other_name(word: &str) -> Option<&'static str> {
    OTHERS.iter().find(|(other, _)| is_same_name(other, word)).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::{self, ALL, Family, UPPER_BOUND, by_name};

    #[test]
    fn words_that_people_type_are_understood() {
        for (word, name) in [
            ("coreset", "k-center"),
            ("Core-Set", "k-center"),
            ("kcenter", "k-center"),
            ("k_center_greedy", "k-center"),
            ("LC", "least-confidence"),
            ("leastconfidence", "least-confidence"),
            ("kmeans", "k-means"),
            ("dropout", "bald"),
            ("Batch_BALD", "batch-bald"),
        ] {
            assert_eq!(by_name(word).unwrap().name, name, "{word}");
        }
        assert!(strategy::is_upper_bound("Upper_Bound(batches=3)"));
        assert_eq!(strategy::build("k_center").unwrap().name(), "k-center");
        for word in ["", "-", "kcentr", "lcc"] {
            assert!(by_name(word).is_err(), "{word}");
        }
    }

    /// No word stands for two things.
    #[test]
    fn words_are_unlike_each_other_and_all_names() {
        let names = ALL.iter().flat_map(|entry| [Some(entry.name), entry.deepal]).flatten();
        let names = names.chain(Family::ALL.map(Family::name)).chain(UPPER_BOUND).chain(["all"]);
        let taken = names.collect::<Vec<_>>();
        for (at, (word, name)) in OTHERS.iter().enumerate() {
            assert!(ALL.iter().any(|entry| entry.name == *name), "{name}");
            assert!(!taken.iter().any(|taken| is_same_name(taken, word)), "{word}");
            assert!(OTHERS[..at].iter().all(|(other, _)| !is_same_name(other, word)), "{word}");
        }
        for entry in ALL {
            assert_eq!(by_name(&entry.name.replace('-', "_")).unwrap().name, entry.name);
        }
    }
}
