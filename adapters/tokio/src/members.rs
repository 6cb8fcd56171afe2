//! The members of an object that this node has encoded: rows of numbers, or what a level's frame tells.

/// One member.
pub(crate) struct Member<'a> {
    /// The name, escaped as JSON wants it.
    pub(crate) key: &'a [u8],
    /// An object of numbers, a string, or a number.
    pub(crate) value: &'a [u8],
    /// Name and value.
    pub(crate) bytes: &'a [u8],
}

/// The members of an object, in order.
pub(crate) fn members(object: &[u8]) -> impl Iterator<Item = Member<'_>> {
    let mut rest = object;
    std::iter::from_fn(move || {
        // Past the brace or the comma before it.
        let member = rest.get(1..)?;
        let end = string_end(member)?;
        let begin = end + 2;
        let len = begin + value_len(member.get(begin..)?)?;
        rest = member.get(len..)?;
        Some(Member {
            key: member.get(1..end)?,
            value: member.get(begin..len)?,
            bytes: member.get(..len)?,
        })
    })
}

/// Where the string ends that `text` begins with: its last quotation mark.
fn string_end(text: &[u8]) -> Option<usize> {
    let mut escaped = *text.first()? != b'"';
    let mut bytes = text.iter().enumerate().skip(1);
    let end = bytes.find(|(_, byte)| {
        let ends = !escaped && **byte == b'"';
        escaped = !escaped && **byte == b'\\';
        ends
    });
    end.map(|(end, _)| end)
}

/// The length of the value that `text` begins with.
fn value_len(text: &[u8]) -> Option<usize> {
    match text.first()? {
        b'"' => string_end(text).map(|end| end + 1),
        b'{' => Some(text.iter().position(|byte| *byte == b'}')? + 1),
        _ => text.iter().position(|byte| matches!(byte, b',' | b'}')),
    }
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
    use super::{leading, members, unescaped};

    fn keys(object: &str) -> Vec<String> {
        members(object.as_bytes())
            .map(|member| unescaped(member.key))
            .collect()
    }

    #[test]
    fn rows_are_told_apart_whatever_their_keys_hold() {
        let frame = r#"{"":{"a":1},"q\"}{,":{"a":2,"b":3},"back\\":{},"\u001f\n/é":{"a":0}}"#;
        assert_eq!(keys(frame), ["", "q\"}{,", "back\\", "\u{1f}\n/é"]);
        let rows = members(frame.as_bytes());
        let bytes: Vec<_> = rows.map(|row| row.bytes).collect();
        assert_eq!(
            [&b"{"[..], &bytes.join(&b','), b"}"].concat(),
            frame.as_bytes()
        );
    }

    #[test]
    fn values_are_numbers_strings_and_rows() {
        let frame = br#"{"v":1,"level":"a}\",b","":{"a":1},"groups":0}"#;
        let values: Vec<_> = members(frame).map(|member| member.value).collect();
        let expected: [&[u8]; 4] = [b"1", br#""a}\",b""#, br#"{"a":1}"#, b"0"];
        assert_eq!(values, expected);
    }

    #[test]
    fn what_is_no_frame_has_no_members_and_is_no_panic() {
        for frame in [
            "", "{", "{}", "{\"", "{\"a", "{\"a\"", "{\"a\":{", "{\"a\":1", "[1]", "{1}", "{\"a\\",
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
