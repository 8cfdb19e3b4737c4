//! What an expression reads and how long it may take, before it runs.
//!
//! Only lists cost: each pass over one costs as many steps as the list may have elements, times what its body costs.
//! `map` is not there, so that every element and text is one of the artifact's, and nothing grows.

use std::collections::BTreeSet;

use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, ListExpr, LiteralValue, SelectExpr, operators};
use stopgate_model::limits::{EXPRESSION_PACKAGES, EXPRESSION_STEPS};

use super::fields::{self, Object, Type};
use crate::document::suggest::{did_you_mean, quoted, shown};

/// Joining texts copies them.
const STEPS_OF_JOINING: u64 = 40;

pub(super) const MATCHES: &str = "matches";

/// A name that an expression begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Root {
    Image,
    Config,
    Distro,
    Dockerfile,
    Packages,
    Package,
    Vulnerability,
    File,
}

impl Root {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Config => "config",
            Self::Distro => "distro",
            Self::Dockerfile => "dockerfile",
            Self::Packages => "packages",
            Self::Package => "pkg",
            Self::Vulnerability => "vulnerability",
            Self::File => "file",
        }
    }

    const fn kind(self) -> Type {
        match self {
            Self::Image => Type::Object(&fields::IMAGE),
            Self::Config => Type::Object(&fields::CONFIG),
            Self::Distro => Type::Object(&fields::DISTRO),
            Self::Dockerfile => Type::Object(&fields::DOCKERFILE),
            Self::Packages => fields::PACKAGES,
            Self::Package => Type::Object(&fields::PACKAGE),
            Self::Vulnerability => Type::Object(&fields::VULNERABILITY),
            Self::File => Type::Object(&fields::FILE),
        }
    }
}

/// What is known of an expression.
#[derive(Debug)]
pub(super) struct Survey {
    /// What it reads.
    pub(super) roots: BTreeSet<Root>,
    /// Steps that one run may take.
    pub(super) steps: u64,
}

/// Surveys an expression over these names; the error is one clause.
pub(super) fn survey(expression: &IdedExpr, names: &[Root]) -> Result<Survey, String> {
    let mut walk = Walk { names, variables: Vec::new(), roots: BTreeSet::new() };
    let Known { steps, .. } = walk.expression(expression)?;
    if steps > EXPRESSION_STEPS {
        return Err(format!(
            "it may take {steps} steps: at most {EXPRESSION_STEPS} are accepted, so pass over fewer lists within lists"
        ));
    }
    Ok(Survey { roots: walk.roots, steps: steps.max(1) })
}

/// The parts of an expression.
pub(super) fn children(expression: &IdedExpr) -> Vec<&IdedExpr> {
    match &expression.expr {
        Expr::Call(call) => call.target.as_deref().into_iter().chain(&call.args).collect(),
        Expr::Select(select) => vec![&select.operand],
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Comprehension(pass) => {
            vec![&pass.iter_range, &pass.accu_init, &pass.loop_cond, &pass.loop_step, &pass.result]
        }
        Expr::Ident(_) | Expr::Literal(_) | Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => Vec::new(),
    }
}

struct Walk<'a> {
    names: &'a [Root],
    /// Variables of the passes around, the innermost last.
    variables: Vec<(&'a str, Variable)>,
    roots: BTreeSet<Root>,
}

#[derive(Clone, Copy)]
enum Variable {
    Element(Type),
    /// What a pass collects: a truth, a count, or chosen elements.
    Result,
}

/// A part of an expression: its type, and the steps that it may take.
#[derive(Clone, Copy)]
struct Known {
    kind: Type,
    steps: u64,
}

const fn free(kind: Type) -> Known {
    Known { kind, steps: 0 }
}

impl<'a> Walk<'a> {
    fn expression(&mut self, expression: &'a IdedExpr) -> Result<Known, String> {
        match &expression.expr {
            Expr::Literal(literal) => Ok(free(match literal {
                LiteralValue::Boolean(_) => Type::Bool,
                LiteralValue::Double(_) | LiteralValue::Int(_) | LiteralValue::UInt(_) => Type::Number,
                LiteralValue::String(_) => Type::Text,
                LiteralValue::Bytes(_) | LiteralValue::Null => Type::Unknown,
            })),
            Expr::Ident(name) => self.name(name).map(free),
            Expr::Select(select) => self.select(select),
            Expr::Call(call) => self.call(call),
            Expr::List(list) => self.list(list),
            Expr::Comprehension(pass) => self.pass(pass),
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => Err("it writes a map, which no rule can".to_owned()),
        }
    }

