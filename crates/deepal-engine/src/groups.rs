//! Words that stand for several strategies: `all` and the families.

use crate::catalog::Catalog;
use crate::error::{Error, Result, bail};
use deepal_core::settings::Given;
use deepal_core::signals::Origin;
use deepal_core::strategy::{self, Entry, Family};
use deepal_core::{Error as CoreError, Net, Spec};

/// The word for all strategies of the list.
const ALL: &str = "all";

/// The strategies that a word stands for, if it is `all` or the name of a family.
pub(crate) fn group(name: &str) -> Option<Vec<&'static Entry>> {
    if name.eq_ignore_ascii_case(ALL) {
        return Some(strategy::ALL.to_vec());
    }
    let family = Family::ALL.into_iter().find(|family| family.name().eq_ignore_ascii_case(name));
    family.map(|family| family.strategies().collect())
}

/// The names of strategies, with those that a word stands for in its place, and notes on which of them were left out.
///
/// A word stands for those of its strategies that every net can serve, and that are not named besides.
///
/// # Errors
/// Neither a strategy nor such a word; a strategy named twice; a word of which nothing is left.
pub(crate) fn expand(
    specs: &[Spec],
    nets: &[Box<dyn Net>],
    catalog: &Catalog,
) -> Result<(Vec<String>, Vec<String>)> {
    let named = specs.iter().filter(|spec| group(&spec.name).is_none());
    let named =
        named.map(|spec| catalog.chooser_name(spec).map_err(know_groups)).collect::<Result<Vec<_>>>()?;
    let mut notes = specs.iter().filter_map(|spec| catalog.other_name(&spec.to_string())).collect::<Vec<_>>();
    let (mut names, mut of_named) = (Vec::<String>::new(), named.iter());
    for spec in specs {
        let Some(entries) = group(&spec.name) else {
            let Some(name) = of_named.next() else { continue };
            if names.contains(name) {
                bail!(Error::Setting(format!("strategy `{name}` is named twice")));
            }
            names.push(name.clone());
            continue;
        };
        if !spec.settings.is_empty() {
            bail!(Error::Setting(format!(
                "`{}` stands for several strategies and takes no settings",
                spec.name
            )));
        }
        let mut missing = Vec::<(String, Vec<&str>)>::new();
        let mut is_any = false;
        for entry in entries {
            match why_not(entry, nets)? {
                Some(why) => match missing.iter_mut().find(|(other, _)| *other == why) {
                    Some((_, left_out)) => left_out.push(entry.name),
                    None => missing.push((why, vec![entry.name])),
                },
                None => {
                    is_any = true;
                    let name = entry.name.to_owned();
                    if !names.contains(&name) && !named.contains(&name) {
                        names.push(name);
                    }
                }
            }
        }
        let left_out = missing.iter().map(|(why, names)| format!("{} ({why})", names.join(", ")));
        let left_out = left_out.collect::<Vec<_>>().join("; ");
        if !is_any {
            bail!(Error::Setting(format!("no strategy of `{}` can be run: {left_out}", spec.name)));
        }
        if !left_out.is_empty() {
            notes.push(format!("`{}` leaves out {left_out}", spec.name));
        }
    }
    Ok((names, notes))
}

/// Why a strategy cannot be run with one of the nets.
fn why_not(entry: &Entry, nets: &[Box<dyn Net>]) -> Result<Option<String>> {
    let needs = (entry.build)(&Given::new())?.needs();
    let of_nets = needs.into_iter().filter(|signal| signal.kind().origin == Origin::Net);
    let pairs = of_nets.flat_map(|signal| nets.iter().map(move |net| (signal, net)));
    let missing = pairs.into_iter().find(|(signal, net)| !net.supports(*signal));
    Ok(missing.map(|(signal, net)| format!("no {signal} from `{}`", net.name())))
}

/// An unknown name with the words that stand for several among the known.
fn know_groups(error: Error) -> Error {
    match error {
        Error::Core(CoreError::UnknownName { kind, name, mut known }) => {
            known.push(ALL);
            known.extend(Family::ALL.map(Family::name));
            CoreError::UnknownName { kind, name, known }.into()
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use deepal_core::{Meta, SoftmaxRegression};
    use deepal_nn::nets::{self, Options};

    fn expanded(names: &[&str], nets: &[Box<dyn Net>]) -> Result<(Vec<String>, Vec<String>)> {
        let specs = names.iter().map(|name| name.parse().unwrap()).collect::<Vec<_>>();
        expand(&specs, nets, &Catalog::default())
    }

    fn softmax() -> Vec<Box<dyn Net>> {
        vec![Box::new(SoftmaxRegression::default())]
    }

    #[test]
    fn words_stand_for_what_every_net_can_serve_and_say_what_is_left_out() {
        let (names, notes) = expanded(&["all"], &softmax()).unwrap();
        let has = |name: &str| names.iter().any(|other| other == name);
        assert!(has("margin") && has("badge") && has("alfa-mix") && !has("bald") && !has("deepfool"));
        assert_eq!(notes.len(), 1);
        assert!(
            notes[0].contains("bald")
                && notes[0].contains("no Monte-Carlo probabilities from `softmax-regression`")
        );
        assert!(!has("upper-bound"), "it is no strategy");
        let left_out = strategy::ALL.len() - names.len();
        assert!(left_out > 8, "{notes:?}");

        let meta = Meta {
            name: "x".into(),
            shape: [4, 1, 1],
            classes: ["a", "b"].map(String::from).into(),
            range: vec![],
        };
        let mlp = vec![nets::build("mlp", &meta, &Options::default()).unwrap()];
        let (names, notes) = expanded(&["all"], &mlp).unwrap();
        assert_eq!((names.len(), notes.len()), (strategy::ALL.len(), 0));
    }

    #[test]
    fn a_strategy_that_is_named_besides_keeps_its_place_and_settings() {
        let (names, _) = expanded(&["Uncertainty", "random", "margin", "k-center(copies=1)"], &softmax())
            .unwrap_or_default();
        assert!(names.is_empty(), "k-center has no such setting");
        let (names, _) = expanded(&["random", "Uncertainty", "margin"], &softmax()).unwrap();
        assert_eq!(
            names,
            ["random", "least-confidence", "entropy", "power-margin", "power-entropy", "margin"]
        );
        let (names, _) = expanded(&["diversity", "prob-cover(purity=0.5)"], &softmax()).unwrap();
        assert!(names.iter().any(|name| name == "prob-cover(purity=0.5)"));
    }

    #[test]
    fn wrong_words_are_named() {
        let said = |names: &[&str]| expanded(names, &softmax()).unwrap_err().to_string();
        let error = said(&["diversty"]);
        assert!(error.contains("did you mean `diversity`?") && error.contains("all, baseline"), "{error}");
        assert!(said(&["bayesian"]).contains("no strategy of `bayesian` can be run: "));
        assert!(said(&["hybrid(passes=3)"]).contains("takes no settings"));
        assert!(said(&["margin", "all", "margin"]).contains("named twice"));
    }

    #[test]
    fn no_strategy_is_called_as_a_family() {
        assert!(strategy::ALL.iter().all(|entry| group(entry.name).is_none()));
        let of_families = Family::ALL.iter().map(|family| family.strategies().count()).sum::<usize>();
        assert_eq!(of_families, strategy::ALL.len());
    }
}
