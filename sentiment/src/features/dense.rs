//! What the lexicon says, added up: polarities, emoji, questions and requests, and how long the comment is.
//!
//! Each tally grows token by token, so an explanation can share it out among the tokens again.

use crate::language::Language;
use crate::lexicon::{Entry, Lexicon, Role};
use crate::normalise::{Normalised, Reading, Token, TokenKind};

/// What is added up over the tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tally {
    Praise,
    Complaint,
    LatePraise,
    LateComplaint,
    VaderPraise,
    VaderComplaint,
    AfinnPraise,
    AfinnComplaint,
    FacePraise,
    FaceComplaint,
    Playful,
    Laugh,
    Question,
    Exclamation,
    Elongated,
    Shouted,
    Asking,
    Request,
    Spam,
    Negator,
    Mention,
    Link,
    Number,
    Tag,
    Reported,
    Foe,
    Support,
}

const TALLIES: usize = Tally::Support as usize + 1;

/// When a tally counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gate {
    Always,
    /// At most three words.
    Tiny,
    /// At most eight words.
    Short,
    /// The lexicon hears no praise and no complaint.
    Silent,
    /// The comment is in English.
    English,
    /// There is both praise and complaint.
    Both,
    /// The comment names those who blame, or stands by somebody.
    Defence,
}

const GATES: usize = Gate::Defence as usize + 1;

/// The dense features after the gates themselves, in the artefact's order.
const FEATURES: [(Tally, Gate); 63] = [
    (Tally::Praise, Gate::Always),
    (Tally::Praise, Gate::Tiny),
    (Tally::Praise, Gate::Short),
    (Tally::Praise, Gate::English),
    (Tally::Complaint, Gate::Always),
    (Tally::Complaint, Gate::Tiny),
    (Tally::Complaint, Gate::Short),
    (Tally::Complaint, Gate::English),
    (Tally::Praise, Gate::Both),
    (Tally::Complaint, Gate::Both),
    (Tally::LatePraise, Gate::Both),
    (Tally::LateComplaint, Gate::Both),
    (Tally::LatePraise, Gate::Always),
    (Tally::LatePraise, Gate::Short),
    (Tally::LateComplaint, Gate::Always),
    (Tally::LateComplaint, Gate::Short),
    (Tally::VaderPraise, Gate::Always),
    (Tally::VaderPraise, Gate::Short),
    (Tally::VaderPraise, Gate::English),
    (Tally::VaderComplaint, Gate::Always),
    (Tally::VaderComplaint, Gate::Short),
    (Tally::VaderComplaint, Gate::English),
    (Tally::AfinnPraise, Gate::Always),
    (Tally::AfinnPraise, Gate::Short),
    (Tally::AfinnComplaint, Gate::Always),
    (Tally::AfinnComplaint, Gate::Short),
    (Tally::FacePraise, Gate::Always),
    (Tally::FacePraise, Gate::Silent),
    (Tally::FacePraise, Gate::Short),
    (Tally::FaceComplaint, Gate::Always),
    (Tally::FaceComplaint, Gate::Silent),
    (Tally::FaceComplaint, Gate::Short),
    (Tally::Playful, Gate::Always),
    (Tally::Playful, Gate::Silent),
    (Tally::Laugh, Gate::Always),
    (Tally::Laugh, Gate::Silent),
    (Tally::Question, Gate::Always),
    (Tally::Question, Gate::Silent),
    (Tally::Question, Gate::Short),
    (Tally::Question, Gate::English),
    (Tally::Exclamation, Gate::Always),
    (Tally::Exclamation, Gate::Silent),
    (Tally::Elongated, Gate::Always),
    (Tally::Shouted, Gate::Always),
    (Tally::Asking, Gate::Always),
    (Tally::Asking, Gate::Silent),
    (Tally::Request, Gate::Always),
    (Tally::Request, Gate::Silent),
    (Tally::Spam, Gate::Always),
    (Tally::Negator, Gate::Always),
    (Tally::Mention, Gate::Always),
    (Tally::Link, Gate::Always),
    (Tally::Number, Gate::Always),
    (Tally::Tag, Gate::Always),
    (Tally::Tag, Gate::Short),
    (Tally::Reported, Gate::Always),
    (Tally::Foe, Gate::Always),
    (Tally::Foe, Gate::Short),
    (Tally::Support, Gate::Always),
    (Tally::Support, Gate::Short),
    (Tally::Support, Gate::Both),
    (Tally::Praise, Gate::Defence),
    (Tally::Complaint, Gate::Defence),
];

