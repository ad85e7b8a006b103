//! The invariants of ARCHITECTURE.md that the compiler does not check, and generated files that must be current.

#![expect(clippy::unwrap_used, reason = "in a test a failed unwrap is the failure")]

use cargo_metadata::{DependencyKind, MetadataCommand, Package};
use deepal::settings::{Setting, Settings};
use deepal::{UpperBound, strategy};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// All that a crate may depend on. A new dependency or a new edge between crates is a decision: say why in `docs/adr/` if it lasts.
const ALLOWED: [(&str, &[&str]); 11] = [
    (
        "deepal-core",
        &["ndarray", "pulp", "rand", "rand_chacha", "rayon", "serde", "statrs", "strsim", "thiserror"],
    ),
    (
        "deepal-data",
        &[
            "deepal-core",
            "bytemuck",
            "csv",
            "dirs",
            "flate2",
            "image",
            "memmap2",
            "ndarray",
            "ndarray-npy",
            "parquet",
            "rayon",
            "safetensors",
            "serde",
            "serde_json",
            "sha2",
            "tar",
            "thiserror",
            "toml",
            "unicode-normalization",
            "ureq",
            "zip",
        ],
    ),
    ("deepal-nn", &["deepal-core", "burn", "ndarray", "pulp", "rayon", "serde"]),
    ("deepal-onnx", &["deepal-core", "ndarray", "rayon", "thiserror", "tract-onnx"]),
    (
        "deepal-engine",
        &[
            "deepal-core",
            "deepal-data",
            "deepal-nn",
            "deepal-onnx",
            "askama",
            "base64",
            "kuva",
            "memory-stats",
            "ndarray",
            "png",
            "rayon",
            "serde",
            "serde_json",
            "sha2",
            "thiserror",
            "toml",
        ],
    ),
    (
        "deepal-label",
        &[
            "deepal-data",
            "deepal-engine",
            "deepal-project",
            "axum",
            "getrandom",
            "hyper",
            "hyper-util",
            "ndarray",
            "serde",
            "serde_json",
            "sha2",
            "tokio",
        ],
    ),
    (
        "deepal-project",
        &[
            "deepal-core",
            "deepal-data",
            "deepal-engine",
            "deepal-nn",
            "base64",
            "ndarray",
            "rusqlite",
            "serde",
            "serde_json",
            "sha2",
        ],
    ),
    (
        "deepal",
        &["deepal-core", "deepal-data", "deepal-engine", "deepal-nn", "deepal-project", "burn", "ndarray"],
    ),
    (
        "deepal-cli",
        &["deepal", "deepal-label", "clap", "clap_complete", "ctrlc", "indicatif", "mimalloc", "serde_json"],
    ),
    ("deepal-py", &["deepal", "deepal-cli", "mimalloc", "numpy", "pyo3", "rayon"]),
    ("xtask", &["deepal", "deepal-cli", "clap_mangen", "kuva", "mimalloc", "ndarray", "serde", "serde_json"]),
];

/// Modules of the standard library with which the core could reach files, clocks, networks or its surroundings, and names that come from
/// nowhere else.
const OUTSIDE: [&str; 13] = [
    "fs",
    "io",
    "env",
    "net",
    "time",
    "process",
    "path",
    "os",
    "Instant",
    "SystemTime",
    "File",
    "stdin",
    "from_os_rng",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn crates() -> BTreeMap<String, Package> {
    let metadata = MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec().unwrap();
    metadata.packages.into_iter().map(|package| (package.name.to_string(), package)).collect()
}

/// The crates that a crate names as ordinary dependencies.
fn dependencies(package: &Package) -> BTreeSet<&str> {
    let normal = package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal);
    normal.map(|dependency| dependency.name.as_str()).collect()
}

fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found
}

/// The code of a file without comments, strings and its tests.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap();
    let mut code = String::new();
    for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
        let mut inside = false;
        for letter in line.chars() {
            inside ^= letter == '"';
            code.push(if inside { ' ' } else { letter });
        }
        code.push('\n');
    }
    code
}

/// The words of a text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').filter(|word| !word.is_empty())
}

#[test]
fn every_crate_depends_on_what_it_may_and_no_more() {
    let crates = crates();
    let names = crates.keys().map(String::as_str).collect::<BTreeSet<_>>();
    assert_eq!(
        names,
        ALLOWED.iter().map(|(name, _)| *name).collect(),
        "a crate without a list, or a list without a crate"
    );
    for (name, allowed) in ALLOWED {
        let allowed = allowed.iter().copied().collect::<BTreeSet<_>>();
        assert_eq!(dependencies(&crates[name]), allowed, "{name}");
    }
}

