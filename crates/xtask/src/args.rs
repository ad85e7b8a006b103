//! Options of a command: `--name value`, and names.

use crate::{Result, USAGE};
use std::collections::BTreeMap;

/// What was given on the command line.
pub(crate) struct Args<'a> {
    options: BTreeMap<&'a str, &'a str>,
    /// What is no option.
    pub(crate) names: Vec<&'a str>,
}

impl<'a> Args<'a> {
    /// Takes `args` apart; an option not in `known` is an error.
    pub(crate) fn parse(args: &[&'a str], known: &[&str]) -> Result<Self> {
        let mut parsed = Self { options: BTreeMap::new(), names: Vec::new() };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            if !arg.starts_with('-') {
                parsed.names.push(arg);
            } else if known.contains(arg) {
                parsed.options.insert(arg, args.next().ok_or_else(|| format!("{arg} needs a value"))?);
            } else {
                return Err(format!("unknown option {arg}\n{USAGE}").into());
            }
        }
        Ok(parsed)
    }

    /// The value of an option.
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        self.options.get(name).copied()
    }

    /// The value of an option that counts something.
    pub(crate) fn count(&self, name: &str, default: usize) -> Result<usize> {
        match self.get(name).map_or(Ok(default), str::parse) {
            Ok(count) if count > 0 => Ok(count),
            _ => Err(format!("{name} must be a number above 0").into()),
        }
    }
}