/// Bias, three languages, tiny, short, silent, both: what holds of the whole comment.
const WHOLE: usize = 8;
/// How many dense features there are.
pub const DENSE: usize = WHOLE + FEATURES.len();

/// The dense features of one comment and what they were made of.
#[derive(Debug, Clone)]
pub struct Dense {
    /// The features, in the artefact's order.
    pub values: [f32; DENSE],
    /// The language that the words tell.
    pub language: Language,
    /// How many words the comment has.
    pub words: usize,
    /// Praise minus complaint of the emoji alone.
    pub faces: f32,
    /// How many joking faces there are.
    pub playful: f32,
    tallies: [f32; TALLIES],
    gates: [bool; GATES],
}

impl Dense {
    /// Adds up the tallies of a comment and lays out the features.
    pub fn of(comment: &Normalised, lexicon: &Lexicon) -> Self {
        let mut tallies = [0.0; TALLIES];
        let (mut words, mut indonesian, mut english) = (0, 0, 0);
        for (place, token) in comment.tokens().iter().enumerate() {
            if token.kind == TokenKind::Word {
                words += 1;
                let language = token.entry.map_or(0, |number| lexicon.entry(number).language);
                indonesian += usize::from(language > 0);
                english += usize::from(language < 0);
            }
            each_tally(comment, place, lexicon, |tally, amount| tallies[tally as usize] += amount);
        }
        let language = Language::of(indonesian, english);
        let at = |tally: Tally| tallies[tally as usize];
        let silent = at(Tally::Praise) + at(Tally::Complaint) == 0.0;
        let both = at(Tally::Praise) > 0.0 && at(Tally::Complaint) > 0.0;
        let defence = at(Tally::Foe) + at(Tally::Support) > 0.0;
        let gates = [true, words <= 3, words <= 8, silent, language == Language::English, both, defence];
        let mut dense = Self {
            values: [0.0; DENSE],
            language,
            words,
            faces: at(Tally::FacePraise) - at(Tally::FaceComplaint),
            playful: at(Tally::Playful),
            tallies,
            gates,
        };
        dense.lay_out();
        dense
    }

    fn lay_out(&mut self) {
        let truth = |holds: bool| f32::from(u8::from(holds));
        let is = |language| truth(self.language == language);
        let whole: [f32; WHOLE] = [
            1.0,
            is(Language::English),
            is(Language::Mixed),
            is(Language::Undetermined),
            truth(self.gates[Gate::Tiny as usize]),
            truth(self.gates[Gate::Short as usize]),
            truth(self.gates[Gate::Silent as usize]),
            truth(self.gates[Gate::Both as usize]),
        ];
        self.values[..WHOLE].copy_from_slice(&whole);
        let damped = self.tallies.map(damp);
        for (value, (tally, gate)) in self.values[WHOLE..].iter_mut().zip(FEATURES) {
            *value = if self.gates[gate as usize] { damped[tally as usize] } else { 0.0 };
        }
    }

    /// The part of the dense features that one token brought in: calls back with feature number and share.
    pub fn shares(
        &self,
        comment: &Normalised,
        place: usize,
        lexicon: &Lexicon,
        mut share: impl FnMut(usize, f32),
    ) {
        each_tally(comment, place, lexicon, |tally, amount| {
            for (number, (other, gate)) in FEATURES.iter().enumerate() {
                if *other == tally && self.gates[*gate as usize] {
                    let total = self.tallies[tally as usize];
                    share(WHOLE + number, damp(total) * amount / total);
                }
            }
        });
    }
}

/// The polarity of an emoji in whole units, and whether it is a joking face.
pub(crate) fn face_of(entry: Option<&Entry>) -> (f32, bool) {
    let polarity = entry.and_then(|entry| entry.own).map_or(0.0, |tenths| f32::from(tenths) / 10.0);
    (polarity, entry.is_some_and(|entry| entry.role == Role::Playful))
}

