//! Reads an exposition by the letter of its format, and refuses what a strict scraper might.

use streamgauge_core::Format;

use super::{Decimal, Kind, LabelSet, Metric, Point};

/// Reads a whole exposition.
///
/// # Errors
/// What is wrong with it.
pub fn parse(text: &str, format: Format) -> Result<Vec<Metric>, String> {
    let lines = text
        .strip_suffix('\n')
        .ok_or("the last line does not end")?;
    let mut lines: Vec<&str> = if text.is_empty() {
        vec![]
    } else {
        lines.split('\n').collect()
    };
    if format != Format::Prometheus && lines.pop() != Some("# EOF") {
        return Err("there is no EOF".into());
    }
    let mut reader = Reader {
        format,
        metrics: Vec::new(),
        open: None,
    };
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        if line.starts_with("# ") {
            reader.close()?;
            at += reader
                .head(&lines[at..])
                .ok_or_else(|| format!("{line:?} opens no family"))?;
        } else {
            reader
                .sample(line)
                .map_err(|error| format!("{error} in {line:?}"))?;
            at += 1;
        }
    }
    reader.close()?;
    Ok(reader.metrics)
}

struct Reader {
    format: Format,
    metrics: Vec<Metric>,
    /// The labels whose lines are not complete, and how many there were.
    open: Option<(LabelSet, Bars)>,
}

/// What was read of a histogram, or of a counter and its moment.
#[derive(Default)]
struct Bars {
    buckets: Vec<(String, u64)>,
    sum: Option<Decimal>,
    count: Option<u64>,
    since: Option<Decimal>,
    total: Option<Decimal>,
}

impl Reader {
    /// Reads the lines that open a family, and says how many there are.
    fn head(&mut self, lines: &[&str]) -> Option<usize> {
        let line = |at: usize, what: &str| lines.get(at)?.strip_prefix(what)?.split_once(' ');
        let open = self.format != Format::Prometheus;
        let (kind_at, help_at, unit) = if open {
            let unit = line(1, "# UNIT ");
            (0, 1 + usize::from(unit.is_some()), unit)
        } else {
            (1, 0, None)
        };
        let (name, kind) = line(kind_at, "# TYPE ")?;
        let (help_name, help) = line(help_at, "# HELP ")?;
        let kind = match kind {
            "counter" => Kind::Counter,
            "gauge" => Kind::Gauge,
            "histogram" => Kind::Histogram,
            _ => return None,
        };
        let (unit_name, unit) = unit.unwrap_or((name, ""));
        if !is_name(name)
            || name != help_name
            || name != unit_name
            || unit.is_empty() == (lines.len() > 1 && lines[1].starts_with("# UNIT"))
        {
            return None;
        }
        let quotes = if open { "\"\\n" } else { "\\n" };
        self.metrics.push(Metric {
            name: name.into(),
            kind,
            unit: unit.into(),
            help: unescape(help, quotes, open)?,
            points: std::collections::BTreeMap::new(),
        });
        Some(kind_at.max(help_at) + 1)
    }

    fn sample(&mut self, line: &str) -> Result<(), String> {
        let (name, labels, value) = split(line).ok_or("malformed labels")?;
        let metric = self.metrics.last().ok_or("no family")?;
        let suffix = name
            .strip_prefix(metric.name.as_str())
            .ok_or("another family's sample")?;
        match (metric.kind, self.format, suffix) {
            (Kind::Gauge, _, "") | (Kind::Counter, Format::Prometheus, "") => {
                self.insert(labels, value, None)
            }
            (Kind::Counter, Format::OpenMetrics2, "") => {
                let (value, since) = value.split_once(" st@").ok_or("no start")?;
                self.insert(labels, value, Some(Decimal::read(since)))
            }
            (Kind::Histogram, Format::OpenMetrics2, "") => self.composite(labels, value),
            (Kind::Counter | Kind::Histogram, ..) => self.part(labels, value, suffix),
            _ => Err("a suffix that has no meaning".into()),
        }
    }

    fn insert(
        &mut self,
        labels: LabelSet,
        value: &str,
        since: Option<Decimal>,
    ) -> Result<(), String> {
        let n = Decimal::read(value);
        self.point(labels, Point::Number { n, since })
    }

    fn point(&mut self, labels: LabelSet, point: Point) -> Result<(), String> {
        let metric = self.metrics.last_mut().ok_or("no family")?;
        match metric.points.insert(labels, point) {
            None => Ok(()),
            Some(_) => Err("the same labels twice".into()),
        }
    }

