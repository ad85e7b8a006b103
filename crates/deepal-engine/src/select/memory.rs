//! Whether a selection fits into the memory and the time, told before it starts.

use super::SelectOptions;
use crate::error::{Error, Result, bail};
use crate::machine;
use crate::text::count;
use deepal_core::signals::Dim;
use deepal_core::{Meta, Signal, Sizes, Strategy};
use deepal_data::files::available;

/// Of what is offered, so much is left for what else happens on the machine meanwhile.
const SPARE: f64 = 0.05;
/// And so many bytes, by which what the program itself holds differs from one call to the next.
const WOBBLE: f64 = 2e6;

/// Seconds that a selection of all candidates may take without being asked for.
const PATIENCE: f64 = 120.0;

/// What a selection will hold.
pub(crate) struct Need<'a> {
    pub(crate) strategy: &'a dyn Strategy,
    pub(crate) sizes: Sizes,
    /// Bytes held however many candidates are looked at.
    pub(crate) fixed: usize,
    /// Bytes held for each candidate of a part that is looked at, and for each of all if all are.
    pub(crate) each: [usize; 2],
}

impl Need<'_> {
    /// Bytes held for `n` of the candidates, beyond what the program holds already.
    fn bytes(&self, n: usize) -> f64 {
        let each = self.each[usize::from(n == self.sizes.candidates)];
        let sizes = Sizes { candidates: n, picks: self.sizes.picks.min(n), ..self.sizes };
        let selection = self.strategy.memory(sizes);
        self.fixed as f64 + (n as f64) * each as f64 + selection as f64
    }

    /// About the seconds that `n` of the candidates take.
    fn seconds(&self, n: usize) -> f64 {
        let sizes = Sizes { candidates: n, picks: self.sizes.picks.min(n), ..self.sizes };
        self.strategy.seconds(sizes) / machine::threads() as f64
    }

    /// The most candidates that fit into so many bytes with some to spare, rounded down to two digits.
    fn most(&self, bytes: f64) -> usize {
        self.largest(|n| self.bytes(n) <= bytes * (1.0 - SPARE) - WOBBLE)
    }

    /// The largest number of candidates that is small enough, rounded down to two digits.
    fn largest(&self, is_small_enough: impl Fn(usize) -> bool) -> usize {
        let (mut fits, mut too_many) = (0, self.sizes.candidates);
        while too_many - fits > 1 {
            let middle = fits.midpoint(too_many);
            *(if is_small_enough(middle) { &mut fits } else { &mut too_many }) = middle;
        }
        let digits = 10_usize.pow(fits.max(1).ilog10().saturating_sub(1));
        fits / digits * digits
    }

    /// Looks whether the candidates fit, or the part of them that is looked at: into the memory, which is `memory` bytes for the whole program
    /// or what the system has available, and into two minutes, unless their number was asked for.
    ///
    /// # Errors
    /// They do not; the message offers as many as do.
    pub(crate) fn check(&self, options: &SelectOptions) -> Result<()> {
        let all = self.sizes.candidates;
        if options.candidates.is_none() && self.seconds(all) > PATIENCE {
            let most = self.largest(|n| self.seconds(n) <= PATIENCE);
            let part = match most < self.sizes.picks {
                true => String::new(),
                false => format!(
                    "`candidates = {most}` for a part drawn at random by seed, which takes two minutes, or "
                ),
            };
            bail!(Error::Setting(format!(
                "strategy `{}` on {} takes about {:.0} minutes; set {part}`candidates = {all}` for all",
                self.strategy.name(),
                count(all, "candidate", "candidates"),
                (self.seconds(all) / 60.0).ceil(),
            )))
        }
        self.check_memory(options.candidates.map_or(all, |size| size.min(all)), options.memory)
    }

    fn check_memory(&self, n: usize, limit: Option<f64>) -> Result<()> {
        let held = machine::held().unwrap_or_default();
        let Some(free) = limit.map(|limit| limit - held).or_else(available) else { return Ok(()) };
        let need = self.bytes(n);
        if need <= free {
            return Ok(());
        }
        let name = self.strategy.name();
        let most = self.most(free);
        let remedy = match most {
            0 => "not even a part of them fits; make room, or write arrays with fewer features or passes"
                .into(),
            most => {
                format!("`candidates = {most}` looks at a part of them that fits, drawn at random by seed")
            }
        };
        let (whose, total) = match limit {
            Some(limit) => ("`memory` allows", limit),
            None => ("the system can give", held + free),
        };
        let width = match self.sizes {
            Sizes { features: 0, classes, .. } => count(classes, "class", "classes"),
            Sizes { features, .. } => count(features, "feature", "features"),
        };
        bail!(Error::Setting(format!(
            "strategy `{name}` on {} with {width} each needs about {:.0} MB and {whose} {:.0} MB; {remedy}",
            count(n, "candidate", "candidates"),
            (held + need) / 1e6,
            total / 1e6,
        )))
    }
}

