//! `deepal list`: what there is, from the one entry of each thing.

use super::{Outcome, print};
use clap::ValueEnum;
use deepal::settings::{Setting, Settings};
use deepal::{UpperBound, datasets, nets, strategy};
use std::fmt::Write as _;

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum What {
    Strategies,
    Datasets,
    Nets,
}

pub(crate) fn run(what: What) -> Outcome {
    let text = match what {
        What::Strategies => strategies(),
        What::Datasets => datasets(),
        What::Nets => nets(),
    };
    print(&text)
}

fn strategies() -> String {
    let mut text = String::new();
    paragraph(
        &mut text,
        "A family groups strategies that work alike. `run --strategy FAMILY` compares one family, `--strategy all` all strategies. \
         Strategies that the net cannot serve are left out. The cost is that of a query, without what it looks at: n candidates, \
         m labelled, k picks, c classes, d features, t passes, r references.",
    );
    for family in strategy::Family::ALL {
        paragraph(&mut text, &format!("{}: {}", family.name(), family.about()));
    }
    let families = strategy::Family::ALL.into_iter();
    for entry in families.flat_map(strategy::Family::strategies) {
        heading(&mut text, entry.name, entry.deepal.as_slice(), entry.summary);
        paragraph(&mut text, &format!("Family: {}", entry.family.name()));
        paragraph(&mut text, entry.details);
        paragraph(&mut text, &format!("Looks at: {}", entry.looks_at()));
        paragraph(&mut text, &format!("Cost: {}", entry.cost));
        settings(&mut text, entry.settings);
        paragraph(&mut text, &format!("Source: {}", entry.source));
    }
    upper_bound(&mut text);
    text
}

/// What strategies are measured against.
fn upper_bound(text: &mut String) {
    let [name, aliases @ ..] = strategy::UPPER_BOUND;
    heading(text, name, &aliases, UpperBound::SUMMARY);
    paragraph(text, UpperBound::DETAILS);
    let looks_at = UpperBound::default().needs().iter().map(ToString::to_string).collect::<Vec<_>>();
    paragraph(text, &format!("Looks at: hidden labels of the pool, {}", looks_at.join(", ")));
    paragraph(text, &format!("Cost: {}", UpperBound::COST));
    settings(text, UpperBound::SETTINGS);
    paragraph(text, &format!("Source: {}", UpperBound::SOURCE));
}

fn datasets() -> String {
    let mut text = String::new();
    for entry in datasets::ALL {
        heading(&mut text, entry.name, entry.aliases, entry.summary);
        let [channels, height, width] = entry.shape;
        let size = format!(
            "{} + {} items of {channels} × {height} × {width}, {} classes; net {}",
            entry.n_train,
            entry.n_test,
            entry.classes.len(),
            entry.default_net
        );
        paragraph(&mut text, &size);
        paragraph(&mut text, &format!("{}; {}", entry.licence, entry.homepage));
    }
    text
}

fn nets() -> String {
    let mut text = String::new();
    for entry in nets::ALL {
        heading(&mut text, entry.name, &[], entry.summary);
        let input = entry.shape.map_or("any shape".into(), |[c, h, w]| format!("{c} × {h} × {w}"));
        paragraph(&mut text, &format!("Input: {input}"));
        settings(&mut text, entry.settings);
    }
    text
}

/// A line for each setting.
fn settings(text: &mut String, settings: &[Setting]) {
    for Setting { name, about, default, range, source } in settings {
        let default = default();
        paragraph(text, &format!("Setting {name}={default}: {about} Range: {range}. Source: {source}."));
    }
}

fn heading(text: &mut String, name: &str, aliases: &[&str], summary: &str) {
    let separator = if text.is_empty() { "" } else { "\n" };
    let aliases = if aliases.is_empty() { String::new() } else { format!(" ({})", aliases.join(", ")) };
    let _ = writeln!(text, "{separator}{name}{aliases}");
    paragraph(text, summary);
}

/// Indented lines of at most 100 characters.
fn paragraph(text: &mut String, words: &str) {
    let mut width = usize::MAX;
    for word in words.split_whitespace() {
        if width.saturating_add(1 + word.chars().count()) > 100 {
            let newline = if width == usize::MAX { "    " } else { "\n    " };
            text.push_str(newline);
            width = 4;
        } else {
            text.push(' ');
            width += 1;
        }
        text.push_str(word);
        width += word.chars().count();
    }
    text.push('\n');
}
