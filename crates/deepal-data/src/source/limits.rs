//! [`Limits`]: how large a picture may be, so that no file makes the program run out of memory.

use super::Manifest;

/// The most pixels of a picture, where `max_pixels` in data.toml says nothing.
pub const MOST_PIXELS: u64 = 100_000_000;
/// The most bytes of a picture's file, unpacked if it is in an archive, where `max_bytes` in data.toml says nothing.
pub const MOST_BYTES: u64 = 256 << 20;

/// How large a picture may be. A file above a limit is skipped and named, before memory is taken for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    /// Pixels, of an animation those of its canvas or of its first frame.
    pub(super) pixels: u64,
    /// Bytes of the file, unpacked.
    pub(super) bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { pixels: MOST_PIXELS, bytes: MOST_BYTES }
    }
}

impl Limits {
    /// Those of a manifest.
    pub(super) fn of(manifest: &Manifest) -> Self {
        let Self { pixels, bytes } = Self::default();
        Self { pixels: manifest.max_pixels.unwrap_or(pixels), bytes: manifest.max_bytes.unwrap_or(bytes) }
    }

    /// Bytes that a decoder may use: four for each pixel, a quarter more for its own work, and what small files need.
    pub(super) fn memory(&self) -> u64 {
        self.pixels.saturating_mul(5).saturating_add(16 << 20)
    }

    /// Checks the size of a picture.
    ///
    /// # Errors
    /// In words: it has more pixels.
    pub(super) fn check(&self, what: &str, [width, height]: [u32; 2]) -> Result<(), String> {
        if u64::from(width) * u64::from(height) <= self.pixels {
            return Ok(());
        }
        Err(format!(
            "is too large, {width}×{height} pixels{what}, and at most {} are read; make it smaller, or set `max_pixels` in \
             data.toml",
            self.pixels
        ))
    }
}
