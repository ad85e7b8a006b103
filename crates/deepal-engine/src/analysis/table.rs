//! The analysis as `summary.csv`.

use super::{Analysis, Arm, Estimate, TaskAnalysis};
use deepal_data::csv_row;

const HEAD: &str = "dataset,net,strategy,seeds,labels,accuracy,accuracy_low,accuracy_high,area,area_low,area_high,target,\
                    random_labels,labels_to_target,ratio,ratio_low,ratio_high,compared_labels,area_difference,area_difference_low,\
                    area_difference_high,p,p_holm,outcome,wins,ties,losses,train_seconds,query_seconds,predict_seconds,\
                    balanced_accuracy,balanced_accuracy_low,balanced_accuracy_high,macro_f1,macro_f1_low,macro_f1_high,metric\n";

/// A row for each data set, net and strategy, and for the upper bound, which is compared with nothing. Accuracies, areas and the target
/// are shares of 1; areas, the target and what follows from them are of the `metric` in the last column. A ratio of 0 is a target not
/// reached, `compared_labels` is where the comparison with random ends and what target is meant, seconds are those of a whole run, and
/// what cannot be known is empty.
pub(crate) fn csv(analysis: &Analysis) -> Vec<u8> {
    let rows = analysis.tasks.iter().flat_map(|task| task.curves().map(move |arm| row(analysis, task, arm)));
    HEAD.bytes().chain(rows.flat_map(csv_row)).collect()
}

fn row(analysis: &Analysis, task: &TaskAnalysis, arm: &Arm) -> Vec<String> {
    let versus = arm.versus_random.as_ref();
    let saving = versus.and_then(|versus| versus.saving.as_ref());
    let end = arm.points.last();
    let mut row = [&task.dataset, &task.net, &arm.strategy].map(String::clone).to_vec();
    row.extend([arm.seeds.len().to_string(), written(end.map(|point| point.labels))]);
    row.extend(numbers(end.map(|point| point.accuracy)));
    row.extend(numbers(arm.area));
    row.extend([
        written(saving.map(|saving| saving.target)),
        written(saving.map(|saving| saving.random_labels)),
        written(saving.and_then(|saving| saving.labels)),
    ]);
    row.extend(numbers(saving.map(|saving| saving.ratio)));
    row.push(written(versus.map(|versus| versus.labels)));
    row.extend(numbers(versus.map(|versus| versus.area.mean)));
    row.extend([
        written(versus.map(|versus| versus.area.p)),
        written(versus.map(|versus| versus.area.p_holm)),
    ]);
    row.push(written(versus.map(|versus| versus.area.outcome)));
    row.extend(
        [versus.map(|versus| versus.wins), versus.map(|versus| versus.ties), versus.map(|v| v.losses)]
            .map(written),
    );
    row.extend([arm.seconds.train, arm.seconds.query, arm.seconds.predict].map(|s| format!("{s:.3}")));
    row.extend(numbers(end.and_then(|point| point.balanced_accuracy)));
    row.extend(numbers(end.and_then(|point| point.macro_f1)));
    row.push(analysis.metric.to_string());
    row
}

fn numbers(estimate: Option<Estimate>) -> [String; 3] {
    let interval = estimate.and_then(|estimate| estimate.interval);
    [
        written(estimate.map(|estimate| estimate.value)),
        written(interval.map(|interval| interval.0)),
        written(interval.map(|interval| interval.1)),
    ]
}

fn written(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}
