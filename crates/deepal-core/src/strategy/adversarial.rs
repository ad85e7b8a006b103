//! Adversarial margins: BIM and DeepFool.

use super::ranked::ranked;
use super::{Entry, Family, made};
use crate::score;
use crate::settings::Settings;
use crate::signals::{Attack, Signal};

pub(super) static ENTRY_BIM: Entry = Entry {
    name: "bim",
    family: Family::Adversarial,
    cost: "a gradient a step and sample",
    deepal: Some("AdversarialBIM"),
    summary: "the smallest perturbation by signed gradient steps that changes the predicted class",
    details: "Signed steps in each coordinate of the net's input. The reference loops for ever where the gradient \
              vanishes and leaves the range of valid pixels; here the number of steps is bounded, inputs stay in range, \
              and samples that never flip come last. The reference ranks by the perturbation's squared norm, the same \
              order. The adversarial twin is not added to the labelled pool.",
    source: "Ducoffe and Precioso, Adversarial active learning for deep networks, arXiv 1802.09841, 2018; Kurakin, \
             Goodfellow and Bengio, Adversarial examples in the physical world, ICLR workshop 2017",
    settings: Bim::SETTINGS,
    build: made::<Bim>,
};

pub(super) static ENTRY_DEEPFOOL: Entry = Entry {
    name: "deepfool",
    family: Family::Adversarial,
    cost: "c gradients a step and sample",
    deepal: Some("AdversarialDeepFool"),
    summary: "the smallest perturbation to the nearest linearised class boundary",
    details: "With the paper's overshoot, which the reference leaves out. Samples that never flip \
              come last, where the reference picks them first. The adversarial twin is not added to the labelled pool.",
    source: "Ducoffe and Precioso, Adversarial active learning for deep networks, arXiv 1802.09841, 2018; \
             Moosavi-Dezfooli, Fawzi and Frossard, DeepFool, CVPR 2016",
    settings: DeepFool::SETTINGS,
    build: made::<DeepFool>,
};

crate::settings! {
    /// Picks by the distance to the boundary that signed gradient steps find.
    pub struct Bim {
        /// The length of a step in each coordinate of the net's input.
        eps: f64 = 0.05, Positive(1000.0), "DeepAL";
        /// Steps after which a sample counts as never flipped: 100 of 0.05 cross the whole range of a normalised image.
        max_steps: usize = 100, Integer(1, 100_000), "our own bound; the reference has none";
    }
}

crate::settings! {
    /// Picks by the distance to the nearest linearised boundary.
    pub struct DeepFool {
        /// Steps after which a sample counts as never flipped.
        max_steps: usize = 50, Integer(1, 100_000), "DeepAL; Moosavi-Dezfooli et al., CVPR 2016";
        /// How far to step beyond the estimated boundary, as a share of the whole perturbation.
        overshoot: f64 = 0.02, Number(0.0, 10.0), "Moosavi-Dezfooli et al., CVPR 2016";
    }
}

impl Bim {
    fn attack(&self) -> Attack {
        Attack::Bim { eps: self.eps as f32, max_steps: self.max_steps }
    }
}

impl DeepFool {
    fn attack(&self) -> Attack {
        Attack::DeepFool { max_steps: self.max_steps, overshoot: self.overshoot as f32 }
    }
}

ranked!(Bim, ENTRY_BIM, |settings| Signal::BoundaryDistance(settings.attack()), |signals| score::closeness(
    signals.boundary_distances()?
));
ranked!(DeepFool, ENTRY_DEEPFOOL, |settings| Signal::BoundaryDistance(settings.attack()), |signals| {
    score::closeness(signals.boundary_distances()?)
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signals::Signals;
    use crate::strategy::build;
    use ndarray::array;

    const BIM: Attack = Attack::Bim { eps: 0.1, max_steps: 9 };

    /// Traps D5 and D6: samples that never flipped have no margin to rank by, and come last.
    #[test]
    fn d5_d6_never_flipped_come_last() {
        let signals = Signals::new(3).with_boundary_distances(BIM, array![f64::INFINITY, 2.0, 0.5]).unwrap();
        for name in ["bim", "deepfool"] {
            let selection = build(name).unwrap().select(&signals, 3, 0).unwrap();
            assert_eq!(selection.rows, [2, 1, 0]);
            assert_eq!(selection.scores.unwrap()[2], 0.0);
        }
    }

    /// Trap D7: the paper also adds the adversarial twin with the same label. Like the reference we ask for one label
    /// a pick and add one sample.
    #[test]
    fn d7_one_pick_is_one_sample() {
        let signals = Signals::new(3).with_boundary_distances(BIM, array![1.0, 2.0, 3.0]).unwrap();
        assert_eq!(build("deepfool").unwrap().select(&signals, 2, 0).unwrap().rows, [0, 1]);
    }
}
