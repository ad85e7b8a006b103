//! Where nets are computed.

use deepal_core::Error;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Where nets are computed. The choice is this setting alone: no environment variable and no feature changes it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Device {
    /// The processor.
    #[default]
    Cpu,
}

impl Device {
    const ALL: [Self; 1] = [Self::Cpu];

    /// Its name in settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
        }
    }

    /// The device as Burn has it.
    pub fn burn(self) -> burn::tensor::Device {
        match self {
            Self::Cpu => burn::tensor::Device::flex(),
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Device {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|device| device.name().eq_ignore_ascii_case(name));
        found.ok_or_else(|| Error::UnknownName {
            kind: "device",
            name: name.into(),
            known: Self::ALL.iter().map(|device| device.name()).collect(),
        })
    }
}

impl From<Device> for String {
    fn from(device: Device) -> Self {
        device.name().into()
    }
}

impl TryFrom<String> for Device {
    type Error = Error;

    fn try_from(name: String) -> Result<Self, Error> {
        name.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_processor_is_there_yet() {
        assert_eq!("CPU".parse::<Device>().unwrap(), Device::Cpu);
        let error = "cuda".parse::<Device>().unwrap_err().to_string();
        assert_eq!(error, "unknown device `cuda`; known: cpu");
    }
}
