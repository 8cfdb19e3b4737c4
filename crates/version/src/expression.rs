//! The text of a range: `>= 1.0, < 1.2 || 2.0`.
//!
//! `||` separates alternatives, `,` joins conditions, empty parts are skipped, white space and comments as in Go are
//! dropped outside quotes. COMPAT: the reading is grype's, which runs Go's text scanner over the phrase.

use std::borrow::Cow;
use std::iter::Peekable;
use std::str::CharIndices;

use crate::VersionError;

/// How a version must compare with a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Operator {
    pub(crate) const fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "" | "=" => Self::Equal,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            _ => return None,
        })
    }
}

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Condition<'a> {
    pub(crate) operator: Operator,
    pub(crate) version: Cow<'a, str>,
}

/// The alternatives of a phrase, each a list of conditions that must all hold.
pub(crate) fn parse(phrase: &str) -> Result<Vec<Vec<Condition<'_>>>, VersionError> {
    if let Some(plain) = parse_plain(phrase) {
        return Ok(plain);
    }
    let groups = scan(phrase).map_err(|expected| VersionError::range(phrase, expected))?;
    let condition = |part: &String| condition(part).map_err(|expected| VersionError::range(part, expected));
    groups.iter().map(|group| group.iter().map(condition).collect()).collect()
}

/// What nearly all phrases are, read without the scanner: no quotes, comments, brackets, lone bars or blanks inside
/// a version. `None` when the phrase may be anything else, errors included.
fn parse_plain(phrase: &str) -> Option<Vec<Vec<Condition<'_>>>> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_+:~^<>=, |".contains(&byte);
    if !phrase.bytes().all(plain) {
        return None;
    }
    let mut groups = Vec::with_capacity(1);
    for alternative in phrase.split("||") {
        let mut group = Vec::with_capacity(2);
        for part in alternative.split(',').map(|part| part.trim_matches(' ')).filter(|part| !part.is_empty()) {
            let version = part.trim_start_matches(is_operator);
            let operator = Operator::parse(part.strip_suffix(version)?)?;
            let version = version.trim_start_matches(' ');
            let starts = version.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '.');
            if !starts || version.contains(['<', '>', '=', ' ', '|']) {
                return None;
            }
            group.push(Condition { operator, version: Cow::Borrowed(version) });
        }
        if !group.is_empty() {
            groups.push(group);
        }
    }
    Some(groups)
}

fn scan(phrase: &str) -> Result<Vec<Vec<String>>, &'static str> {
    let mut groups = Groups::default();
    let mut symbols = phrase.strip_prefix('\u{feff}').unwrap_or(phrase).char_indices().peekable();
    let mut after_bar = false;
    while let Some((_, symbol)) = symbols.next() {
        match symbol {
            '\t' | '\n' | '\r' | ' ' => continue,
            '/' if skip_comment(&mut symbols) => continue,
            '(' | ')' => return Err("alternatives joined by `||` and conditions joined by `,`, without brackets"),
            ',' => groups.end_part(),
            '|' if after_bar => groups.end_group(),
            '|' => {}
            '"' | '\'' | '`' => quoted(symbol, &mut symbols, &mut groups.part),
            _ => groups.part.push(symbol),
        }
        after_bar = symbol == '|';
    }
    groups.end_group();
    Ok(groups.done)
}

#[derive(Default)]
struct Groups {
    done: Vec<Vec<String>>,
    group: Vec<String>,
    part: String,
}

impl Groups {
    fn end_part(&mut self) {
        if !self.part.is_empty() {
            self.group.push(std::mem::take(&mut self.part));
        }
    }

    fn end_group(&mut self) {
        self.end_part();
        if !self.group.is_empty() {
            self.done.push(std::mem::take(&mut self.group));
        }
    }
}

type Symbols<'a> = Peekable<CharIndices<'a>>;

/// Skips the rest of a comment whose `/` has been read; `false` when it is none.
fn skip_comment(symbols: &mut Symbols<'_>) -> bool {
    match symbols.peek() {
        Some((_, '/')) => {
            while symbols.next_if(|(_, symbol)| *symbol != '\n').is_some() {}
            true
        }
        Some((_, '*')) => {
            symbols.next();
            let mut star = false;
            for (_, symbol) in symbols.by_ref() {
                if star && symbol == '/' {
                    break;
                }
                star = symbol == '*';
            }
            true
        }
        _ => false,
    }
}

/// Copies a quoted text with its quotes; one that is not closed ends with the line, in back quotes with the phrase.
fn quoted(quote: char, symbols: &mut Symbols<'_>, part: &mut String) {
    part.push(quote);
    let raw = quote == '`';
    while let Some((_, symbol)) = symbols.next_if(|(_, symbol)| raw || *symbol != '\n') {
        part.push(symbol);
        if symbol == quote {
            return;
        }
        if symbol == '\\' && !raw {
            let escaped = symbols.next_if(|(_, symbol)| *symbol == '\\' || *symbol == quote);
            part.extend(escaped.map(|(_, symbol)| symbol));
        }
    }
}

