//! The files around the code: licences in every package, the pages of the documentation, words.

#![expect(clippy::unwrap_used, reason = "in a test a failed unwrap is the failure")]

use cargo_metadata::{MetadataCommand, Package};
use deepal::datasets;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

fn packages() -> Vec<Package> {
    let metadata = MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec();
    let is_for_developers = |package: &Package| package.name.as_str() == "xtask";
    let packages = metadata.unwrap().packages.into_iter().filter(|package| !is_for_developers(package));
    packages.collect()
}

/// `xtask` is for developers alone and is not distributed.
#[test]
fn every_package_has_its_licences() {
    let packages = packages();
    assert!(packages.len() >= 10);
    for package in packages {
        let folder = package.manifest_path.parent().unwrap();
        for name in ["LICENSE-MIT", "LICENSE-APACHE"] {
            let text = fs::read_to_string(folder.join(name)).unwrap_or_default();
            assert!(text == read(name), "{} has no {name}", package.name);
        }
        let licence = package.license.as_deref().unwrap();
        assert!(licence.contains("MIT OR Apache-2.0"), "{}: {licence}", package.name);
        assert!(package.description.is_some() && package.readme.is_some(), "{}", package.name);
        assert!(package.rust_version.is_some(), "{}", package.name);
    }
}

#[test]
fn the_licence_and_source_of_each_embedded_data_set_are_named() {
    let text = read("crates/deepal-data/LICENSE-DATA.md");
    let embedded = datasets::ALL.iter().filter(|entry| entry.embedded).collect::<Vec<_>>();
    assert!(!embedded.is_empty());
    for entry in embedded {
        let (_, section) = text.split_once(&format!("\n## {}\n", entry.name)).unwrap();
        let section = section.split("\n## ").next().unwrap();
        for words in [entry.licence, entry.homepage, &format!("`data/{}`", entry.name)] {
            assert!(section.contains(words), "{} does not name {words}", entry.name);
        }
    }
    // The Python package carries the same data.
    assert!(text == read("crates/deepal-py/LICENSE-DATA.md"));
}

#[test]
fn all_crates_name_the_same_oldest_toolchain() {
    let versions =
        packages().into_iter().map(|package| package.rust_version.unwrap()).collect::<BTreeSet<_>>();
    assert_eq!(versions.len(), 1, "{versions:?}");
    let version = versions.first().unwrap();
    assert!(
        read("README.md").contains(&format!("You need Rust {}.{} ", version.major, version.minor)),
        "{version}"
    );
}

/// All pages below `folder`, as paths from `docs/`.
fn pages(folder: &Path, docs: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let of = |path: PathBuf| match path.is_dir() {
        true => pages(&path, docs),
        false => BTreeSet::from([path.strip_prefix(docs).unwrap().to_string_lossy().replace('\\', "/")]),
    };
    entries.flat_map(of).filter(|name| name.ends_with(".md") && name != "SUMMARY.md").collect()
}

#[test]
fn the_table_of_contents_has_every_page() {
    let docs = root().join("docs");
    let summary = read("docs/SUMMARY.md");
    let links = summary.split("](").skip(1).map(|rest| rest.split(')').next().unwrap().to_owned());
    assert_eq!(links.collect::<BTreeSet<_>>(), pages(&docs, &docs));
}

/// The sentences of a page without its code, tables, headings and pictures, and without the addresses of links.
fn sentences(page: &str) -> Vec<String> {
    let prose = page.split("```").step_by(2).collect::<String>();
    let mut paragraphs = vec![String::new()];
    for line in prose.lines().map(str::trim) {
        if line.is_empty() || line.starts_with(['#', '|', '!', '<']) {
            paragraphs.push(String::new());
        } else if let Some(item) = line.strip_prefix("- ") {
            paragraphs.push(format!("{item} "));
        } else {
            let paragraph = paragraphs.last_mut().unwrap();
            paragraph.push_str(line);
            paragraph.push(' ');
        }
    }
    let mut sentences = Vec::new();
    for paragraph in paragraphs {
        let mut parts = paragraph.split("](");
        let first = parts.next().unwrap().to_owned();
        let text = parts.fold(first, |text, part| text + part.split_once(')').unwrap().1);
        let ends = text.replace("? ", "?\n").replace(". ", ".\n");
        sentences.extend(ends.lines().map(str::trim).filter(|line| !line.is_empty()).map(String::from));
    }
    sentences
}

#[test]
fn the_readme_has_short_sentences() {
    let sentences = sentences(&read("README.md"));
    let words =
        |sentence: &str| sentence.split(' ').filter(|word| word.contains(char::is_alphanumeric)).count();
    for sentence in &sentences {
        assert!(words(sentence) <= 20, "{} words: {sentence}", words(sentence));
    }
    let all = sentences.iter().map(|sentence| words(sentence)).sum::<usize>();
    assert!(
        sentences.len() > 20 && all > 5 * sentences.len(),
        "{} sentences of {all} words",
        sentences.len()
    );
}

#[test]
fn the_citation_names_the_version() {
    let version = &packages()[0].version;
    assert!(read("CITATION.cff").contains(&format!("\nversion: {version}\n")));
}
