//! An expression as a parameter: bounded, parsed, and its regular expressions compiled.

use std::collections::HashMap;
use std::sync::Arc;

use cel::Program;
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue};
use regex::{Regex, RegexBuilder};
use stopgate_model::limits;

use super::{check, run, source};
use crate::document::suggest::shown;
use crate::trigger::params::{ParamKind, ParamType, Refusal};

/// A parsed expression.
pub(crate) struct Expression {
    text: String,
    program: Program,
    regexes: Arc<HashMap<String, Regex>>,
}

const KIND: ParamKind = ParamKind { validator: "type", expected: "a CEL expression", words: &[], pattern: "" };

impl ParamType for Expression {
    const KIND: ParamKind = KIND;
    fn read(text: &str) -> Result<Self, Refusal> {
        Self::new(text).map_err(|what| Refusal { expected: format!("{} ({what})", KIND.expected), help: None })
    }
}

impl std::fmt::Debug for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Expression").field(&self.text).finish()
    }
}

impl Expression {
    fn new(text: &str) -> Result<Self, String> {
        source::bound(text)?;
        let program = run::on_own_stack(|| Program::compile(text).map_err(|errors| first_of(&errors)))??;
        let mut patterns = Vec::new();
        collect_patterns(program.expression(), &mut patterns)?;
        let regexes = patterns.into_iter().map(|pattern| Ok((pattern.clone(), regex(&pattern)?)));
        let regexes = Arc::new(regexes.collect::<Result<_, String>>()?);
        Ok(Self { text: text.to_owned(), program, regexes })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) const fn program(&self) -> &Program {
        &self.program
    }

    pub(super) fn regexes(&self) -> Arc<HashMap<String, Regex>> {
        Arc::clone(&self.regexes)
    }
}

/// The first error of a parser that tells many.
fn first_of(errors: &cel::ParseErrors) -> String {
    let Some(error) = errors.errors.first() else { return "it is not valid".to_owned() };
    let message = error.msg.strip_prefix("Syntax error: ").unwrap_or(&error.msg);
    // What else could stand there is a list of all tokens.
    let message = message.split(" expecting ").next().unwrap_or(message);
    format!("line {}, column {}: {}", error.pos.0.max(1), error.pos.1.max(1), shown(message))
}

/// The patterns of `matches`, which must be texts of the expression: a pattern out of the artifact could cost anything.
fn collect_patterns(expression: &IdedExpr, patterns: &mut Vec<String>) -> Result<(), String> {
    if let Expr::Call(CallExpr { func_name, args, .. }) = &expression.expr
        && func_name == check::MATCHES
    {
        match args.last().map(|arg| &arg.expr) {
            Some(Expr::Literal(LiteralValue::String(text))) => patterns.push(text.inner().to_owned()),
            _ => return Err(format!("`{func_name}` expects an expression in quotes")),
        }
    }
    check::children(expression).into_iter().try_for_each(|child| collect_patterns(child, patterns))
}

/// CEL's `matches` finds a pattern anywhere in a text, unlike the other gates.
fn regex(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern)
        .size_limit(limits::REGEX_BYTES as usize)
        .dfa_size_limit(limits::REGEX_BYTES as usize)
        .build()
        .map_err(|_| format!("the pattern `{}` does not compile", shown(pattern)))
}
