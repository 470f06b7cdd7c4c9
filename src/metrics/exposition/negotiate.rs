//! What a scraper asks for by `Accept` and `Accept-Encoding`; nothing that it writes there is an error.

/// The text in which samples are handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Prometheus text 0.0.4, also for everyone who asks for something unknown.
    Text,
    /// OpenMetrics 1.0; 0.0.1 differs in the number alone and is answered with it.
    OpenMetrics,
}

impl Format {
    /// The header of the answer.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// The format that an `Accept` header prefers.
    ///
    /// Of equal quality the one named more exactly is taken, then the one named first, then text.
    #[must_use]
    pub fn negotiate(accept: Option<&str>) -> Self {
        let ranges: Vec<Range> = accept.unwrap_or_default().split(',').filter_map(Range::parse).collect();
        let preference = |format| {
            let matches = ranges.iter().enumerate().filter_map(|(position, range)| {
                let exactness = range.exactness(format)?;
                Some((exactness, std::cmp::Reverse(position), range.quality))
            });
            let (exactness, position, quality) = matches.max_by_key(|found| (found.0, found.1))?;
            (quality > 0).then_some((quality, exactness, position))
        };
        if preference(Self::OpenMetrics) > preference(Self::Text) { Self::OpenMetrics } else { Self::Text }
    }
}

/// How the answer is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// As it is.
    Identity,
    /// One gzip member.
    Gzip,
}

impl Encoding {
    /// The header of the answer, if it needs one.
    #[must_use]
    pub const fn header(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
        }
    }

    /// The packing that an `Accept-Encoding` header prefers: gzip wherever it is welcome.
    #[must_use]
    pub fn negotiate(accept_encoding: Option<&str>) -> Self {
        let mut gzip = None;
        let mut any = None;
        let mut identity = None;
        for range in accept_encoding.unwrap_or_default().split(',').filter_map(Range::parse) {
            match range.name.as_str() {
                "gzip" | "x-gzip" => gzip = gzip.or(Some(range.quality)),
                "identity" => identity = identity.or(Some(range.quality)),
                "*" => any = any.or(Some(range.quality)),
                _ => {}
            }
        }
        let gzip = gzip.or(any).unwrap_or(0);
        if gzip > 0 && gzip >= identity.unwrap_or(0) { Self::Gzip } else { Self::Identity }
    }
}

/// One part of such a header: a name in lower case, its version and its quality in thousandths.
struct Range {
    name: String,
    version: Option<String>,
    quality: u16,
}

impl Range {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let name = parts.next().filter(|name| !name.is_empty())?.to_ascii_lowercase();
        let mut range = Self { name, version: None, quality: 1000 };
        for (key, value) in parts.filter_map(|part| part.split_once('=')) {
            let value = value.trim().trim_matches('"');
            match key.trim().to_ascii_lowercase().as_str() {
                "q" => range.quality = thousandths(value)?,
                "version" => range.version = Some(value.to_owned()),
                _ => {}
            }
        }
        Some(range)
    }

    /// How exactly this range names the format, if it does.
    fn exactness(&self, format: Format) -> Option<u8> {
        let (name, group, versions) = match format {
            Format::Text => ("text/plain", "text/*", ["0.0.4", "1.0.0"]),
            Format::OpenMetrics => ("application/openmetrics-text", "application/*", ["1.0.0", "0.0.1"]),
        };
        let known = self.version.as_deref().is_none_or(|version| versions.contains(&version));
        match self.name.as_str() {
            exact if exact == name && known => Some(2 + u8::from(self.version.is_some())),
            wide if wide == group => Some(1),
            "*/*" | "*" => Some(0),
            _ => None,
        }
    }
}

/// A quality of 0 to 1 as thousandths.
fn thousandths(text: &str) -> Option<u16> {
    let quality: f32 = text.parse().ok()?;
    (0.0..=1.0).contains(&quality).then(|| (quality * 1000.0).round() as u16)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn formats_are_negotiated() {
        use Format::{OpenMetrics, Text};
        let prometheus_2 = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        let prometheus_3 = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        let protobuf_first = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.4";
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
        for (accept, format) in [
            (None, Text),
            (Some(""), Text),
            (Some("*/*"), Text),
            (Some("*"), Text),
            (Some("text/plain"), Text),
            (Some("text/*"), Text),
            (Some(browser), Text),
            (Some(prometheus_2), OpenMetrics),
            (Some(prometheus_3), OpenMetrics),
            (Some(protobuf_first), OpenMetrics),
            (Some("application/openmetrics-text"), OpenMetrics),
            (Some("application/openmetrics-text; version=0.0.1"), OpenMetrics),
            (Some("Application/OpenMetrics-Text; Version=\"1.0.0\"; charset=utf-8"), OpenMetrics),
            (Some("application/openmetrics-text; version=2.0.0"), Text),
            (Some("application/openmetrics-text; version=2.0.0, application/openmetrics-text"), OpenMetrics),
            (Some("application/*"), OpenMetrics),
            (Some("application/openmetrics-text;q=0.4, text/plain;q=0.5"), Text),
            (Some("application/openmetrics-text;q=0.5, text/plain;q=0.4"), OpenMetrics),
            (Some("text/plain, application/openmetrics-text"), Text),
            (Some("application/openmetrics-text, text/plain"), OpenMetrics),
            (Some("*/*, application/openmetrics-text"), OpenMetrics),
            (Some("*/*, application/openmetrics-text;q=0.5"), Text),
            (Some("application/openmetrics-text;q=0, */*"), Text),
            (Some("text/plain;q=0, */*"), OpenMetrics),
            (Some("application/openmetrics-text;q=0"), Text),
            (Some("application/openmetrics-text;q=NaN"), Text),
            (Some("application/openmetrics-text;q=7"), Text),
            (Some("application/openmetrics-text;q="), Text),
            (Some(",,;;q=1,=;=,\"\\\","), Text),
            (Some("image/png"), Text),
            (Some("äöü; q=½"), Text),
        ] {
            assert_eq!(Format::negotiate(accept), format, "{accept:?}");
        }
    }

    #[test]
    fn encodings_are_negotiated() {
        use Encoding::{Gzip, Identity};
        for (accept, encoding) in [
            (None, Identity),
            (Some(""), Identity),
            (Some("gzip"), Gzip),
            (Some("GZip"), Gzip),
            (Some("x-gzip"), Gzip),
            (Some("gzip, deflate, br, zstd"), Gzip),
            (Some("deflate, br"), Identity),
            (Some("gzip;q=0"), Identity),
            (Some("gzip;q=0.000, *"), Identity),
            (Some("*"), Gzip),
            (Some("*;q=0"), Identity),
            (Some("identity"), Identity),
            (Some("identity, gzip"), Gzip),
            (Some("identity, gzip;q=0.5"), Identity),
            (Some("identity;q=0.5, gzip;q=0.5"), Gzip),
            (Some("gzip;q=lots"), Identity),
            (Some(";;;,,,"), Identity),
        ] {
            assert_eq!(Encoding::negotiate(accept), encoding, "{accept:?}");
        }
    }

    proptest! {
        #[test]
        fn no_header_panics(text in "[a-z/*;=,.0-9q \"]{0,60}|\\PC{0,40}") {
            let _unused = (Format::negotiate(Some(&text)), Encoding::negotiate(Some(&text)));
        }
    }
}
