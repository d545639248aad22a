//! Where a title is broken: between words, never within one, in the shape of a trapezoid or a lozenge.

use std::collections::HashSet;

/// 2号 characters that fit one line of the printed area, with some air at the sides.
const LINE_CHARACTERS_MAX: usize = 19;
/// The longest word looked up.
const WORD_CHARACTERS_MAX: usize = 20;
/// A title longer than this is not broken by sense any more; its lines are filled.
const TITLE_CHARACTERS_MAX: usize = 4 * LINE_CHARACTERS_MAX;

/// Words that are not broken.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lexicon {
    words: HashSet<String>,
}

impl Lexicon {
    /// A word a line; lines that begin with `#` are notes.
    pub(crate) fn read(list: &str) -> Self {
        let words = list
            .lines()
            .map(str::trim)
            .filter(|word| !word.is_empty() && !word.starts_with('#'))
            .map(str::to_owned)
            .collect();
        Self { words }
    }

    /// The lines of a title. Breaks the author made (line ends) are kept as they are; `names` (units,
    /// places) are not broken either.
    pub(crate) fn lines(&self, title: &str, names: &[&str]) -> Vec<String> {
        let lines: Vec<&str> =
            title.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        if lines.len() > 1 {
            return lines.into_iter().map(str::to_owned).collect();
        }
        let whole: Vec<char> = lines.concat().chars().collect();
        if whole.len() <= LINE_CHARACTERS_MAX {
            return vec![whole.into_iter().collect()];
        }
        if whole.len() > TITLE_CHARACTERS_MAX {
            return full_lines(&whole);
        }
        let mut ends: Vec<(usize, u32)> = self.word_ends(&whole, names);
        ends.retain(|&(end, _)| end > 0 && end < whole.len());
        balanced(&whole, &ends)
    }

    /// Where a line may end, each with how much it hurts there.
    fn word_ends(&self, whole: &[char], names: &[&str]) -> Vec<(usize, u32)> {
        let mut ends = Vec::new();
        let mut at = 0;
        while at < whole.len() {
            let longest = (2..=WORD_CHARACTERS_MAX.min(whole.len() - at)).rev().find(|length| {
                let word: String = whole.iter().skip(at).take(*length).collect();
                names.contains(&word.as_str()) || self.words.contains(&word)
            });
            let length = longest.unwrap_or(1);
            let end = at + length;
            let here = |index: usize| whole.get(index).copied().unwrap_or(' ');
            let (last, next) = (here(end - 1), here(end));
            // Digits and letters of one number keep together.
            let torn = last.is_ascii_alphanumeric() && next.is_ascii_alphanumeric();
            let forbidden = torn
                || "的了和与及》）”、，：；。〕".contains(next)
                || "《（“〔第关对向".contains(last);
            if !forbidden {
                let known = longest.is_some() || "的》）、，".contains(last);
                ends.push((end, if known { 0 } else { 40 }));
            }
            at = end;
        }
        ends
    }
}

/// The breaks that make the fewest lines, near in length, wider below or in the middle: never an hourglass.
fn balanced(whole: &[char], ends: &[(usize, u32)]) -> Vec<String> {
    let count = whole.len().div_ceil(LINE_CHARACTERS_MAX);
    let mut best: Option<(u32, Vec<usize>)> = None;
    for lines in count..=count + 1 {
        let mut chosen = Vec::new();
        search(whole.len(), ends, lines, 0, 0, &mut chosen, &mut best);
        if best.is_some() {
            break;
        }
    }
    let Some((_, mut breaks)) = best else {
        return full_lines(whole);
    };
    breaks.push(whole.len());
    let mut from = 0;
    breaks
        .into_iter()
        .map(|to| {
            let line = whole.iter().skip(from).take(to - from).collect();
            from = to;
            line
        })
        .collect()
}

fn full_lines(whole: &[char]) -> Vec<String> {
    whole.chunks(LINE_CHARACTERS_MAX).map(|line| line.iter().collect()).collect()
}

/// Tries every way to end `lines` lines; a title has few words, so there are few ways.
fn search(
    length: usize,
    ends: &[(usize, u32)],
    lines: usize,
    from: usize,
    pain: u32,
    chosen: &mut Vec<usize>,
    best: &mut Option<(u32, Vec<usize>)>,
) {
    if best.as_ref().is_some_and(|(least, _)| pain >= *least) {
        return;
    }
    if lines == 1 {
        if length - from <= LINE_CHARACTERS_MAX {
            let total = pain + shape(chosen, length);
            if best.as_ref().is_none_or(|(least, _)| total < *least) {
                *best = Some((total, chosen.clone()));
            }
        }
        return;
    }
    for &(end, hurt) in ends.iter().filter(|(end, _)| *end > from) {
        if end - from > LINE_CHARACTERS_MAX {
            break;
        }
        // What is left must fit the lines that are left.
        if length - end > (lines - 1) * LINE_CHARACTERS_MAX {
            continue;
        }
        chosen.push(end);
        search(length, ends, lines - 1, end, pain + hurt, chosen, best);
        chosen.pop();
    }
}

/// How far the lines are from one shape: unequal lengths hurt, a waist hurts most.
fn shape(breaks: &[usize], length: usize) -> u32 {
    let mut widths = Vec::new();
    let mut from = 0;
    for &to in breaks.iter().chain([&length]) {
        widths.push(to - from);
        from = to;
    }
    let widest = widths.iter().max().copied().unwrap_or(0);
    let ragged: usize = widths.iter().map(|width| (widest - width).pow(2)).sum();
    let waist = widths.windows(3).filter(
        |three| matches!(three, [above, middle, below] if middle < above && middle < below),
    );
    let even = widths.windows(2).filter(|two| matches!(two, [above, below] if above == below));
    u32::try_from(ragged + 60 * waist.count() + 3 * even.count()).unwrap_or(u32::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(title: &str) -> Vec<String> {
        let words = "关于\n移送\n公益诉讼\n案件\n线索\n燃煤锅炉\n颗粒物\n超标排放\n责令\n整改\n情况\n报告\n有限公司";
        Lexicon::read(words).lines(title, &["陕西长青能源化工有限公司", "宝鸡市环境保护局凤翔分局"])
    }

    #[test]
    fn a_short_title_stays_whole_and_the_authors_breaks_are_kept() {
        assert_eq!(lines("关于移送案件线索的函"), ["关于移送案件线索的函"]);
        assert_eq!(lines("关于甲\n移送乙的函"), ["关于甲", "移送乙的函"]);
    }

    #[test]
    fn a_long_title_is_broken_between_words() {
        assert_eq!(
            lines("关于移送陕西长青能源化工有限公司燃煤锅炉颗粒物超标排放公益诉讼案件线索的函"),
            ["关于移送陕西长青能源化工有限公司", "燃煤锅炉颗粒物超标排放", "公益诉讼案件线索的函"]
        );
        for line in lines(
            "宝鸡市环境保护局凤翔分局关于陕西长青能源化工有限公司燃煤锅炉颗粒物超标排放责令整改情况的报告",
        ) {
            assert!(!line.starts_with('的') && !line.ends_with("关"), "{line}");
            assert!(line.chars().count() <= LINE_CHARACTERS_MAX, "{line}");
        }
    }

    #[test]
    fn words_nobody_knows_are_broken_all_the_same() {
        let broken = lines(&"甲乙丙丁戊己庚辛".repeat(10));
        assert_eq!(broken.concat(), "甲乙丙丁戊己庚辛".repeat(10));
        assert!(broken.iter().all(|line| line.chars().count() <= LINE_CHARACTERS_MAX));
    }
}