/// The second of a kind says less than the first.
fn damp(tally: f32) -> f32 {
    if tally == 0.0 { 0.0 } else { tally.ln_1p() }
}

/// Calls back with all that one token adds.
fn each_tally(comment: &Normalised, place: usize, lexicon: &Lexicon, mut add: impl FnMut(Tally, f32)) {
    let token = &comment.tokens()[place];
    match token.kind {
        TokenKind::Word => {}
        TokenKind::Emoji => return face(comment.entry(token, lexicon), add),
        TokenKind::Laugh => return add(Tally::Laugh, 1.0),
        TokenKind::Mention => return add(Tally::Mention, 1.0),
        TokenKind::Link => return add(Tally::Link, 1.0),
        TokenKind::Number => return add(Tally::Number, 1.0),
        TokenKind::Question => return add(Tally::Question, 1.0),
        TokenKind::Tag => return add(Tally::Tag, 1.0),
        TokenKind::Exclamation => return add(Tally::Exclamation, 1.0),
        TokenKind::Stop => return,
    }
    if token.elongated {
        add(Tally::Elongated, 1.0);
    }
    if token.shouted {
        add(Tally::Shouted, 1.0);
    }
    let Some(entry) = comment.entry(token, lexicon) else { return };
    if token.reading == Reading::Strengthening && entry.role != Role::Idiom {
        return;
    }
    match entry.role {
        Role::Asking => add(Tally::Asking, 1.0),
        Role::Request => add(Tally::Request, 1.0),
        Role::Spam => add(Tally::Spam, 1.0),
        Role::Negator => add(Tally::Negator, 1.0),
        Role::Foe => add(Tally::Foe, 1.0),
        Role::Support => add(Tally::Support, 1.0),
        _ => {}
    }
    match token.reading {
        Reading::Asked => return,
        Reading::Reported => return add(Tally::Reported, 1.0),
        _ => {}
    }
    let force = force(comment, place, lexicon);
    let own = turned(entry.own.unwrap_or(0), token) * force;
    signed(own, Tally::Praise, Tally::Complaint, &mut add);
    if token.after_contrast {
        signed(own, Tally::LatePraise, Tally::LateComplaint, &mut add);
    }
    if entry.language <= 0 {
        signed(turned(entry.vader, token) * force, Tally::VaderPraise, Tally::VaderComplaint, &mut add);
    }
    signed(turned(entry.afinn, token) * force, Tally::AfinnPraise, Tally::AfinnComplaint, &mut add);
}

fn face(entry: Option<&Entry>, mut add: impl FnMut(Tally, f32)) {
    let (polarity, playful) = face_of(entry);
    if playful {
        add(Tally::Playful, 1.0);
    }
    signed(polarity, Tally::FacePraise, Tally::FaceComplaint, &mut add);
}

fn signed(polarity: f32, praise: Tally, complaint: Tally, add: &mut impl FnMut(Tally, f32)) {
    if polarity > 0.0 {
        add(praise, polarity);
    } else if polarity < 0.0 {
        add(complaint, -polarity);
    }
}

/// A polarity in whole units, turned by negation: `not good` is bad, `not bad` is only half good.
fn turned(tenths: i8, token: &Token) -> f32 {
    let polarity = f32::from(tenths) / 10.0;
    match (token.negated, polarity > 0.0) {
        (false, _) => polarity,
        (true, true) => -0.9 * polarity,
        (true, false) => -0.4 * polarity,
    }
}

/// What a booster or a damper beside the word does to it.
fn force(comment: &Normalised, place: usize, lexicon: &Lexicon) -> f32 {
    let role = |place: usize| {
        let token = comment.tokens().get(place).filter(|token| token.kind == TokenKind::Word);
        if token.is_some_and(|token| token.reading == Reading::Strengthening) {
            return Role::Booster;
        }
        token.and_then(|token| comment.entry(token, lexicon)).map_or(Role::None, |entry| entry.role)
    };
    let neighbours = [if place > 0 { role(place - 1) } else { Role::None }, role(place + 1)];
    if neighbours.contains(&Role::Booster) {
        1.3
    } else if neighbours.contains(&Role::Damper) {
        0.6
    } else {
        1.0
    }
}