    fn name(&mut self, name: &str) -> Result<Type, String> {
        if let Some((_, variable)) = self.variables.iter().rev().find(|(own, _)| *own == name) {
            return Ok(match variable {
                Variable::Element(kind) => *kind,
                Variable::Result => Type::Unknown,
            });
        }
        if let Some(root) = self.names.iter().find(|root| root.name() == name) {
            self.roots.insert(*root);
            return Ok(root.kind());
        }
        let known = self.names.iter().map(|root| root.name()).chain(self.variables.iter().map(|(name, _)| *name));
        let known: Vec<&str> = known.filter(|name| !name.starts_with('@')).collect();
        let help = did_you_mean(name, known.iter().copied())
            .unwrap_or_else(|| format!("expected one of {}", quoted(known.iter().copied())));
        Err(format!("there is no name `{}`: {help}", shown(name)))
    }

    fn select(&mut self, select: &'a SelectExpr) -> Result<Known, String> {
        let operand = self.expression(&select.operand)?;
        let kind = match operand.kind {
            Type::Object(object) => field(object, &select.field)?,
            Type::Map => Type::Text,
            Type::Unknown => Type::Unknown,
            Type::Bool | Type::Number | Type::Text | Type::List(..) => {
                return Err(format!("there is no field `{}` of a {}", shown(&select.field), word(operand.kind)));
            }
        };
        Ok(Known { kind: if select.test { Type::Bool } else { kind }, ..operand })
    }

    fn list(&mut self, list: &'a ListExpr) -> Result<Known, String> {
        let mut steps = 0u64;
        let mut kinds = Vec::new();
        for element in &list.elements {
            let known = self.expression(element)?;
            refuse_whole(known.kind)?;
            steps = steps.saturating_add(known.steps);
            kinds.push(known.kind);
        }
        let element = match kinds.split_first() {
            Some((first, rest)) if rest.iter().all(|kind| kind == first) => simple(*first),
            _ => &Type::Unknown,
        };
        Ok(Known { kind: Type::List(element, list.elements.len() as u64), steps })
    }

    fn call(&mut self, call: &'a CallExpr) -> Result<Known, String> {
        let parts = call.target.as_deref().into_iter().chain(&call.args);
        let parts: Vec<Known> = parts.map(|part| self.expression(part)).collect::<Result<_, _>>()?;
        let steps = parts.iter().fold(0u64, |sum, part| sum.saturating_add(part.steps));
        let kinds: Vec<Type> = parts.iter().map(|part| part.kind).collect();
        let (kind, cost) = result_of(call, &kinds)?;
        Ok(Known { kind, steps: steps.saturating_add(cost) })
    }

    /// `all`, `exists`, `exists_one` and `filter`: a pass over a list.
    fn pass(&mut self, pass: &'a ComprehensionExpr) -> Result<Known, String> {
        let range = self.expression(&pass.iter_range)?;
        let (element, most) = match range.kind {
            Type::List(element, most) => (*element, most),
            Type::Unknown => (Type::Unknown, EXPRESSION_PACKAGES),
            other => return Err(format!("it passes over a {}, which is no list", word(other))),
        };
        if self.names.iter().any(|root| root.name() == pass.iter_var) {
            return Err(format!("the variable `{}` has the name of something else", pass.iter_var));
        }
        self.variables.push((&pass.iter_var, Variable::Element(element)));
        self.variables.push((&pass.accu_var, Variable::Result));
        let body = match chosen(pass) {
            Some(condition) => self.expression(condition),
            None => self.expression(&pass.loop_step),
        };
        self.variables.truncate(self.variables.len() - 2);
        let each = body?.steps.max(1);
        let kind = if chosen(pass).is_some() { range.kind } else { Type::Bool };
        Ok(Known { kind, steps: range.steps.saturating_add(most.saturating_mul(each)) })
    }
}

/// The condition of a `filter`: its step adds the element itself, or leaves the result as it is.
fn chosen(pass: &ComprehensionExpr) -> Option<&IdedExpr> {
    let Expr::Call(step) = &pass.loop_step.expr else { return None };
    let [condition, added, _] = step.args.as_slice() else { return None };
    let Expr::Call(added) = &added.expr else { return None };
    let is_choice = step.func_name == operators::CONDITIONAL && added.func_name == operators::ADD;
    let adds_list = added.args.iter().any(|arg| matches!(arg.expr, Expr::List(_)));
    (is_choice && adds_list).then_some(condition)
}

fn field(object: &'static Object, name: &str) -> Result<Type, String> {
    if let Some(field) = object.fields.iter().find(|field| field.name == name) {
        return Ok(field.kind);
    }
    let names = || object.fields.iter().map(|field| field.name);
    let help = did_you_mean(name, names()).unwrap_or_else(|| format!("expected one of {}", quoted(names())));
    Err(format!("`{}` has no field `{}`: {help}", object.name, shown(name)))
}

/// Functions other than operators, with their results.
const FUNCTIONS: [(&str, Type); 8] = [
    ("size", Type::Number),
    ("contains", Type::Bool),
    ("startsWith", Type::Bool),
    ("endsWith", Type::Bool),
    (MATCHES, Type::Bool),
    ("int", Type::Number),
    ("double", Type::Number),
    ("string", Type::Text),
];

