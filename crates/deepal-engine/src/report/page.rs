//! The page: what `templates/report.html` shows, made ready.

use super::classes::ClassesView;
use super::figures::{
    self, Layout, Over, Styles, class_balance, learning_curves, penalty_matrix, svg, time_split,
};
use super::headline::Headline;
use super::overview::{self, Overview};
use super::pictures::{Picture, first_picks};
use super::{Report, cells};
use crate::analysis::TaskAnalysis;
use crate::error::Result;
use crate::text::count;
use askama::Template;
use deepal_core::metric::Metric;
use std::collections::BTreeSet;
use std::fmt::Write;

#[derive(Template)]
#[template(path = "report.html")]
pub(super) struct Page<'a> {
    report: &'a Report<'a>,
    headline: Headline,
    styles: Styles,
    tasks: Vec<TaskView<'a>>,
    /// The strategies over all tasks; none with fewer than 2 tasks.
    overview: Vec<Overview>,
    /// The penalty matrix, and how large a cell can be.
    penalty: Option<(String, usize)>,
    /// Whether any strategy is compared with random.
    compared: bool,
}

struct TaskView<'a> {
    task: &'a TaskAnalysis,
    name: String,
    metric: Metric,
    /// The learning curves over labels and over time.
    curves: [Curves; 2],
    time: String,
    classes: Option<String>,
    per_class: Option<ClassesView>,
    /// The seed of the pictures.
    seed: u64,
    sheets: Vec<Sheet>,
}

/// Curves for each width of the page; a task among several has no wide ones.
struct Curves {
    class: &'static str,
    narrow: String,
    wide: Option<String>,
}

/// What a strategy asked for first.
struct Sheet {
    strategy: String,
    caption: String,
    pictures: Result<Vec<Picture>, String>,
}

impl<'a> Page<'a> {
    pub(super) fn new(report: &'a Report<'a>) -> Self {
        let styles = Styles::new(report.analysis);
        let tasks = report.analysis.tasks.iter().map(|task| TaskView::new(report, task, &styles));
        let tasks = tasks.collect::<Vec<_>>();
        let penalty = report.analysis.penalty.as_ref();
        let penalty = penalty.map(|penalty| (svg::inline(&penalty_matrix(penalty)), penalty.tasks));
        let compared = tasks.iter().any(TaskView::compared);
        let (headline, overview) = (Headline::new(report.analysis), overview::rows(report.analysis));
        Self { report, headline, styles, tasks, overview, penalty, compared }
    }

    /// The style rules behind the controls: what is not chosen is hidden on a screen, and nothing is on paper.
    fn rules(&self) -> String {
        let mut rules = String::from("@media screen {\n");
        for place in 0..self.styles.strategies.len() {
            let _ = writeln!(rules, ":root:has(#show{place}:not(:checked)) .s{place} {{ display: none; }}");
            let _ = writeln!(rules, ":root:has(.of{place}:hover) .arm:not(.s{place}) {{ opacity: .15; }}");
        }
        for place in 0..self.tasks.len() {
            let chosen = format!("#task option:nth-child({}):checked", place + 2);
            let _ = writeln!(rules, ":root:has({chosen}) .task:not(.t{place}) {{ display: none; }}");
            let _ =
                writeln!(rules, ":root:has({chosen}) .tasks {{ grid-template-columns: minmax(0, 48rem); }}");
        }
        rules + "}\n"
    }

    /// A piece of the strategy's curve, beside its name.
    fn key(&self, strategy: &str) -> String {
        let sample = svg::inline(&figures::sample(self.styles.style(strategy)));
        format!(r#"<span class="key">{sample}</span>"#)
    }

    fn any_classes(&self) -> bool {
        self.tasks.iter().any(|task| task.classes.is_some())
    }

    fn any_per_class(&self) -> bool {
        self.tasks.iter().any(|task| task.per_class.is_some())
    }

    fn several(&self) -> bool {
        self.tasks.len() > 1
    }

    /// The sentences of the verdict, with true minus signs.
    fn verdict(&self) -> impl Iterator<Item = String> {
        self.report.analysis.verdict.iter().map(|sentence| cells::sentence(sentence))
    }

    /// What weakens the comparison, and what is missing.
    fn warnings(&self) -> Vec<String> {
        let sentences = self.report.analysis.warnings.iter().chain(self.report.notes);
        sentences.map(|sentence| cells::sentence(sentence)).collect()
    }

    /// What the page is about, in words.
    fn metric(&self) -> &'static str {
        self.report.analysis.metric.words()
    }