fn condition(part: &str) -> Result<Condition<'static>, &'static str> {
    let trimmed = part.trim_start_matches(is_blank);
    let stops = |symbol: char| symbol.is_ascii_alphanumeric() || "><=().'\"".contains(symbol);
    let start = trimmed.find(stops).unwrap_or(trimmed.len());
    let (prefix, rest) = trimmed.split_at_checked(start).unwrap_or((trimmed, ""));
    if rest.is_empty() {
        return lone(if trimmed.is_empty() { part } else { trimmed });
    }
    let version = rest.trim_start_matches(is_operator);
    let operator = rest.strip_suffix(version).unwrap_or("");
    if version.is_empty() {
        return Err("a version behind the operator");
    }
    let after = version.trim_start_matches(is_blank);
    // White space alone is a version too, unless something else follows it.
    let version = if after.is_empty() { version.get(version.len().saturating_sub(1)..).unwrap_or("") } else { after };
    let version = version.split('\n').next().unwrap_or("").trim_matches(' ');
    if !prefix.is_empty() && operator.is_empty() {
        return Err("an operator `<` `<=` `=` `>=` `>` or a version at the start");
    }
    finish(operator, version)
}

/// A part that has no operator and no ordinary version: its last symbol counts as one when it stands alone.
fn lone(part: &str) -> Result<Condition<'static>, &'static str> {
    let part = part.trim_end_matches('\n');
    let mut symbols = part.chars();
    match (symbols.next_back(), symbols.next_back()) {
        (Some(symbol), before) if before.is_none() || is_blank(symbol) => {
            finish("", symbol.to_string().trim_matches(' '))
        }
        _ => Err("an operator `<` `<=` `=` `>=` `>` or a version at the start"),
    }
}

fn finish(operator: &str, version: &str) -> Result<Condition<'static>, &'static str> {
    check_quotes(version)?;
    let operator = Operator::parse(operator).ok_or("one of the operators `<` `<=` `=` `>=` `>`")?;
    Ok(Condition { operator, version: Cow::Owned(unquoted(version)) })
}

const fn is_operator(symbol: char) -> bool {
    matches!(symbol, '>' | '<' | '=')
}

/// White space as Go's regular expressions know it.
const fn is_blank(symbol: char) -> bool {
    matches!(symbol, '\t' | '\n' | '\u{c}' | '\r' | ' ')
}

fn check_quotes(version: &str) -> Result<(), &'static str> {
    let mut open = None;
    for symbol in version.chars() {
        match open {
            Some(quote) if quote == symbol => open = None,
            None if matches!(symbol, '"' | '\'') => open = Some(symbol),
            None if is_operator(symbol) => return Err("one operator in front of a version"),
            _ => {}
        }
    }
    if open.is_none() { Ok(()) } else { Err("closed quotes") }
}

/// The version without its quotes; as it is when they are no quotes around the whole.
fn unquoted(version: &str) -> String {
    if let Some(text) = go_unquoted(version) {
        return text;
    }
    if version.starts_with('\'') && version.ends_with('\'') {
        return version.trim_matches('\'').to_owned();
    }
    version.to_owned()
}

/// The value of a Go string, raw string or character literal.
fn go_unquoted(literal: &str) -> Option<String> {
    let quote = literal.chars().next().filter(|quote| matches!(quote, '"' | '\'' | '`'))?;
    let inner = literal.strip_prefix(quote)?.strip_suffix(quote)?;
    if quote == '`' {
        return (!inner.contains('`')).then(|| inner.replace('\r', ""));
    }
    let mut bytes = Vec::with_capacity(inner.len());
    let mut symbols = inner.chars();
    let mut count = 0_usize;
    while let Some(symbol) = symbols.next() {
        count += 1;
        match symbol {
            '\n' => return None,
            '\\' => escape(&mut symbols, quote, &mut bytes)?,
            _ if symbol == quote => return None,
            _ => bytes.extend_from_slice(symbol.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    let whole = quote == '"' || count == 1;
    whole.then(|| String::from_utf8_lossy(&bytes).into_owned())
}

fn escape(symbols: &mut std::str::Chars<'_>, quote: char, bytes: &mut Vec<u8>) -> Option<()> {
    let plain = match symbols.next()? {
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 11,
        '\\' => b'\\',
        symbol if symbol == quote => symbol as u8,
        'x' => u8::try_from(number(symbols, 2, 16, 0)?).ok()?,
        symbol @ '0'..='7' => u8::try_from(number(symbols, 2, 8, symbol.to_digit(8)?)?).ok()?,
        symbol @ ('u' | 'U') => {
            let length = if symbol == 'u' { 4 } else { 8 };
            let symbol = char::from_u32(number(symbols, length, 16, 0)?)?;
            bytes.extend_from_slice(symbol.encode_utf8(&mut [0; 4]).as_bytes());
            return Some(());
        }
        _ => return None,
    };
    bytes.push(plain);
    Some(())
}

fn number(symbols: &mut std::str::Chars<'_>, length: usize, radix: u32, first: u32) -> Option<u32> {
    (0..length).try_fold(first, |value, _| value.checked_mul(radix)?.checked_add(symbols.next()?.to_digit(radix)?))
}
