//! How wide text is, and where it breaks, without a font at hand.

/// The width of a text in ems: a Chinese character fills one, a Latin one about half.
pub(super) fn ems(text: &str) -> f64 {
    text.chars().map(em).sum()
}

fn em(character: char) -> f64 {
    match character {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' => 0.32,
        ' ' | '\u{a0}' | '·' | '(' | ')' | '-' | 'f' | 'r' | 't' => 0.42,
        'm' | 'w' | 'M' | 'W' => 0.85,
        'A'..='Z' => 0.68,
        _ if character.is_ascii() || ('\u{a0}'..'\u{1100}').contains(&character) => 0.55,
        _ => 1.0,
    }
}

/// Breaks a text into as few lines as fit in `most` ems, of about equal width.
///
/// Latin breaks at spaces; Chinese at marks if that does, else anywhere but before a closing and
/// after an opening mark. A word wider than a line keeps its own.
pub(super) fn wrap(text: &str, most: f64) -> Vec<String> {
    let width = ems(text);
    if width <= most {
        return vec![text.to_owned()];
    }
    let fewest = fill(&pieces(text), most);
    let phrases = fill(&phrases(text), most);
    if phrases.len() <= fewest.len() && phrases.iter().all(|line| ems(line) <= most) {
        return phrases;
    }
    let mut best = fewest.clone();
    // Narrow the lines for as long as there are no more of them: no line of one lonely character.
    let mut narrower = most;
    while narrower > most / 2.0 {
        narrower -= 0.5;
        let lines = fill(&pieces(text), narrower);
        if lines.len() > fewest.len() || lines.iter().any(|line| ems(line) > most) {
            break;
        }
        best = lines;
    }
    best
}

fn fill(pieces: &[&str], most: f64) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for piece in pieces {
        if !line.is_empty() && ems(&line) + ems(piece.trim_end()) > most {
            lines.push(line.trim_end().to_owned());
            line.clear();
        }
        line.push_str(piece);
    }
    if !line.trim_end().is_empty() {
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// The parts a line may end after.
fn pieces(text: &str) -> Vec<&str> {
    split(text, |character, next| {
        let either_wide = em(character) >= 1.0 || em(next) >= 1.0;
        character == ' ' && next != ' '
            || either_wide && next != ' ' && !opens(character) && !closes(next)
    })
}

/// The parts between Chinese marks: breaking there is easiest to read.
fn phrases(text: &str) -> Vec<&str> {
    split(text, |character, next| {
        let before = em(next) >= 1.0 && opens(next);
        let after = em(character) >= 1.0 && closes(character);
        (before && !opens(character)) || (after && !closes(next))
    })
}

fn split(text: &str, breaks: impl Fn(char, char) -> bool) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((_, character)) = characters.next() {
        let Some(&(next_at, next)) = characters.peek() else { break };
        if breaks(character, next) {
            pieces.extend(text.get(start..next_at));
            start = next_at;
        }
    }
    pieces.extend(text.get(start..));
    pieces
}

fn opens(character: char) -> bool {
    matches!(character, '（' | '《' | '“' | '〔' | '(' | '「')
}

fn closes(character: char) -> bool {
    matches!(
        character,
        '）' | '》'
            | '”'
            | '〕'
            | ')'
            | '」'
            | '，'
            | '。'
            | '、'
            | '；'
            | '：'
            | '？'
            | '！'
            | ','
    )
}
