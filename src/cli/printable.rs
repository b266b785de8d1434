//! A customer's words on a terminal: without the characters that would steer it.

/// Whether a character steers a terminal or turns the direction of writing.
pub(super) fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `text` without the characters that steer a terminal.
pub(super) fn without_steering(text: &str) -> String {
    text.chars().filter(|&c| !steers(c)).collect()
}
