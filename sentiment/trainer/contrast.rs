//! Makes contrasts out of our own training comments: `praise but complaint` complains, `complaint but praise`
//! praises.
//!
//! The licensed reviews hold few short contrasts, and none where the second half decides so clearly.

use cekbrand_sentiment::Label;

use crate::data::Example;

const INDONESIAN: [&str; 4] = ["tapi", "cuma", "namun", "tp"];
const ENGLISH: [&str; 2] = ["but", "however"];
/// English words that tell the language of one of our short comments.
const TELLING: [&str; 24] = [
    "the", "is", "this", "it", "my", "your", "so", "love", "great", "good", "best", "not", "bad", "too",
    "looks", "worst", "made", "was", "no", "for", "service", "works", "never", "nice",
];

/// A made example and the two comments it is made of, by number.
pub(crate) struct Contrast {
    pub(crate) example: Example,
    pub(crate) parents: [usize; 2],
}

/// Two contrasts for each short praise, with a complaint of the same language.
pub(crate) fn contrasts(own: &[Example]) -> Vec<Contrast> {
    let mut contrasts = Vec::new();
    for (english, links) in [(false, &INDONESIAN[..]), (true, &ENGLISH[..])] {
        let of = |label| -> Vec<(usize, &str)> {
            let fits =
                own.iter().enumerate().filter(|(_, example)| example.label == label && joins(&example.text));
            fits.map(|(number, example)| (number, example.text.as_str()))
                .filter(|(_, text)| is_english(text) == english)
                .collect()
        };
        let (praises, complaints) = (of(Label::Pos), of(Label::Neg));
        for (count, praise) in praises.iter().enumerate() {
            let complaint = complaints[(count * 7 + 3) % complaints.len()];
            let link = links[count % links.len()];
            let parents = [praise.0, complaint.0];
            let mut add = |label, text| {
                let example = Example { label, slice: String::new(), text };
                contrasts.push(Contrast { example, parents });
            };
            add(Label::Neg, format!("{} {link} {}", praise.1, complaint.1));
            add(Label::Pos, format!("{} {link} {}", complaint.1, praise.1));
        }
    }
    contrasts
}

/// Whether the comment can be half of a sentence: two to five plain words.
fn joins(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    (2..=5).contains(&words.len())
        && text.chars().all(|letter| letter.is_alphabetic() || " '-,".contains(letter))
        && !words.iter().any(|word| INDONESIAN.contains(word) || ENGLISH.contains(word))
}

fn is_english(text: &str) -> bool {
    let words = text.split_whitespace().map(str::to_lowercase);
    words.filter(|word| TELLING.contains(&word.as_str())).count() > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_half_decides() {
        let example = |label, text: &str| Example { label, slice: String::new(), text: text.into() };
        let own = [example(Label::Pos, "enak banget"), example(Label::Neg, "mahal banget")];
        let made: Vec<_> =
            contrasts(&own).into_iter().map(|one| (one.example.label, one.example.text)).collect();
        assert_eq!(made[0], (Label::Neg, "enak banget tapi mahal banget".into()));
        assert_eq!(made[1], (Label::Pos, "mahal banget tapi enak banget".into()));
    }
}