/// Whether a signal has a row for each candidate.
pub(crate) fn is_of_candidates(signal: Signal) -> bool {
    signal.kind().shape.contains(&Dim::Candidates)
}

/// Bytes of a signal of this shape, were it about so many candidates.
pub(crate) fn bytes(signal: Signal, shape: &[usize], candidates: usize) -> usize {
    let axes = signal.kind().shape;
    signal.bytes(|dim| match axes.iter().position(|axis| *axis == dim) {
        Some(_) if dim == Dim::Candidates => candidates,
        at => at.and_then(|at| shape.get(at)).copied().unwrap_or(1),
    })
}

/// How much there is to select from, by the shapes of the signals.
pub(crate) fn sizes<'a>(arrays: impl Iterator<Item = (Signal, &'a [usize])>, picks: usize) -> Sizes {
    let mut sizes = Sizes { candidates: 0, labeled: 0, features: 0, classes: 0, picks };
    for (signal, shape) in arrays {
        for (dim, length) in signal.kind().shape.iter().zip(shape) {
            let size = match dim {
                Dim::Candidates => &mut sizes.candidates,
                Dim::Labeled => &mut sizes.labeled,
                Dim::Features | Dim::EncoderFeatures => &mut sizes.features,
                Dim::Classes => &mut sizes.classes,
                Dim::Passes | Dim::Pair | Dim::Rest => continue,
            };
            *size = (*size).max(*length);
        }
    }
    sizes
}

