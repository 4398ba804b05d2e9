//! The grammar of `fields=`: `id,comments.limit(10){id,replies{text}},insights.metric(reach,views)`.

use std::fmt;

/// One wanted field, perhaps with parameters and fields of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The field's or edge's name.
    pub name: String,
    /// Its parameters in order: `limit(10)` is `("limit", "10")`.
    pub parameters: Vec<(String, String)>,
    /// The fields wanted of what it leads to; empty if none were named.
    pub fields: Vec<Field>,
}

impl Field {
    /// A field without parameters or fields of its own.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), parameters: Vec::new(), fields: Vec::new() }
    }

    /// The value of a parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        for (key, value) in &self.parameters {
            write!(f, ".{key}({value})")?;
        }
        for (place, field) in self.fields.iter().enumerate() {
            write!(f, "{}{field}", if place == 0 { "{" } else { "," })?;
        }
        if self.fields.is_empty() { Ok(()) } else { f.write_str("}") }
    }
}

/// Text that does not follow the grammar.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("syntax error at character {at}: expected {expected}")]
pub struct FieldsError {
    /// Where, in characters from 0.
    pub at: usize,
    /// What was expected there.
    pub expected: &'static str,
}

/// Reads a `fields` parameter; empty text is an empty list.
///
/// # Errors
/// If the text does not follow the grammar.
pub fn parse(text: &str) -> Result<Vec<Field>, FieldsError> {
    let mut reader =
        Reader { letters: text.chars().filter(|letter| !letter.is_whitespace()).collect(), at: 0 };
    if reader.letters.is_empty() {
        return Ok(Vec::new());
    }
    let fields = reader.list(0)?;
    if reader.at < reader.letters.len() { Err(reader.expected("end of string")) } else { Ok(fields) }
}

/// Deeper nesting than this is refused, as Meta does.
const DEEPEST: usize = 8;

struct Reader {
    letters: Vec<char>,
    at: usize,
}

impl Reader {
    fn list(&mut self, depth: usize) -> Result<Vec<Field>, FieldsError> {
        if depth > DEEPEST {
            return Err(self.expected("less nesting"));
        }
        let mut fields = vec![self.field(depth)?];
        while self.take(',') {
            fields.push(self.field(depth)?);
        }
        Ok(fields)
    }

    fn field(&mut self, depth: usize) -> Result<Field, FieldsError> {
        let mut field = Field { name: self.name()?, parameters: Vec::new(), fields: Vec::new() };
        while self.take('.') {
            let key = self.name()?;
            if !self.take('(') {
                return Err(self.expected("("));
            }
            let value = self.until(')')?;
            field.parameters.push((key, value));
        }
        if self.take('{') {
            field.fields = self.list(depth + 1)?;
            if !self.take('}') {
                return Err(self.expected("}"));
            }
        }
        Ok(field)
    }

    fn name(&mut self) -> Result<String, FieldsError> {
        let start = self.at;
        while self.letters.get(self.at).is_some_and(|letter| letter.is_alphanumeric() || *letter == '_') {
            self.at += 1;
        }
        if start == self.at {
            Err(self.expected("a name"))
        } else {
            Ok(self.letters[start..self.at].iter().collect())
        }
    }

    fn until(&mut self, end: char) -> Result<String, FieldsError> {
        let start = self.at;
        while self.letters.get(self.at).is_some_and(|letter| *letter != end) {
            self.at += 1;
        }
        let value = self.letters[start..self.at].iter().collect();
        if self.take(end) { Ok(value) } else { Err(self.expected(")")) }
    }

    fn take(&mut self, letter: char) -> bool {
        let found = self.letters.get(self.at) == Some(&letter);
        self.at += usize::from(found);
        found
    }

    const fn expected(&self, expected: &'static str) -> FieldsError {
        FieldsError { at: self.at, expected }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_make_a_list() {
        let names: Vec<String> =
            parse("id, caption,like_count").unwrap().into_iter().map(|field| field.name).collect();
        assert_eq!(names, ["id", "caption", "like_count"]);
        assert_eq!(parse(""), Ok(Vec::new()));
    }

    #[test]
    fn expansion_nests_and_takes_parameters() {
        let fields =
            parse("id,comments.limit(2){id,replies{text}},insights.metric(reach,views).period(lifetime)")
                .unwrap();
        assert_eq!(fields[1].parameter("limit"), Some("2"));
        assert_eq!(fields[1].fields[1].name, "replies");
        assert_eq!(fields[1].fields[1].fields[0].name, "text");
        assert_eq!(fields[2].parameter("metric"), Some("reach,views"));
        assert_eq!(fields[2].parameter("period"), Some("lifetime"));
        assert_eq!(fields[1].to_string(), "comments.limit(2){id,replies{text}}");
    }

    #[test]
    fn text_outside_the_grammar_is_refused() {
        for text in ["id,", ",id", "a{b", "a{}", "a.limit", "a.limit(3", "a}b", &"a{".repeat(40)] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
