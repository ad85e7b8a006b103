//! A file that is made and not written yet.

/// A file to be written below a folder.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}
