//! Characters as they are meant: a hyphen is a hyphen however wide it is. Masking comes before the text is brought to
//! NFKC, which makes many of them one.

/// Stands for a character that is not seen, such as a zero-width space or a soft hyphen.
const UNSEEN: char = '\u{200b}';

/// The plain character that `c` is another form of: `-` for each hyphen and short dash, a space for each space within a
/// line, `(` and `)` for brackets; `c` itself if it is none.
pub(super) fn plain(c: char) -> char {
    match c {
        '[' => '(',
        ']' => ')',
        ' '..='~' => c,
        '\t' | '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => ' ',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' => '-',
        '·' | '•' | '\u{2024}' | '\u{2027}' | '\u{22c5}' | '。' | '｡' | '\u{30fb}' | '\u{fe52}' => {
            '.'
        }
        '\u{2044}' | '\u{2215}' => '/',
        '\u{207a}' | '\u{fe62}' => '+',
        '\u{fe6b}' => '@',
        '№' | '\u{fe5f}' => '#',
        // Full-width forms lie in the order of ASCII.
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(c) - 0xfee0).map_or(c, |ascii| match ascii {
                '[' => '(',
                ']' => ')',
                other => other,
            })
        }
        '\u{ad}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{feff}' => UNSEEN,
        _ => c,
    }
}

/// Whether a character is not seen.
pub(super) fn is_unseen(c: char) -> bool {
    plain(c) == UNSEEN
}

/// Whether a letter is of a script that sets no spaces between words, or of Korean, whose particles hang on what they
/// are about: a number or address beside it is no part of its word.
pub(super) fn is_unspaced(c: char) -> bool {
    matches!(
        c,
        // Thai, Lao, Myanmar, Khmer.
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        // Kana, Hangul, Han.
        | '\u{3040}'..='\u{318f}' | '\u{31f0}'..='\u{31ff}' | '\u{ac00}'..='\u{d7af}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}'
    )
}

/// What stands between two words: up to four plain characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gap {
    characters: [char; 4],
    length: usize,
}

impl Gap {
    /// None if more stands there, or nothing at all.
    pub(super) fn read(between: &str) -> Option<Self> {
        let mut gap = Self {
            characters: [UNSEEN; 4],
            length: 0,
        };
        for c in between.chars().map(plain).filter(|&c| c != UNSEEN) {
            *gap.characters.get_mut(gap.length)? = c;
            gap.length += 1;
        }
        (!between.is_empty()).then_some(gap)
    }

    fn characters(&self) -> &[char] {
        self.characters.get(..self.length).unwrap_or_default()
    }

    /// Whether groups of digits with this between them can be one number.
    pub(super) fn joins(&self) -> bool {
        let stands = |c: &char| matches!(c, ' ' | '-' | '.' | '/' | '(' | ')');
        self.characters().iter().all(stands)
    }

    /// The only character beside spaces; a space if there are only such.
    pub(super) fn sign(&self) -> Option<char> {
        let mut signs = self.characters().iter().filter(|&&c| c != ' ');
        match (signs.next(), signs.next()) {
            (Some(&sign), None) => Some(sign),
            (None, _) => self.characters().first().copied(),
            _ => None,
        }
    }

    /// The character, if it is one.
    pub(super) fn single(&self) -> Option<char> {
        match self.characters() {
            [c] => Some(*c),
            _ => None,
        }
    }
}