/// Whichever way it is imported: `use std::{fs, io}`, `std::fs::read`, `use std::time as t`.
#[test]
fn the_core_touches_no_file_clock_or_environment() {
    for (path, text) in sources(&root().join("crates/deepal-core/src")) {
        let code = code(&text);
        for statement in
            code.split(';').filter(|statement| statement.contains("std::") || statement.contains("Instant"))
        {
            let tail = statement.find("std::").map_or(statement, |at| &statement[at..]);
            let path_words = tail.split(['(', '<', '\n']).next().unwrap();
            let found =
                words(path_words).chain(words(statement).filter(|word| word.starts_with(char::is_uppercase)));
            for word in found {
                assert!(!OUTSIDE.contains(&word), "{} uses {word}: {statement}", path.display());
            }
        }
    }
}

#[test]
fn imports_in_any_form_are_found() {
    let touches = |text: &str| {
        let code = code(text);
        code.split(';').any(|statement| {
            statement.find("std::").is_some_and(|at| {
                words(statement[at..].split(['(', '<', '\n']).next().unwrap())
                    .any(|word| OUTSIDE.contains(&word))
            })
        })
    };
    for text in ["use std::fs;", "use std::{fmt, io};", "let x = std::env::var(1);", "use std::time as t;"] {
        assert!(touches(text), "{text}");
    }
    assert!(!touches("use std::fmt;") && !touches("// use std::fs;") && !touches("use std::sync::Arc;"));
}

/// A library neither prints nor exits, nor names options of the command line in its errors.
#[test]
fn libraries_name_no_option_of_the_command_line() {
    for name in [
        "deepal-core",
        "deepal-data",
        "deepal-nn",
        "deepal-onnx",
        "deepal-engine",
        "deepal-label",
        "deepal-project",
    ] {
        for (path, text) in sources(&root().join("crates").join(name).join("src")) {
            for (number, line) in text.lines().enumerate() {
                let is_comment = line.trim_start().starts_with("//");
                let option = line.find("`--").filter(|at| line[at + 3..].starts_with(char::is_alphabetic));
                assert!(is_comment || option.is_none(), "{}:{}: {line}", path.display(), number + 1);
            }
        }
    }
}

#[test]
fn only_one_file_names_the_plotting_library() {
    for (path, text) in sources(&root().join("crates/deepal-engine/src")) {
        let may = path.ends_with("figures/png.rs");
        assert!(!text.contains("kuva::") || may, "{}", path.display());
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    let files = sources(&root().join("crates"));
    assert!(files.len() > 40);
    for (path, text) in files {
        assert!(text.starts_with("//! "), "{} has no module documentation", path.display());
    }
}

#[test]
fn what_the_readme_installs_has_a_program() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let packages = crates();
    let folders = readme.lines().filter_map(|line| line.strip_prefix("cargo install --path "));
    let folders = folders.map(|rest| rest.split(' ').next().unwrap()).collect::<Vec<_>>();
    assert!(!folders.is_empty());
    for folder in folders {
        let package = &packages[folder.strip_prefix("crates/").unwrap()];
        assert!(package.targets.iter().any(cargo_metadata::Target::is_bin), "{folder}");
    }
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut pages = vec![root()];
    let mut found = 0;
    while let Some(path) = pages.pop() {
        if path.is_dir() {
            let hidden =
                |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            let entries = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path());
            pages.extend(entries.filter(|path| !hidden(path) && !path.ends_with("target")));
            continue;
        }
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split([')', '#', ' ']).next()) {
            if !link.is_empty() && !link.contains("://") {
                assert!(path.with_file_name(link).exists(), "{}: {link}", path.display());
                found += 1;
            }
        }
    }
    assert!(found > 50, "{found} links");
}

#[test]
fn the_program_is_small() {
    let lines = sources(&root().join("crates/deepal-cli/src"))
        .iter()
        .map(|(_, text)| text.lines().count())
        .sum::<usize>();
    assert!(
        lines < 4000,
        "{lines} lines: what is not arguments, terminal or exit codes belongs into the engine"
    );
}

