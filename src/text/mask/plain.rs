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

/// Whether a character is a mark on the letter or digit before it: an accent of its own, a sign that leaves a vowel out,
/// the frame of a key.
pub(super) fn is_mark(c: char) -> bool {
    matches!(
        c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20f0}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{fe20}'..='\u{fe2f}' | '\u{3099}' | '\u{309a}'
        // Nukta and virama of the scripts of India; marks of Thai and Lao.
        | '\u{93c}' | '\u{94d}' | '\u{9bc}' | '\u{9cd}' | '\u{a3c}' | '\u{a4d}' | '\u{abc}'
        | '\u{acd}' | '\u{b3c}' | '\u{b4d}' | '\u{bcd}' | '\u{c4d}' | '\u{cbc}' | '\u{ccd}'
        | '\u{d4d}' | '\u{dca}' | '\u{e47}'..='\u{e4e}' | '\u{ec8}'..='\u{ece}'
    )
}

/// Spaces as they are written in web pages.
const CODED_SPACES: [&str; 8] = [
    "&nbsp;", "&#160;", "&#xa0;", "&#8239;", "&#x202f;", "&thinsp;", "&ensp;", "&emsp;",
];

/// How many bytes of a text are a space that it begins with, in the writing of web pages.
pub(super) fn coded_space(text: &str) -> Option<usize> {
    if !text.starts_with('&') {
        return None;
    }
    let begins = |code: &&&str| {
        let beginning = text.get(..code.len());
        beginning.is_some_and(|beginning| beginning.eq_ignore_ascii_case(code))
    };
    CODED_SPACES.iter().find(begins).map(|code| code.len())
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
        let mut rest = between;
        while let Some(c) = rest.chars().next() {
            let space = coded_space(rest);
            rest = rest.get(space.unwrap_or(c.len_utf8())..)?;
            let c = space.map_or(plain(c), |_| ' ');
            if c != UNSEEN && !is_mark(c) {
                *gap.characters.get_mut(gap.length)? = c;
                gap.length += 1;
            }
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

    /// Whether a line ends here, and the next one is no empty one.
    pub(super) fn ends_line(&self) -> bool {
        let mut signs = self.characters().iter().filter(|&&c| c != ' ');
        matches!(
            (signs.next(), signs.next(), signs.next()),
            (Some('\n'), None, _) | (Some('\r'), Some('\n'), None)
        )
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
