//! The word table of the artefact: polarity, role, language and normalised spelling of some twenty thousand
//! forms.
//!
//! Normalisation asks it for spellings and roles, features ask it for polarities. Emoji are in it too.

use crate::cursor::{ArtefactError, Cursor};
use crate::hash;

/// What a word does in a sentence, beside its polarity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Nothing special.
    None,
    /// Turns what follows: `tidak`, `not`.
    Negator,
    /// Strengthens its neighbour: `banget`, `very`.
    Booster,
    /// Weakens its neighbour: `agak`, `kinda`.
    Damper,
    /// What follows weighs more than what went before: `tapi`, `but`.
    Contrast,
    /// Asks or trades: `berapa`, `ongkir`.
    Asking,
    /// Requests: `tolong`, `please`.
    Request,
    /// Advertises to strangers: `slot`, `promote`.
    Spam,
    /// A joking face that says little alone.
    Playful,
    /// A phrase that is read whole: `tidak ada duanya`.
    Idiom,
    /// A swear word, or one as strong, that strengthens praise: `anjir`, `parah`.
    Swear,
    /// Puts words into the mouth of others: `dibilang`, `ngatain`.
    Report,
    /// Names those who blame, or their blame: `haters`, `hujat`.
    Foe,
    /// Stands by somebody: `sabar`, `abaikan`.
    Support,
}

impl Role {
    /// All roles; the position is the byte in the artefact.
    pub const ALL: [Self; 14] = [
        Self::None,
        Self::Negator,
        Self::Booster,
        Self::Damper,
        Self::Contrast,
        Self::Asking,
        Self::Request,
        Self::Spam,
        Self::Playful,
        Self::Idiom,
        Self::Swear,
        Self::Report,
        Self::Foe,
        Self::Support,
    ];
}

/// What is known of one form. Polarities are in tenths, from -40 to 40.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Our own list; `None` where it is silent.
    pub own: Option<i8>,
    /// VADER's mean rating.
    pub vader: i8,
    /// AFINN, the larger of its Indonesian and English lists.
    pub afinn: i8,
    /// Below zero English, above zero Indonesian.
    pub language: i8,
    /// Its part in the sentence.
    pub role: Role,
    /// Some phrase of the table begins with this word.
    pub opens_phrase: bool,
    /// The normalised spelling, where it differs; may be of several words.
    pub rewrite: Option<Box<str>>,
}

impl Default for Entry {
    fn default() -> Self {
        Self {
            own: None,
            vader: 0,
            afinn: 0,
            language: 0,
            role: Role::None,
            opens_phrase: false,
            rewrite: None,
        }
    }
}

impl Entry {
    /// Whether more than the language is known.
    pub fn is_telling(&self) -> bool {
        self.own.is_some() || self.role != Role::None || self.rewrite.is_some()
    }
}

/// A read-only hash table from forms to entries.
#[derive(Debug)]
pub struct Lexicon {
    keys: Box<[Box<str>]>,
    entries: Box<[Entry]>,
    slots: Box<[u32]>,
}

const EMPTY: u32 = u32::MAX;
const NO_POLARITY: i8 = i8::MIN;
const OPENS_PHRASE: u8 = 0x80;

impl Lexicon {
    /// Builds the table; of equal forms the first stays reachable.
    pub fn new(pairs: Vec<(Box<str>, Entry)>) -> Self {
        let size = (pairs.len() * 2).next_power_of_two().max(2);
        let mut slots = vec![EMPTY; size].into_boxed_slice();
        let (keys, entries): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        for (number, key) in (0..EMPTY).zip(&keys) {
            let mut slot = slot_of(key, size);
            while slots[slot] != EMPTY {
                slot = (slot + 1) & (size - 1);
            }
            slots[slot] = number;
        }
        Self { keys: keys.into_boxed_slice(), entries: entries.into_boxed_slice(), slots }
    }