    /// A line that is not all that there is of its labels.
    fn part(&mut self, mut labels: LabelSet, value: &str, suffix: &str) -> Result<(), String> {
        let le = labels.remove("le");
        if le.is_some() != (suffix == "_bucket") {
            return Err("a bound where there is no bucket, or none where there is one".into());
        }
        if self.open.as_ref().is_some_and(|(open, _)| *open != labels) {
            self.close()?;
        }
        let (_, bars) = self.open.get_or_insert_with(|| (labels, Bars::default()));
        let kind = self.metrics.last().map(|metric| metric.kind);
        let again = match (kind, suffix) {
            (Some(Kind::Counter), "_total") => bars.total.replace(Decimal::read(value)).is_some(),
            (Some(Kind::Histogram), "_bucket") => {
                bars.buckets.push((le.unwrap_or_default(), integer(value)?));
                bars.sum.is_some() || bars.count.is_some() || bars.since.is_some()
            }
            (Some(Kind::Histogram), "_sum") => bars.sum.replace(Decimal::read(value)).is_some(),
            (Some(Kind::Histogram), "_count") => bars.count.replace(integer(value)?).is_some(),
            (_, "_created") if self.format == Format::OpenMetrics1 => {
                bars.since.replace(Decimal::read(value)).is_some()
            }
            _ => return Err("a suffix that has no meaning".into()),
        };
        if again {
            Err("twice, or out of order".into())
        } else {
            Ok(())
        }
    }

    /// Takes in what the lines of one set of labels said.
    fn close(&mut self) -> Result<(), String> {
        let Some((labels, bars)) = self.open.take() else {
            return Ok(());
        };
        if (self.format == Format::OpenMetrics1) != bars.since.is_some() {
            return Err(format!(
                "no moment of creation, or one too many, of {labels:?}"
            ));
        }
        let since = bars.since;
        let point = match (bars.total, bars.sum, bars.count) {
            (Some(n), None, None) => Point::Number { n, since },
            (None, Some(sum), Some(count)) => Point::Histogram {
                buckets: bars.buckets,
                sum,
                count,
                since,
            },
            _ => return Err(format!("lines of {labels:?} are missing")),
        };
        self.point(labels, point)
    }

    fn composite(&mut self, labels: LabelSet, value: &str) -> Result<(), String> {
        let point = composite(value).ok_or("no histogram")??;
        self.point(labels, point)
    }
}

/// Reads `{count:1,sum:0.5,bucket:[0.1:0,+Inf:1]} st@12.5`.
fn composite(value: &str) -> Option<Result<Point, String>> {
    let (count, rest) = value.strip_prefix("{count:")?.split_once(",sum:")?;
    let (sum, rest) = rest.split_once(",bucket:[")?;
    let (buckets, since) = rest.split_once("]} st@")?;
    let bucket = |bucket: &str| {
        let (bound, n) = bucket.split_once(':').ok_or("no bucket")?;
        Ok((bound.to_string(), integer(n)?))
    };
    let buckets: Result<Vec<_>, String> = buckets.split(',').map(bucket).collect();
    Some(buckets.and_then(|buckets| {
        Ok(Point::Histogram {
            buckets,
            sum: Decimal::read(sum),
            count: integer(count)?,
            since: Some(Decimal::read(since)),
        })
    }))
}

/// Reads an integer, which has no decimal point.
fn integer(text: &str) -> Result<u64, String> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let n = text.parse().ok().filter(|_| plain);
    n.ok_or_else(|| format!("{text:?} is no integer"))
}

/// Splits `name{labels} value`.
fn split(line: &str) -> Option<(&str, LabelSet, &str)> {
    let end = line.find(['{', ' '])?;
    let (name, rest) = line.split_at(end);
    let (labels, value) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (LabelSet::new(), rest),
    };
    Some((name, labels, value.strip_prefix(' ')?)).filter(|_| is_name(name))
}

/// Reads `a="b",c="d"}`, and hands back what follows.
fn labels(mut rest: &str) -> Option<(LabelSet, &str)> {
    let mut labels = LabelSet::new();
    loop {
        let (name, after) = rest.split_once("=\"")?;
        let end = end_of_quote(after)?;
        let value = unescape(&after[..end], "\"\\n", true)?;
        if !is_name(name) || name.contains(':') || labels.insert(name.into(), value).is_some() {
            return None;
        }
        rest = &after[end + 1..];
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None => return Some((labels, rest.strip_prefix('}')?)),
        }
    }
}

fn end_of_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let end = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        end
    })
}

/// Takes escapes back: those of these characters and no others; without an escape there may be no quote
/// where quotes are escaped.
fn unescape(text: &str, escapes: &str, quotes: bool) -> Option<String> {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        plain.push(match character {
            '\\' => match characters.next().filter(|next| escapes.contains(*next))? {
                'n' => '\n',
                other => other,
            },
            '"' if quotes => return None,
            other => other,
        });
    }
    Some(plain)
}

fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !name.is_empty() && name.bytes().all(plain) && !name.as_bytes()[0].is_ascii_digit()
}