/// No two files of a crate need each other: a file may name another only if that one does not lead back to it. Parents and their
/// children are one unit, since a parent lists its children.
#[test]
fn no_circle_of_files() {
    for name in crates().keys() {
        let folder = root().join("crates").join(name).join("src");
        let mut uses = BTreeMap::<String, BTreeSet<String>>::new();
        let sources = sources(&folder).into_iter().filter(|(path, _)| !path.ends_with("tests.rs"));
        for (path, text) in sources {
            let relative = path.strip_prefix(&folder).unwrap().with_extension("");
            let unit = relative.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
            let code = code(&text);
            let named = code.match_indices("crate::").map(|(at, _)| &code[at + "crate::".len()..]);
            for rest in named {
                // `crate::{a, b::c}` names several.
                let list = match rest.strip_prefix('{') {
                    Some(list) => list.split('}').next().unwrap().split(',').map(str::trim).collect(),
                    None => vec![rest],
                };
                uses.entry(unit.clone())
                    .or_default()
                    .extend(list.into_iter().filter_map(|item| Some(words(item).next()?.to_owned())));
            }
        }
        let units = uses.keys().cloned().collect::<BTreeSet<_>>();
        for start in &units {
            let mut seen = BTreeSet::new();
            let mut open =
                uses[start].iter().filter(|to| units.contains(*to) && *to != start).collect::<Vec<_>>();
            while let Some(next) = open.pop() {
                assert_ne!(next, start, "{name}: {start} leads back to itself by way of {seen:?}");
                if seen.insert(next.clone()) {
                    open.extend(uses[next].iter().filter(|to| units.contains(*to) && *to != next));
                }
            }
        }
    }
}

fn write_settings(page: &mut String, settings: &[Setting]) {
    if settings.is_empty() {
        return;
    }
    writeln!(page, "| setting | default | range | meaning | source |\n| --- | --- | --- | --- | --- |")
        .unwrap();
    for setting in settings {
        let (name, default, about, source) =
            (setting.name, (setting.default)(), setting.about, setting.source);
        writeln!(page, "| `{name}` | {default} | {} | {about} | {source} |", setting.range).unwrap();
    }
    writeln!(page).unwrap();
}

/// `docs/strategies.md` follows from the list of strategies; `UPDATE_DOCS=1 cargo test --test tidy` rewrites it.
#[test]
fn the_page_about_strategies_is_current() {
    let mut page = String::from(
        "# All strategies\n\nMade from the entries in `crates/deepal-core/src/strategy/` by \
         `UPDATE_DOCS=1 cargo test -p deepal --test tidy`; do not edit.\n\nWrite settings as `bald(passes=50)`, or in TOML as \
         `{ name = \"bald\", passes = 50 }`. `run --strategy FAMILY` compares a family, and `--strategy all` all strategies. Those that \
         a net cannot serve are left out and named. [Which strategy should I use?](which-strategy.md)\n\n`upper-bound` is no \
         strategy: it chooses by hidden labels. `run` uses it to show how much of the possible gain strategies reach. Its section is \
         the last.\n\nThe cost is that of a query, without its signals: `n` candidates, `m` labelled, `k` picks, `c` classes, \
         `d` features, `t` passes, `r` references.\n",
    );
    for family in deepal::strategy::Family::ALL {
        writeln!(page, "\n## Family {}: {}\n", family.name(), family.about()).unwrap();
        writeln!(page, "| name | in DeepAL | picks | looks at | cost |\n| --- | --- | --- | --- | --- |")
            .unwrap();
        for entry in family.strategies() {
            let (name, deepal) = (entry.name, entry.deepal.unwrap_or("-"));
            let (picks, looks_at, cost) = (entry.summary, entry.looks_at(), entry.cost);
            writeln!(page, "| `{name}` | {deepal} | {picks} | {looks_at} | {cost} |").unwrap();
        }
    }
    for entry in deepal::strategy::ALL {
        writeln!(page, "\n## {}\n\n{}\n", entry.name, entry.details).unwrap();
        write_settings(&mut page, entry.settings);
        writeln!(page, "Source: {}.", entry.source).unwrap();
    }
    writeln!(page, "\n## {} (no strategy)\n\n{}\n", UpperBound::NAME, UpperBound::DETAILS).unwrap();
    writeln!(page, "Also called {}. Cost: {}.\n", strategy::UPPER_BOUND[1..].join(", "), UpperBound::COST)
        .unwrap();
    write_settings(&mut page, UpperBound::SETTINGS);
    writeln!(page, "Source: {}.", UpperBound::SOURCE).unwrap();
    let path = root().join("docs/strategies.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == page, "docs/strategies.md is stale: run UPDATE_DOCS=1 cargo test -p deepal --test tidy");
}
