//! What two frames of a track differ in, as a JSON merge patch (RFC 7396).

use std::collections::BTreeMap;

use crate::members::{Member, members};

/// The patch that makes `before` what `now` is. Cost: O(both), as they mostly have the same names in the same
/// order.
pub(crate) fn patch(before: &[u8], now: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    put_object(&mut out, before, now);
    out
}

fn put_object(out: &mut Vec<u8>, before: &[u8], now: &[u8]) {
    let mut begin = b'{';
    let mut before = members(before).peekable();
    let mut now = members(now).peekable();
    while let Some(is) = now.peek()
        && let Some(was) = before.next_if(|was| was.key == is.key)
    {
        put_change(out, &mut begin, &was, is);
        now.next();
    }
    let mut before: BTreeMap<_, _> = before.map(|was| (was.key, was)).collect();
    for is in now {
        match before.remove(is.key) {
            Some(was) => put_change(out, &mut begin, &was, &is),
            None => put(out, &mut begin, &[is.bytes]),
        }
    }
    for gone in before.keys() {
        put(out, &mut begin, &[b"\"", gone, b"\":null"]);
    }
    if begin == b'{' {
        out.push(begin);
    }
    out.push(b'}');
}

fn put_change(out: &mut Vec<u8>, begin: &mut u8, was: &Member<'_>, is: &Member<'_>) {
    if was.value == is.value {
        return;
    }
    if was.value.first() == Some(&b'{') && is.value.first() == Some(&b'{') {
        put(out, begin, &[b"\"", is.key, b"\":"]);
        put_object(out, was.value, is.value);
    } else {
        put(out, begin, &[is.bytes]);
    }
}

/// Puts a member, or the beginning of one, behind the brace or the comma that `begin` is.
fn put(out: &mut Vec<u8>, begin: &mut u8, parts: &[&[u8]]) {
    out.push(std::mem::replace(begin, b','));
    for part in parts {
        out.extend_from_slice(part);
    }
}

#[cfg(test)]
mod tests {
    use super::patch;

    fn differ(before: &str, now: &str) -> String {
        String::from_utf8(patch(before.as_bytes(), now.as_bytes())).expect("text")
    }

    #[test]
    fn members_that_are_the_same_are_left_out() {
        let before = r#"{"v":1,"level":"a,\"b}","ts_ms":5,"bytes":7}"#;
        let now = r#"{"v":1,"level":"a,\"b}","ts_ms":6,"bytes":7}"#;
        assert_eq!(differ(before, now), r#"{"ts_ms":6}"#);
        assert_eq!(differ(now, now), "{}");
    }

    #[test]
    fn rows_change_come_and_go() {
        let before = r#"{"a":{"x":1,"y":2},"b":{"x":1,"y":1},"d":{"x":0,"y":0}}"#;
        let now = r#"{"a":{"x":1,"y":3},"b":{"x":1,"y":1},"c":{"x":9,"y":9}}"#;
        let expected = r#"{"a":{"y":3},"c":{"x":9,"y":9},"d":null}"#;
        assert_eq!(differ(before, now), expected);
        let all = r#"{"a":null,"b":null,"d":null}"#;
        assert_eq!(differ(before, "{}"), all);
        assert_eq!(differ("{}", before), before);
    }

    #[test]
    fn the_order_of_names_does_not_matter() {
        let before = r#"{"a":{"x":1},"b":{"x":1},"c":{"x":1}}"#;
        let now = r#"{"c":{"x":1},"a":{"x":2},"b":{"x":1}}"#;
        assert_eq!(differ(before, now), r#"{"a":{"x":2}}"#);
    }
}
