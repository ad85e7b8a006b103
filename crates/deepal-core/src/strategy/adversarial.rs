//! Adversarial margins: BIM and DeepFool.

use super::{Entry, Selection, Strategy};
use crate::error::Result;
use crate::score;
use crate::signals::{Attack, Signal, Signals};

pub(super) static ENTRY_BIM: Entry = Entry {
    name: "bim",
    deepal: Some("AdversarialBIM"),
    summary: "the smallest perturbation by signed gradient steps that changes the predicted class",
    details: "Steps of 0.05 in each coordinate of the net's input. The reference loops for ever where the gradient \
              vanishes and leaves the range of valid pixels; here at most 100 steps are taken, inputs stay in range, \
              and samples that never flip come last. The reference ranks by the perturbation's squared norm, the same \
              order. The adversarial twin is not added to the labelled pool.",
    source: "Ducoffe and Precioso, Adversarial active learning for deep networks, arXiv 1802.09841, 2018; Kurakin, \
             Goodfellow and Bengio, Adversarial examples in the physical world, ICLR workshop 2017",
    // 100 steps of 0.05 cross the whole range of a normalised image, so a sample not flipped by then will hardly be.
    build: || {
        Box::new(Adversarial { name: ENTRY_BIM.name, attack: Attack::Bim { eps: 0.05, max_steps: 100 } })
    },
};

pub(super) static ENTRY_DEEPFOOL: Entry = Entry {
    name: "deepfool",
    deepal: Some("AdversarialDeepFool"),
    summary: "the smallest perturbation to the nearest linearised class boundary",
    details: "At most 50 steps with the paper's overshoot of 0.02, which the reference leaves out. Samples that never flip \
              come last, where the reference picks them first. The adversarial twin is not added to the labelled pool.",
    source: "Ducoffe and Precioso, Adversarial active learning for deep networks, arXiv 1802.09841, 2018; \
             Moosavi-Dezfooli, Fawzi and Frossard, DeepFool, CVPR 2016",
    build: || {
        let attack = Attack::DeepFool { max_steps: 50, overshoot: 0.02 };
        Box::new(Adversarial { name: ENTRY_DEEPFOOL.name, attack })
    },
};

struct Adversarial {
    name: &'static str,
    attack: Attack,
}

impl Strategy for Adversarial {
    fn name(&self) -> &str {
        self.name
    }

    fn needs(&self) -> Vec<Signal> {
        vec![Signal::BoundaryDistance(self.attack)]
    }

    fn one_by_one(&self) -> bool {
        true
    }

    fn select(&self, signals: &Signals<'_>, n: usize, _seed: u64) -> Result<Selection> {
        Ok(Selection::top(&score::closeness(signals.boundary_distances()?), n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::by_name;
    use ndarray::array;

    /// Traps D5 and D6: samples that never flipped have no margin to rank by, and come last.
    #[test]
    fn d5_d6_never_flipped_come_last() {
        let signals = Signals::new(3).with_boundary_distances(array![f64::INFINITY, 2.0, 0.5]).unwrap();
        for name in ["bim", "deepfool"] {
            let selection = (by_name(name).unwrap().build)().select(&signals, 3, 0).unwrap();
            assert_eq!(selection.rows, [2, 1, 0]);
            assert_eq!(selection.scores.unwrap()[2], 0.0);
        }
    }

    /// Trap D7: the paper also adds the adversarial twin with the same label. Like the reference we ask for one label
    /// a pick and add one sample.
    #[test]
    fn d7_one_pick_is_one_sample() {
        let signals = Signals::new(3).with_boundary_distances(array![1.0, 2.0, 3.0]).unwrap();
        assert_eq!((by_name("deepfool").unwrap().build)().select(&signals, 2, 0).unwrap().rows, [0, 1]);
    }
}