/// The macros, which are no calls any more once they are parsed.
const MACROS: [&str; 5] = ["all", "exists", "exists_one", "filter", "has"];

/// The type of a call, and what it costs beside its parts.
fn result_of(call: &CallExpr, kinds: &[Type]) -> Result<(Type, u64), String> {
    let name = call.func_name.as_str();
    let whole = kinds.iter().enumerate().filter(|(at, kind)| !takes_whole(name, *at, **kind));
    whole.map(|(_, kind)| *kind).try_for_each(refuse_whole)?;
    match (name, kinds) {
        (operators::CONDITIONAL, [_, one, other]) => Ok((if one == other { *one } else { Type::Unknown }, 0)),
        (operators::INDEX, [Type::List(element, _), _]) => Ok((**element, 0)),
        (operators::INDEX, [Type::Map, _]) => Ok((Type::Text, 0)),
        (operators::INDEX, [Type::Unknown, _]) => Ok((Type::Unknown, 0)),
        (operators::INDEX, [other, ..]) => Err(format!("a {} has no elements in brackets", word(*other))),
        (operators::ADD, [one, other]) => {
            for kind in [one, other] {
                if is_count(call) {
                    return Ok((Type::Number, 0));
                }
                if !matches!(kind, Type::Number | Type::Text) {
                    return Err(format!("`+` joins numbers or texts, and not a {}", word(*kind)));
                }
            }
            Ok((*one, if *one == Type::Number { 0 } else { STEPS_OF_JOINING }))
        }
        (operators::EQUALS | operators::NOT_EQUALS | operators::IN, _) => {
            Ok((Type::Bool, kinds.iter().map(|kind| elements(*kind)).max().unwrap_or(0)))
        }
        (operators::SUBSTRACT | operators::MULTIPLY | operators::DIVIDE | operators::MODULO | operators::NEGATE, _) => {
            Ok((Type::Number, 0))
        }
        (
            operators::LOGICAL_AND
            | operators::LOGICAL_OR
            | operators::LOGICAL_NOT
            | operators::LESS
            | operators::LESS_EQUALS
            | operators::GREATER
            | operators::GREATER_EQUALS
            | operators::NOT_STRICTLY_FALSE,
            _,
        ) => Ok((Type::Bool, 0)),
        _ => function(name),
    }
}

/// Whether a call takes a map, or a list of objects, as it is: to count it or to look into it.
fn takes_whole(name: &str, at: usize, kind: Type) -> bool {
    match name {
        "size" => matches!(kind, Type::Map | Type::List(..)),
        operators::INDEX => at == 0,
        operators::IN => at == 1 && kind == Type::Map,
        _ => false,
    }
}

fn function(name: &str) -> Result<(Type, u64), String> {
    if let Some((_, kind)) = FUNCTIONS.iter().find(|(own, _)| *own == name) {
        return Ok((*kind, 0));
    }
    if MACROS.contains(&name) {
        return Err(format!("`{name}` is not called as it must be: expected `list.{name}(variable, condition)`"));
    }
    let known = || FUNCTIONS.iter().map(|(name, _)| *name).chain(MACROS);
    let help = did_you_mean(name, known()).unwrap_or_else(|| format!("expected one of {}", quoted(known())));
    Err(format!("there is no function `{}`: {help}", shown(name)))
}

/// Whether this is the counting of `exists_one`.
fn is_count(call: &CallExpr) -> bool {
    call.args.first().is_some_and(|arg| matches!(&arg.expr, Expr::Ident(name) if name.starts_with('@')))
}

/// How many elements a comparison may look at.
fn elements(kind: Type) -> u64 {
    match kind {
        Type::List(_, most) => most,
        Type::Unknown => EXPRESSION_PACKAGES,
        Type::Bool | Type::Number | Type::Text | Type::Map | Type::Object(_) => 0,
    }
}

/// An object stands for its fields, and a map for its values: neither compares as a whole nor goes into a list. That
/// no pass meets a map keeps the order in which it has its keys out of every answer.
fn refuse_whole(kind: Type) -> Result<(), String> {
    let kind = if let Type::List(element, _) = kind { *element } else { kind };
    match kind {
        Type::Object(object) => Err(format!("`{}` is used as a whole: name one of its fields", object.name)),
        Type::Map => Err("a map is used as a whole: name one of its keys".to_owned()),
        _ => Ok(()),
    }
}

/// The type of the elements of a list that an expression writes.
const fn simple(kind: Type) -> &'static Type {
    match kind {
        Type::Bool => &Type::Bool,
        Type::Number => &Type::Number,
        Type::Text => &Type::Text,
        Type::Map | Type::List(..) | Type::Object(_) | Type::Unknown => &Type::Unknown,
    }
}

const fn word(kind: Type) -> &'static str {
    match kind {
        Type::Bool => "truth",
        Type::Number => "number",
        Type::Text => "text",
        Type::Map => "map",
        Type::List(..) => "list",
        Type::Object(_) => "object",
        Type::Unknown => "value of no known type",
    }
}