/// Looks whether the probabilities of `n` samples fit into the memory, `limit` bytes for the whole program or what the system has
/// available. Call it before a net is trained.
///
/// # Errors
/// They do not, as where a column of ids was taken for that of the classes.
pub fn check_classes(meta: &Meta, n: usize, limit: Option<f64>) -> Result<()> {
    let held = machine::held().unwrap_or_default();
    let Some(free) = limit.map(|limit| limit - held).or_else(available) else { return Ok(()) };
    let need = size_of::<f64>() as f64 * n as f64 * meta.classes.len() as f64;
    if need <= free {
        return Ok(());
    }
    bail!(Error::Setting(format!(
        "`{}` has {} classes, whose probabilities for {} need {:.0} MB, and {:.0} MB are available; if the labels are ids, name another \
         column as `label` in data.toml, else leave out classes that are rare",
        meta.name,
        meta.classes.len(),
        count(n, "sample", "samples"),
        need / 1e6,
        free / 1e6,
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use deepal_core::strategy;

    #[test]
    fn probabilities_of_too_many_classes_are_refused() {
        let classes = (0..60_000).map(|class| class.to_string()).collect();
        let meta = Meta { name: "ids".into(), shape: [2, 1, 1], classes, range: Vec::new() };
        let limit = Some(machine::held().unwrap_or_default() + 1e9);
        assert!(check_classes(&meta, 1000, limit).is_ok());
        let text = check_classes(&meta, 12_000, limit).unwrap_err().to_string();
        assert!(text.contains("60000 classes") && text.contains("12000 samples need 5760 MB"), "{text}");
    }

    #[test]
    fn what_is_offered_fits_and_not_much_more_does() {
        for (name, features) in [("random", 64), ("k-center", 64), ("k-means", 64), ("k-medians", 1280)] {
            let strategy = strategy::build(name).unwrap();
            let need = Need {
                strategy: strategy.as_ref(),
                sizes: Sizes { candidates: 1_000_000, labeled: 0, features, classes: 10, picks: 1000 },
                fixed: 1_000_000,
                each: [4 * features, 0],
            };
            let bytes = 0.4 * need.bytes(1_000_000);
            let most = need.most(bytes);
            assert!(need.bytes(most) <= bytes && need.bytes(1_000_000) > bytes, "{name} {most}");
            assert!(need.bytes(most + most / 5) + WOBBLE > bytes, "{name} {most}");
            assert_eq!(need.most(999_999.0), 0, "{name}");
        }
    }

    /// A million with 64 features and 10 classes, a batch of 1,000: every strategy of the list fits into 1 GB and two minutes, or is
    /// refused with a number of candidates that does.
    #[test]
    fn a_million_candidates_fit_or_are_refused_with_the_number_that_does() {
        for entry in strategy::ALL {
            let strategy = strategy::build(entry.name).unwrap();
            let needs = strategy.needs();
            let shapes = needs.iter().map(|signal| {
                let length = |dim: &Dim| match (dim, signal) {
                    (Dim::Candidates, _) => 1_000_000,
                    (Dim::Labeled, _) => 1000,
                    (Dim::Features | Dim::EncoderFeatures, _) => 64,
                    (Dim::Classes, _) => 10,
                    (Dim::Passes, Signal::McProbs { passes: t, .. } | Signal::MemberProbs { members: t }) => {
                        *t
                    }
                    _ => 2,
                };
                (*signal, signal.kind().shape.iter().map(length).collect::<Vec<_>>())
            });
            let shapes = shapes.collect::<Vec<_>>();
            let sizes = sizes(shapes.iter().map(|(signal, shape)| (*signal, &shape[..])), 1000);
            let row = shapes.iter().filter(|(signal, _)| is_of_candidates(*signal));
            let row = row.map(|(signal, shape)| bytes(*signal, shape, 1)).sum::<usize>();
            let sizes = Sizes { candidates: 1_000_000, ..sizes };
            let need = Need { strategy: strategy.as_ref(), sizes, fixed: 0, each: [row; 2] };
            let options = SelectOptions { memory: Some(1e9), ..SelectOptions::new(1000) };
            let Err(error) = need.check(&options) else { continue };
            let text = error.to_string();
            let offer = text.split('`').find_map(|part| part.strip_prefix("candidates = ")).expect(&text);
            let candidates = Some(offer.parse::<usize>().unwrap());
            assert!(candidates >= Some(1000), "{text}");
            let again = need.check(&SelectOptions { candidates, ..options.clone() });
            // What fits into the time may still be too much for the memory, which then says how many do.
            if let Err(error) = again {
                let text = error.to_string();
                let offer = text.split('`').find_map(|part| part.strip_prefix("candidates = ")).expect(&text);
                let candidates = Some(offer.parse::<usize>().unwrap());
                assert!(need.check(&SelectOptions { candidates, ..options }).is_ok(), "{text}");
            }
        }
    }

    #[test]
    fn no_part_is_offered_that_is_smaller_than_the_batch_and_what_never_works_says_so_itself() {
        let strategy = strategy::build("bait").unwrap();
        let sizes = Sizes { candidates: 500_000, labeled: 0, features: 64, classes: 10, picks: 400_000 };
        let check = |sizes| {
            let need = Need { strategy: strategy.as_ref(), sizes, fixed: 0, each: [0; 2] };
            need.check(&SelectOptions { memory: Some(1e15), ..SelectOptions::new(sizes.picks) })
        };
        let error = check(sizes).unwrap_err().to_string();
        assert!(error.ends_with("minutes; set `candidates = 500000` for all"), "{error}");
        // Its own message names `bait-fast`.
        assert!(check(Sizes { features: 2048, ..sizes }).is_ok());
    }

    #[test]
    fn what_would_take_long_is_refused_unless_its_number_was_asked_for() {
        let strategy = strategy::build("bait").unwrap();
        let sizes = Sizes { candidates: 500_000, labeled: 0, features: 64, classes: 10, picks: 1000 };
        let need = Need { strategy: strategy.as_ref(), sizes, fixed: 0, each: [0; 2] };
        let with = |candidates| SelectOptions { candidates, memory: Some(1e12), ..SelectOptions::new(1000) };
        let error = need.check(&with(None)).unwrap_err().to_string();
        assert!(error.contains("takes about") && error.contains("`candidates = 500000` for all"), "{error}");
        let offer = error.split('`').find_map(|part| part.strip_prefix("candidates = ")).unwrap();
        let most = offer.parse::<usize>().unwrap();
        assert!(need.seconds(most) <= PATIENCE && need.seconds(most + most / 5) > PATIENCE, "{most}");
        assert!(need.check(&with(Some(most))).is_ok() && need.check(&with(Some(500_000))).is_ok());
        assert!(
            Need { sizes: Sizes { candidates: 2000, picks: 20, ..sizes }, ..need }.check(&with(None)).is_ok()
        );
    }
}
