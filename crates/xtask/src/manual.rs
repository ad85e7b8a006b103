//! Pages of the manual: `deepal.1`, and one for each command.

use crate::Result;
use std::path::Path;

/// Writes the pages into a folder.
pub(crate) fn run(args: &[&str]) -> Result<()> {
    let ["--out", folder] = args else { return Err("usage: cargo xtask man --out FOLDER".into()) };
    std::fs::create_dir_all(folder)?;
    clap_mangen::generate_to(deepal_cli::command(), Path::new(folder))?;
    println!("pages of the manual in {folder}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_with_its_examples() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("man");
        run(&["--out", &path.to_string_lossy()])?;
        let page = |name: &str| std::fs::read_to_string(path.join(name));
        assert!(page("deepal.1")?.contains("deepal\\-select"));
        for command in deepal_cli::command().get_subcommands() {
            let text = page(&format!("deepal-{}.1", command.get_name()))?;
            assert!(text.contains("Examples:"), "{text}");
        }
        assert!(page("deepal-data-inspect.1")?.contains("inspect"));
        assert!(run(&["man"]).is_err());
        Ok(())
    }
}
