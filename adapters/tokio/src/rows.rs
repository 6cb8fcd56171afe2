//! The rows of a frame that this node has encoded: an object of objects, in which only keys are strings.

/// One row.
pub(crate) struct Row<'a> {
    /// The path, escaped as JSON wants it.
    pub(crate) key: &'a [u8],
    /// The whole row, its key included.
    pub(crate) bytes: &'a [u8],
}

/// The rows of a frame, in order.
pub(crate) fn rows(frame: &[u8]) -> impl Iterator<Item = Row<'_>> {
    let mut rest = frame;
    std::iter::from_fn(move || {
        // Past the brace or the comma before it.
        let row = rest.get(1..)?;
        let end = key_end(row)?;
        let len = end + row.get(end..)?.iter().position(|byte| *byte == b'}')? + 1;
        rest = row.get(len..)?;
        Some(Row {
            key: row.get(1..end)?,
            bytes: row.get(..len)?,
        })
    })
}

/// Where the string ends that `row` begins with: its last quotation mark.
fn key_end(row: &[u8]) -> Option<usize> {
    let mut escaped = *row.first()? != b'"';
    let mut bytes = row.iter().enumerate().skip(1);
    let end = bytes.find(|(_, byte)| {
        let ends = !escaped && **byte == b'"';
        escaped = !escaped && **byte == b'\\';
        ends
    });
    end.map(|(end, _)| end)
}

/// The first segments of a path, so many of them, or all that it has.
pub(crate) fn leading(path: &[u8], segments: usize) -> &[u8] {
    let mut slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    let end = slashes.nth(segments.saturating_sub(1));
    end.map_or(path, |(end, _)| path.get(..end).unwrap_or(path))
}

/// The text of a JSON string.
pub(crate) fn unescaped(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let mut chars = text.chars();
    let mut plain = String::with_capacity(text.len());
    while let Some(char) = chars.next() {
        plain.push(if char == '\\' {
            escape(&mut chars).unwrap_or('\\')
        } else {
            char
        });
    }
    plain
}

/// What an escape stands for, behind its backslash.
fn escape(chars: &mut std::str::Chars<'_>) -> Option<char> {
    Some(match chars.next()? {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'u' => {
            let mut digits = chars.by_ref().take(4).map(|char| char.to_digit(16));
            let code = digits.try_fold(0, |code, digit| Some(code * 16 + digit?))?;
            char::from_u32(code)?
        }
        same => same,
    })
}

#[cfg(test)]
mod tests {
    use super::{leading, rows, unescaped};

    fn keys(frame: &str) -> Vec<String> {
        rows(frame.as_bytes())
            .map(|row| unescaped(row.key))
            .collect()
    }

    #[test]
    fn rows_are_told_apart_whatever_their_keys_hold() {
        let frame = r#"{"":{"a":1},"q\"}{,":{"a":2,"b":3},"back\\":{},"\u001f\n/é":{"a":0}}"#;
        assert_eq!(keys(frame), ["", "q\"}{,", "back\\", "\u{1f}\n/é"]);
        let bytes: Vec<_> = rows(frame.as_bytes()).map(|row| row.bytes).collect();
        assert_eq!(
            [&b"{"[..], &bytes.join(&b','), b"}"].concat(),
            frame.as_bytes()
        );
    }

    #[test]
    fn what_is_no_frame_has_no_rows_and_is_no_panic() {
        for frame in [
            "", "{", "{}", "{\"", "{\"a", "{\"a\"", "{\"a\":{", "[1]", "{1}", "{\"a\\",
        ] {
            assert!(keys(frame).is_empty(), "{frame}");
        }
    }

    #[test]
    fn a_group_is_the_first_segments_or_all_there_are() {
        for (segments, group) in [(1, "a"), (2, "a/b"), (3, "a/b/c"), (9, "a/b/c")] {
            assert_eq!(leading(b"a/b/c", segments), group.as_bytes());
        }
        assert_eq!(leading(b"", 1), b"");
    }
}
