//! What weakens a comparison, in sentences.

use super::compare::difference;
use super::runs::{ArmRuns, Pair, TaskRuns};
use super::words::{count, list, thousands};
use super::{Analysis, BASELINE, SEEDS_ADVISED, SEEDS_FOR_CLAIMS};
use deepal::stats;
use std::collections::BTreeSet;

/// Each that is true, the gravest first.
pub(super) fn sentences(analysis: &Analysis, runs: &[TaskRuns<'_>]) -> Vec<String> {
    let mut warnings = Vec::new();
    warnings.extend(runs.iter().filter_map(no_random));
    warnings.extend(few_seeds(analysis));
    warnings.extend(runs.iter().filter_map(unequal));
    warnings.extend(runs.iter().filter_map(ties));
    warnings.extend(naming_the_best(analysis));
    warnings
}

fn no_random(task: &TaskRuns<'_>) -> Option<String> {
    task.arm(BASELINE).is_none().then(|| {
        let name = task.name();
        format!("no `random` on {name}: without it nothing says whether choosing labels is worth the effort")
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

/// Failed or unfinished jobs, told by what they have left out.
fn unequal(task: &TaskRuns<'_>) -> Option<String> {
    let seeds = task.arms.iter().map(|arm| arm.seeds.keys().collect::<Vec<_>>()).collect::<BTreeSet<_>>();
    let ends = |arm: &ArmRuns<'_>| {
        let last = arm.seeds.values().filter_map(|rounds| rounds.last());
        last.map(|round| round.labels).collect::<BTreeSet<_>>()
    };
    let all_ends = task.arms.iter().flat_map(ends).collect::<BTreeSet<_>>();
    let of = |arm: &ArmRuns<'_>| {
        let ends = ends(arm).into_iter().map(|labels| thousands(labels as f64)).collect::<Vec<_>>();
        let (first, last) = (ends.first()?, ends.last()?);
        let range = if first == last { first.clone() } else { format!("{first} to {last}") };
        Some(format!("{} {} up to {range} labels", arm.strategy, count(arm.seeds.len(), "seed", "seeds")))
    };
    (seeds.len() > 1 || all_ends.len() > 1).then(|| {
        format!(
            "on {} some jobs failed or are unfinished ({}): only what two strategies have in common is compared",
            task.name(),
            task.arms.iter().filter_map(of).collect::<Vec<_>>().join("; ")
        )
    })
}

/// The strategies whose area under the curve may be as large as the largest, by paired t-tests and Holm; `None` with fewer than
/// 3 strategies or seeds.
fn ties(task: &TaskRuns<'_>) -> Option<String> {
    let area = |arm: &ArmRuns<'_>| {
        let areas =
            arm.curves().iter().map(|curve| stats::area_under_curve(curve)).collect::<Option<Vec<_>>>();
        areas.map(|areas| stats::mean(&areas))
    };
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
            "on {} {} has the largest area under the curve, and {} cannot be told from it",
            task.name(),
            best.strategy,
            list(&tied)
        )
    })
}

fn naming_the_best(analysis: &Analysis) -> Option<String> {
    let curves = |arms: &[super::Arm]| arms.iter().filter(|arm| arm.points.len() > 1).count();
    let most = analysis.tasks.iter().map(|task| curves(&task.arms)).max()?;
    (most > 2).then(|| {
        format!(
            "naming the best of {most} strategies by these accuracies is itself a choice made on the test set: confirm it with \
             fresh seeds, and fresh test data if there are any"
        )
    })
}