    fn any_pictures(&self) -> bool {
        self.tasks.iter().any(|task| !task.sheets.is_empty())
    }

    fn seeds(&self) -> BTreeSet<u64> {
        let arms = self.report.analysis.tasks.iter().flat_map(|task| &task.arms);
        arms.flat_map(|arm| arm.seeds.iter().copied()).collect()
    }

    fn versions(&self) -> BTreeSet<&str> {
        self.report.started.iter().map(|started| started.version.as_str()).collect()
    }

    fn machines(&self) -> BTreeSet<String> {
        let threads = |n| count(n, "thread", "threads");
        let started = self.report.started.iter();
        started.map(|started| format!("{}, {}", started.machine, threads(started.threads))).collect()
    }
}

impl<'a> TaskView<'a> {
    fn new(report: &Report<'_>, task: &'a TaskAnalysis, styles: &Styles) -> Self {
        let is_alone = report.analysis.tasks.len() == 1;
        let curves = |class, over| {
            let drawn =
                |layout| svg::inline(&learning_curves(task, report.analysis.metric, styles, over, layout));
            Curves { class, narrow: drawn(Layout::Narrow), wide: is_alone.then(|| drawn(Layout::Wide)) }
        };
        let classes = report.classes(task);
        let (seed, sheets) = sheets(report, task);
        Self {
            task,
            name: task.name(),
            curves: [curves("over-labels", Over::Labels), curves("over-seconds", Over::Seconds)],
            time: svg::inline(&time_split(task, styles)),
            classes: class_balance(task, &classes).map(|figure| svg::inline(&figure)),
            per_class: ClassesView::new(report, task, &classes),
            metric: report.analysis.metric,
            seed,
            sheets,
        }
    }

    fn compared(&self) -> bool {
        self.task.arms.iter().any(|arm| arm.versus_random.is_some())
    }

    /// What all strategies are measured against; empty where each has a target of its own.
    fn target(&self) -> String {
        let Some((saving, labels)) = self.task.common_target() else { return String::new() };
        let end = match self.task.random_goes_beyond(labels) {
            true => format!(" The comparison ends at {labels} labels, before random does."),
            false => String::new(),
        };
        let (target, needed) = (cells::share(saving.target), cells::whole(saving.random_labels));
        let of = match self.metric {
            Metric::Accuracy => String::new(),
            metric => format!("a {} of ", metric.words()),
        };
        format!("Random reaches {of}{target} % with {needed} labels.{end}")
    }

    /// The metric by labels and strategy.
    fn numbers(&self) -> Vec<(usize, Vec<String>)> {
        let arms = || self.task.curves();
        let labels = arms().flat_map(|arm| arm.points.iter().map(|point| point.labels));
        let labels = labels.collect::<BTreeSet<_>>();
        let cell = |labels, arm: &crate::analysis::Arm| {
            let Some(point) = arm.points.iter().find(|point| point.labels == labels) else {
                return String::new();
            };
            let mark = match point.difference.as_ref().map(|difference| difference.outcome) {
                Some(1) => " ▲",
                Some(-1) => " ▼",
                _ => "",
            };
            cells::percent(&point.value) + mark
        };
        labels.into_iter().map(|labels| (labels, arms().map(|arm| cell(labels, arm)).collect())).collect()
    }
}

/// The first queries of the first seed, and that seed; nothing without the data.
fn sheets(report: &Report<'_>, task: &TaskAnalysis) -> (u64, Vec<Sheet>) {
    let seed = task.arms.iter().flat_map(|arm| arm.seeds.first()).min().copied().unwrap_or_default();
    let Some(data) = report.data.get(&task.dataset) else { return (seed, Vec::new()) };
    let sheet = |strategy: &String| {
        let mut rounds = report.rounds.iter();
        let round = rounds.find(|round| {
            (round.dataset == task.dataset && round.net == task.net && round.strategy == *strategy)
                && (round.seed, round.round) == (seed, 1)
        })?;
        let pictures = first_picks(round, data);
        let shown = pictures.as_ref().map_or(0, Vec::len);
        let caption = format!("the first {shown} of {} samples that it chose", round.picks.len());
        Some(Sheet { strategy: strategy.clone(), caption, pictures })
    };
    (seed, task.arms.iter().filter_map(|arm| sheet(&arm.strategy)).collect())
}
