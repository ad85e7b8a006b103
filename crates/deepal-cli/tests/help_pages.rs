//! The pages of the documentation: `docs/cli.md` is the help of every command, the README's commands work, and those of all pages exist.
//!
//! `UPDATE_DOCS=1 cargo test --workspace --test help_pages` rewrites `docs/cli.md`.

#![cfg(all(feature = "label", feature = "download"))]
#![expect(clippy::unwrap_used, reason = "in a test a failed unwrap is the failure")]

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/cli.md");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The program in a folder, with nothing of the user's surroundings.
fn deepal(folder: &Path, args: &[String]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deepal"));
    command.current_dir(folder).env("DEEPAL_CACHE", folder.join("cache")).args(args);
    for name in ["DEEPAL_DATA", "COLUMNS", "NO_COLOR", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    command
}

/// What `deepal COMMAND… --help` prints.
fn help(command: &[&str]) -> String {
    let mut args = command.iter().copied().map(String::from).collect::<Vec<_>>();
    args.push("--help".into());
    let output = deepal(&root(), &args).env_remove("DEEPAL_CACHE").output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    let text = String::from_utf8(output.stdout).unwrap().replace(".exe", "");
    // Blank lines inside an option have spaces at their ends.
    text.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// The commands that a help text lists: the first word of each line below `Commands:` that is indented by two.
fn commands(help: &str) -> Vec<&str> {
    let lines =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = lines.filter(|line| line.starts_with("  ") && !line[2..].starts_with(' '));
    names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").collect()
}

/// Writes a command and those below it, and counts them.
fn write(page: &mut String, command: &[&str]) -> usize {
    let text = help(command);
    let name = ["deepal"].iter().chain(command).copied().collect::<Vec<_>>().join(" ");
    writeln!(page, "\n## {name}\n\n```text\n{}\n```", text.trim_end()).unwrap();
    let below = commands(&text).into_iter().map(|name| write(page, &[command, &[name]].concat()));
    1 + below.sum::<usize>()
}

#[test]
fn the_page_of_all_commands_is_current() {
    let mut page = String::from(
        "# All commands\n\nMade from the program by `UPDATE_DOCS=1 cargo test --workspace --test help_pages`; do not edit.\n",
    );
    let count = write(&mut page, &[]);
    assert!(count > 10, "only {count} commands were found");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(PAGE, &page).unwrap();
    }
    let found = fs::read_to_string(PAGE).unwrap_or_default();
    assert!(
        found == page,
        "docs/cli.md is stale: run UPDATE_DOCS=1 cargo test --workspace --test help_pages"
    );
}

#[track_caller]
fn run(folder: &Path, line: &str) -> Output {
    let output = deepal(folder, &words(line)).output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// The lines `deepal …` of the shell blocks of a page, without `deepal`, comments and what follows in a pipe.
fn commands_on(page: &Path) -> Vec<String> {
    let text = fs::read_to_string(page).unwrap();
    let blocks = text.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let lines = blocks.flat_map(str::lines).flat_map(|line| line.trim().split(" && "));
    let commands = lines.filter_map(|line| line.strip_prefix("deepal "));
    commands.map(|line| line.split(" #").next().unwrap().trim().to_owned()).collect()
}

/// The arguments in a line, which may be in single quotation marks.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (number, part) in line.split('\'').enumerate() {
        match number % 2 {
            0 => words.extend(part.split_whitespace().map(String::from)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

/// 60 small pictures, the even ones brighter than the odd ones.
fn photos(folder: &Path) {
    fs::create_dir(folder).unwrap();
    for i in 0..60_usize {
        let file = fs::File::create(folder.join(format!("{i}.png"))).unwrap();
        let mut encoder = png::Encoder::new(file, 4, 4);
        encoder.set_color(png::ColorType::Grayscale);
        let bytes =
            (0..16).map(|at| ((1 - i % 2) * 150 + (i * 37 + at * 11) % 100) as u8).collect::<Vec<_>>();
        encoder.write_header().unwrap().write_image_data(&bytes).unwrap();
    }
}

/// What a person says on the page, through files: two batches.
fn answer(folder: &Path) {
    for _ in 0..2 {
        let picks = String::from_utf8(run(folder, "select photos/").stdout).unwrap();
        let mut answers = String::from("id,label\n");
        for row in picks.lines().skip(1) {
            let id = row.split(',').nth(1).unwrap();
            let number = id.strip_suffix(".png").unwrap().parse::<usize>().unwrap();
            writeln!(answers, "{id},{}", ["cat", "dog"][number % 2]).unwrap();
        }
        fs::write(folder.join("answers.csv"), answers).unwrap();
        run(folder, "label photos/ --from answers.csv");
    }
}

#[test]
fn the_commands_of_the_readme_work_in_an_empty_folder() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    photos(&folder.join("photos"));
    let commands = commands_on(&root().join("README.md"));
    assert!(commands.len() >= 4, "{commands:?}");
    for line in commands {
        if line.starts_with("label ") {
            // The page is up when its address is printed. Its answers are the business of other tests.
            let args = words(&format!("{line} --no-browser --port 0"));
            let mut page = deepal(folder, &args).stdout(Stdio::piped()).spawn().unwrap();
            let address = BufReader::new(page.stdout.take().unwrap()).lines().next();
            page.kill().unwrap();
            page.wait().unwrap();
            assert!(address.unwrap().unwrap().contains("/?token="), "{line}");
            answer(folder);
        } else if line.starts_with("run ") {
            let small = "--net softmax-regression --seeds 3 --rounds 1 --progress none --out run";
            run(folder, &format!("{line} {small}"));
            assert!(fs::read_to_string(folder.join("run/report.html")).unwrap().contains("<svg"));
        } else {
            run(folder, &line);
        }
    }
    let predicted = fs::read_to_string(folder.join("rest.csv")).unwrap();
    assert!(predicted.starts_with("id,class,probability\n"), "{predicted}");
    assert!(predicted.lines().count() > 1, "{predicted}");
}

/// An unknown command, option or value is an error before `--help` is looked at.
#[test]
fn every_command_on_the_pages_has_options_that_exist() {
    let folder = tempfile::tempdir().unwrap();
    let mut pages = vec![root().join("README.md")];
    pages.extend(fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path()));
    let mut found = 0;
    for page in pages.iter().filter(|page| page.extension().is_some_and(|extension| extension == "md")) {
        for line in commands_on(page) {
            let mut args = words(&line);
            args.push("--help".into());
            let output = deepal(folder.path(), &args).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{}: deepal {line}: {said}", page.display());
            found += 1;
        }
    }
    assert!(found > 30, "only {found} commands were found");
    let wrong = words("select --no-such-option 1 --help");
    assert!(!deepal(folder.path(), &wrong).output().unwrap().status.success());
}
