//! What weakens a comparison, in sentences.

use super::compare::difference;
use super::phrases::{curve, list, thousands};
use super::runs::{ArmRuns, Pair, TaskRuns};
use super::{Analysis, BASELINE, SEEDS_ADVISED, SEEDS_FOR_CLAIMS};
use crate::text::count;
use deepal_core::metric::Metric;
use deepal_core::stats;
use std::collections::{BTreeMap, BTreeSet};

/// A class with so many times fewer test samples than another is rare.
const RARE: u32 = 10;

/// Each that is true, the gravest first.
pub(super) fn sentences(analysis: &Analysis, runs: &[TaskRuns<'_>], asked: &[String]) -> Vec<String> {
    let mut warnings = Vec::new();
    warnings.extend(runs.iter().filter_map(|task| no_random(task, asked)));
    warnings.extend(few_seeds(analysis));
    warnings.extend(runs.iter().filter_map(unequal));
    warnings.extend(runs.iter().filter_map(ties));
    warnings.extend(uneven(analysis));
    warnings.extend(naming_the_best(analysis));
    warnings
}

fn no_random(task: &TaskRuns<'_>, asked: &[String]) -> Option<String> {
    task.arm(BASELINE).is_none().then(|| {
        let missing = match asked.iter().any(|name| name == BASELINE) {
            true => format!("random has no finished round on {} yet", task.name()),
            false => format!("no `random` on {}", task.name()),
        };
        format!("{missing}: without it nothing says whether choosing labels is worth the effort")
    })
}

fn few_seeds(analysis: &Analysis) -> Option<String> {
    let compared = analysis.tasks.iter().filter(|task| task.arms.len() > 1);
    let seeds = compared.flat_map(|task| &task.arms).map(|arm| arm.seeds.len()).min()?;
    let words = count(seeds, "seed", "seeds");
    match seeds {
        seeds if seeds < SEEDS_FOR_CLAIMS => {
            Some(format!("{words}: with fewer than {SEEDS_FOR_CLAIMS} seeds a difference may be chance"))
        }
        seeds if seeds < SEEDS_ADVISED => Some(format!(
            "{words}: with fewer than {SEEDS_ADVISED} seeds intervals are wide, and a real difference is easily overlooked"
        )),
        _ => None,
    }
}

/// Jobs that end at different numbers of labels, as they failed, are not done yet or were asked for different numbers of rounds, or
/// strategies with different seeds.
fn unequal(task: &TaskRuns<'_>) -> Option<String> {
    let seeds = task.arms.iter().map(|arm| arm.seeds.keys().collect::<Vec<_>>()).collect::<BTreeSet<_>>();
    let ends = task.arms.iter().flat_map(|arm| ends(arm).into_keys()).collect::<BTreeSet<_>>();
    let arms = || task.arms.iter().map(seeds_by_end).collect::<Vec<_>>().join("; ");
    match (ends.len() > 1, seeds.len() > 1) {
        (true, _) => Some(format!(
            "on {} jobs end at different numbers of labels ({}): seeds that stopped early are left out, and two strategies are \
             compared as far as both went",
            task.name(),
            arms()
        )),
        (false, true) => Some(format!(
            "on {} the strategies do not have the same seeds ({}): two strategies are compared with those that both have",
            task.name(),
            arms()
        )),
        (false, false) => None,
    }
}

/// How many seeds end at which number of labels.
fn ends(arm: &ArmRuns<'_>) -> BTreeMap<usize, usize> {
    let mut ends = BTreeMap::new();
    for last in arm.seeds.values().filter_map(|rounds| rounds.last()) {
        *ends.entry(last.labels).or_default() += 1;
    }
    ends
}

/// `margin: 1 seed at 200, 7 seeds at 400`.
fn seeds_by_end(arm: &ArmRuns<'_>) -> String {
    let ends = ends(arm).into_iter();
    let ends =
        ends.map(|(labels, n)| format!("{} at {}", count(n, "seed", "seeds"), thousands(labels as f64)));
    format!("{}: {}", arm.strategy, ends.collect::<Vec<_>>().join(", "))
}

/// The strategies whose area under the curve may be as large as the largest, by paired t-tests and Holm; `None` with fewer than
/// 3 strategies that went as far, or 3 seeds.
fn ties(task: &TaskRuns<'_>) -> Option<String> {
    let area = |arm: &ArmRuns<'_>| task.areas(arm).map(|areas| stats::mean(&areas));
    let arms = task.arms.iter().filter_map(|arm| Some((arm, area(arm)?))).collect::<Vec<_>>();
    let best = arms.iter().max_by(|a, b| a.1.total_cmp(&b.1))?.0;
    let against = |arm: &ArmRuns<'_>| {
        let pair = Pair::new(best, arm);
        let areas = pair.areas().filter(|_| pair.n_seeds() >= SEEDS_FOR_CLAIMS)?;
        Some(difference(&areas)?.p)
    };
    let others = arms.iter().filter(|(arm, _)| arm.strategy != best.strategy);
    let tests = others.filter_map(|(arm, _)| Some((arm.strategy, against(arm)?))).collect::<Vec<_>>();
    let p_holm = stats::holm(&tests.iter().map(|(_, p)| *p).collect::<Vec<_>>());
    let tied = tests.iter().zip(p_holm).filter(|(_, p)| *p >= 0.05).map(|((name, _), _)| *name);
    let tied = tied.collect::<Vec<_>>();
    (arms.len() > 2 && !tied.is_empty()).then(|| {
        format!(
            "on {} {} has the largest area under the {}, and {} cannot be told from it",
            task.name(),
            best.strategy,
            curve(task.metric),
            list(&tied)
        )
    })
}

/// The first task whose classes are so uneven that its accuracy hardly shows the rare ones.
fn uneven(analysis: &Analysis) -> Option<String> {
    let of_task = |task: &super::TaskAnalysis| {
        let classes = &task.arms.iter().find(|arm| !arm.classes.is_empty())?.classes;
        let support = || classes.iter().map(|class| class.support).filter(|n| *n > 0);
        let (rarest, commonest) = (support().min()?, support().max()?);
        (commonest / RARE >= rarest).then(|| {
            format!(
                "on {} the commonest class has {} test samples and the rarest {}: accuracy hardly shows how rare classes do; look at \
                 the metric `macro-f1` or `balanced-accuracy` too",
                task.name(),
                thousands(commonest.into()),
                thousands(rarest.into())
            )
        })
    };
    let is_accuracy = analysis.metric == Metric::Accuracy;
    is_accuracy.then(|| analysis.tasks.iter().find_map(of_task)).flatten()
}

fn naming_the_best(analysis: &Analysis) -> Option<String> {
    let curves = |arms: &[super::Arm]| arms.iter().filter(|arm| arm.points.len() > 1).count();
    let figures = match analysis.metric {
        Metric::Accuracy => "accuracies",
        Metric::BalancedAccuracy => "balanced accuracies",
        Metric::MacroF1 => "values of macro-F1",
    };
    let most = analysis.tasks.iter().map(|task| curves(&task.arms)).max()?;
    (most > 2).then(|| {
        format!(
            "naming the best of {most} strategies by these {figures} is itself a choice made on the test set: confirm it with \
             fresh seeds, and fresh test data if there are any"
        )
    })
}