    /// The entry of a form, with its number.
    #[inline]
    pub fn find(&self, form: &str) -> Option<(u32, &Entry)> {
        let size = self.slots.len();
        let mut slot = slot_of(form, size);
        loop {
            let number = self.slots[slot];
            if number == EMPTY {
                return None;
            }
            if &*self.keys[number as usize] == form {
                return Some((number, &self.entries[number as usize]));
            }
            slot = (slot + 1) & (size - 1);
        }
    }

    /// The entry with a number that `find` gave.
    #[inline]
    pub fn entry(&self, number: u32) -> &Entry {
        &self.entries[number as usize]
    }

    /// How many forms there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is no form at all.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Writes the table in the artefact's form.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&u32::try_from(self.len()).unwrap_or(u32::MAX).to_le_bytes());
        for (key, entry) in self.keys.iter().zip(&self.entries) {
            write_text(out, key);
            write_text(out, entry.rewrite.as_deref().unwrap_or(""));
            let role = Role::ALL.iter().position(|role| *role == entry.role).unwrap_or(0);
            let role = u8::try_from(role).unwrap_or(0) | if entry.opens_phrase { OPENS_PHRASE } else { 0 };
            let own = entry.own.unwrap_or(NO_POLARITY);
            out.extend([own, entry.vader, entry.afinn, entry.language].map(i8::cast_unsigned));
            out.push(role);
        }
    }

    /// Reads the table back.
    ///
    /// # Errors
    /// When the bytes are cut short or no table.
    pub(crate) fn read(cursor: &mut Cursor<'_>) -> Result<Self, ArtefactError> {
        let count = cursor.u32()? as usize;
        let mut pairs = Vec::with_capacity(count.min(1 << 20));
        for _ in 0..count {
            let key = cursor.text()?.into();
            let rewrite = cursor.text()?;
            let [own, vader, afinn, language, role] = cursor.array::<5>()?;
            let entry = Entry {
                own: Some(own.cast_signed()).filter(|own| *own != NO_POLARITY),
                vader: vader.cast_signed(),
                afinn: afinn.cast_signed(),
                language: language.cast_signed(),
                role: *Role::ALL.get(usize::from(role & !OPENS_PHRASE)).ok_or(ArtefactError::Malformed)?,
                opens_phrase: role & OPENS_PHRASE != 0,
                rewrite: (!rewrite.is_empty()).then(|| rewrite.into()),
            };
            pairs.push((key, entry));
        }
        Ok(Self::new(pairs))
    }
}

fn slot_of(form: &str, size: usize) -> usize {
    usize::try_from(hash::bytes(0, form.as_bytes()) & (size as u64 - 1)).unwrap_or(0)
}

fn write_text(out: &mut Vec<u8>, text: &str) {
    let text = text.get(..text.len().min(255)).unwrap_or("");
    out.push(u8::try_from(text.len()).unwrap_or(0));
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_the_same_after_writing_and_reading() {
        let pairs = vec![
            ("mantap".into(), Entry { own: Some(30), language: 1, ..Entry::default() }),
            ("gak".into(), Entry { rewrite: Some("tidak".into()), ..Entry::default() }),
            ("tidak".into(), Entry { role: Role::Negator, opens_phrase: true, ..Entry::default() }),
        ];
        let mut bytes = Vec::new();
        Lexicon::new(pairs.clone()).write(&mut bytes);
        let read = Lexicon::read(&mut Cursor::new(&bytes)).unwrap();
        for (key, entry) in &pairs {
            assert_eq!(read.find(key).unwrap().1, entry);
        }
        assert!(read.find("lain").is_none());
    }

    #[test]
    fn a_table_cut_short_is_refused() {
        let mut bytes = Vec::new();
        Lexicon::new(vec![("mantap".into(), Entry::default())]).write(&mut bytes);
        for end in 0..bytes.len() {
            assert!(Lexicon::read(&mut Cursor::new(&bytes[..end])).is_err());
        }
    }
}
