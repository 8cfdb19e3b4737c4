//! Runs an expression on each object in turn.

use std::sync::{Arc, LazyLock, OnceLock};

use cel::common::types::CelList;
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use cel::extractors::This;
use cel::{Context, Env, ExecutionError, Value};
use stopgate_model::limits::{EXPRESSION_RULE_STEPS, RULE_FINDINGS};

use super::check::{MATCHES, Root};
use super::objects::{self, Of, View};
use super::program::Expression;
use crate::document::suggest::shown;
use crate::engine::EvalContext;

/// Parser and interpreter recurse; what [`super::source`] lets through needs a sixth of this in a debug build.
const STACK_BYTES: usize = 32 << 20;

/// Runs something on a stack that is large enough, wherever it is called from. A panic in it is an error.
pub(super) fn on_own_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, String> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, work);
        let thread = thread.map_err(|error| format!("it cannot be run: {error}"))?;
        thread.join().map_err(|_| "it fails in a way that it should not".to_owned())
    })
}

/// What a run gave.
#[derive(Default)]
pub(super) struct Outcome {
    /// Positions of the objects for which the expression is true.
    pub(super) fired: Vec<usize>,
    /// Why it could not be told for some object; the first reason.
    pub(super) fault: Option<String>,
}

impl Outcome {
    fn add(&mut self, position: usize, answer: Result<bool, String>) {
        match answer {
            Ok(true) => self.fired.push(position),
            Ok(false) => {}
            Err(fault) => self.fault = std::mem::take(&mut self.fault).or(Some(fault)),
        }
    }
}

/// What an expression is about.
pub(super) struct Objects<I> {
    pub(super) count: usize,
    /// The objects, each with what it is called; none for the artifact itself.
    pub(super) objects: I,
}

/// Runs an expression on every object.
pub(super) fn run<'a, I>(expression: &Expression, steps: u64, context: &EvalContext<'a>, all: Objects<I>) -> Outcome
where
    I: Iterator<Item = Vec<(Root, Of<'a>)>> + Send,
{
    if steps.saturating_mul(all.count as u64) > EXPRESSION_RULE_STEPS {
        let fault =
            format!("it may take {steps} steps for each of {} objects: at most {EXPRESSION_RULE_STEPS}", all.count);
        return Outcome { fired: Vec::new(), fault: Some(fault) };
    }
    let outcome = on_own_stack(|| {
        let mut outcome = Outcome::default();
        for (position, names) in all.objects.enumerate() {
            outcome.add(position, decide(expression, context, &names));
            if outcome.fired.len() as u64 > RULE_FINDINGS {
                break;
            }
        }
        outcome
    });
    outcome.unwrap_or_else(|fault| Outcome { fired: Vec::new(), fault: Some(fault) })
}

static STANDARD: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

fn decide(expression: &Expression, context: &EvalContext<'_>, names: &[(Root, Of<'_>)]) -> Result<bool, String> {
    let cut = OnceLock::new();
    let resolver = Names { context, objects: names, cut: &cut, packages: OnceLock::new() };
    let mut scope = Context::with_env(Arc::clone(&STANDARD));
    scope.set_variable_resolver(&resolver);
    let regexes = expression.regexes();
    if !regexes.is_empty() {
        let matches = move |This(text): This<Arc<String>>, pattern: Arc<String>| {
            let regex = regexes.get(pattern.as_str());
            regex.map(|regex| regex.is_match(&text)).ok_or_else(|| ExecutionError::undeclared_reference(MATCHES))
        };
        scope.add_function(MATCHES, matches).map_err(|error| error.to_string())?;
    }
    let value = expression.program().execute(&scope);
    // An error in one branch may not matter to another one; what was cut does, since nobody can tell.
    if let Some(what) = cut.get() {
        return Err(format!("{what} is longer than an expression may see"));
    }
    match value {
        Ok(Value::Bool(answer)) => Ok(answer),
        Ok(other) => Err(format!("it gives a value of type `{}`: expected true or false", other.type_of())),
        Err(error) => Err(shown(&error.to_string())),
    }
}

/// The names of an expression.
struct Names<'r, 'a> {
    context: &'r EvalContext<'a>,
    objects: &'r [(Root, Of<'a>)],
    cut: &'r OnceLock<String>,
    packages: OnceLock<CelList<'r>>,
}

impl VariableResolver for Names<'_, '_> {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        if name == Root::Packages.name() {
            let list = self.packages.get_or_init(|| objects::packages(&self.context.artifact.packages, self.cut));
            return Some(CowVal::Borrowed(list as &(dyn Val + 'b)));
        }
        let of = match self.objects.iter().find(|(root, _)| root.name() == name) {
            Some((_, of)) => *of,
            None => self.of_artifact(name)?,
        };
        Some(CowVal::owned(View { of, cut: self.cut }))
    }
}

impl<'r> Names<'r, '_> {
    fn of_artifact(&self, name: &str) -> Option<Of<'r>> {
        let artifact = self.context.artifact;
        let root =
            [Root::Image, Root::Config, Root::Distro, Root::Dockerfile].into_iter().find(|r| r.name() == name)?;
        match root {
            Root::Image => Some(Of::Image(artifact.source.image()?, self.context.tag)),
            Root::Config => artifact.config.as_ref().map(Of::Config),
            Root::Distro => Some(Of::Distro(artifact.distro.as_ref())),
            _ => artifact.dockerfile.as_ref().map(Of::Dockerfile),
        }
    }
}
