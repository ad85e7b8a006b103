//! The invariants of ARCHITECTURE.md that the compiler does not check, and generated files that must be current.

#![expect(clippy::unwrap_used, reason = "in a test a failed unwrap is the failure")]

use cargo_metadata::{DependencyKind, MetadataCommand, Package};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn crates() -> BTreeMap<String, Package> {
    let metadata = MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec().unwrap();
    metadata.packages.into_iter().map(|package| (package.name.to_string(), package)).collect()
}

/// The crates that a crate names as ordinary dependencies.
fn dependencies(package: &Package) -> Vec<&str> {
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

#[test]
fn crates_depend_only_towards_the_core() {
    let crates = crates();
    let ours = |name: &str| -> Vec<&str> {
        dependencies(&crates[name])
            .into_iter()
            .filter(|dependency| dependency.starts_with("deepal"))
            .collect()
    };
    assert!(ours("deepal-core").is_empty());
    assert_eq!(ours("deepal-data"), ["deepal-core"]);
    assert_eq!(ours("deepal-nn"), ["deepal-core"]);
    assert_eq!(ours("deepal-onnx"), ["deepal-core"]);
    assert_eq!(ours("deepal"), ["deepal-core", "deepal-data", "deepal-nn", "deepal-onnx"]);
}

#[test]
fn only_one_crate_names_burn_the_network_or_the_command_line() {
    for (name, package) in crates() {
        for dependency in dependencies(&package) {
            let owner = match dependency {
                "burn" => "deepal-nn",
                "tract-onnx" => "deepal-onnx",
                "ureq" | "flate2" | "tar" | "matfile" | "ndarray-npy" | "csv" | "parquet" => "deepal-data",
                "image" | "zip" | "safetensors" | "memmap2" => "deepal-data",
                // Manifests there, settings here.
                "toml" if name == "deepal-data" => continue,
                // The measurements plot, and allocate as the program does.
                "kuva" | "mimalloc" if name == "xtask" => continue,
                "clap" | "anyhow" | "indicatif" | "kuva" | "ctrlc" | "mimalloc" | "toml" => "deepal",
                "askama" | "base64" | "png" => "deepal",
                _ => continue,
            };
            assert_eq!(name, owner, "{dependency} belongs to {owner}");
        }
    }
}

#[test]
fn the_core_touches_no_file_clock_or_environment() {
    for (path, text) in sources(&root().join("crates/deepal-core/src")) {
        for word in [
            "std::fs",
            "std::io",
            "std::env",
            "std::net",
            "std::time",
            "Instant",
            "SystemTime",
            "from_os_rng",
        ] {
            assert!(!text.contains(word), "{} uses {word}", path.display());
        }
    }
}

#[test]
fn only_one_file_names_the_plotting_library() {
    for (path, text) in sources(&root().join("crates/deepal/src")) {
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

/// `docs/strategies.md` follows from the list of strategies; `UPDATE_DOCS=1 cargo test --test tidy` rewrites it.
#[test]
fn the_page_about_strategies_is_current() {
    let mut page = String::from(
        "# Strategies\n\nMade from the entries in `crates/deepal-core/src/strategy/` by \
         `UPDATE_DOCS=1 cargo test -p deepal --test tidy`; do not edit.\n\n| name | in DeepAL | picks | looks at |\n| --- | \
         --- | --- | --- |\n",
    );
    for entry in deepal::strategy::ALL {
        let deepal = entry.deepal.unwrap_or("-");
        writeln!(page, "| `{}` | {deepal} | {} | {} |", entry.name, entry.summary, entry.looks_at()).unwrap();
    }
    for entry in deepal::strategy::ALL {
        writeln!(page, "\n## {}\n\n{}\n\nSource: {}.", entry.name, entry.details, entry.source).unwrap();
    }
    let path = root().join("docs/strategies.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == page, "docs/strategies.md is stale: run UPDATE_DOCS=1 cargo test -p deepal --test tidy");
}
