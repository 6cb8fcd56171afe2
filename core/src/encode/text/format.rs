//! The text formats, and which of them a scraper would rather have.

/// A format that scrapers read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// Prometheus text 0.0.4, which every scraper reads.
    #[default]
    Prometheus,
    /// `OpenMetrics` 1.0.
    OpenMetrics1,
    /// `OpenMetrics` 2.0, as its first release candidate has it.
    OpenMetrics2,
}

impl Format {
    /// All formats; the earlier is the answer to those who would take any.
    pub const ALL: [Self; 3] = [Self::Prometheus, Self::OpenMetrics1, Self::OpenMetrics2];

    /// What the `Content-Type` header of an exposition in this format must say.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics1 => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::OpenMetrics2 => "application/openmetrics-text; version=2.0.0; charset=utf-8",
        }
    }

    /// The media type without parameters, in its two halves.
    pub(super) const fn media(self) -> [&'static str; 2] {
        match self {
            Self::Prometheus => ["text", "plain"],
            Self::OpenMetrics1 | Self::OpenMetrics2 => ["application", "openmetrics-text"],
        }
    }

    pub(super) const fn version(self) -> &'static str {
        match self {
            Self::Prometheus => "0.0.4",
            Self::OpenMetrics1 => "1.0.0",
            Self::OpenMetrics2 => "2.0.0",
        }
    }

    /// Whether the format follows the rules that `OpenMetrics` adds.
    pub(crate) const fn is_open(self) -> bool {
        !matches!(self, Self::Prometheus)
    }
}
