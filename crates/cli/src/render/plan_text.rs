//! The fix plan as text: what to do, what ends by it, what stays and why.

use std::io::{self, Write};

use stopgate_model::FixPlan;

use super::style::{Style, line};

/// Steps, and stops that remain, that are shown unless all are wanted.
const SHOWN: usize = 30;

/// Writes a plan.
pub(super) fn plan_text(plan: &FixPlan, detail: bool, style: Style, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n{}", style.bold("Fix plan"))?;
    let most = if detail { usize::MAX } else { SHOWN };
    for (number, step) in plan.steps.iter().take(most).enumerate() {
        let count = step.clears.len();
        let plural = if count == 1 { "" } else { "s" };
        let ends = style.dim(&format!("(ends {count} stop{plural})"));
        writeln!(out, "  {}. {}  {ends}", number + 1, line(&step.sentence()))?;
        if detail {
            for finding in &step.clears {
                writeln!(out, "       {}", style.dim(&line(&format!("{} {}", finding.rule_id, finding.trigger_id))))?;
            }
        }
    }
    more(plan.steps.len(), most, style, out)?;
    writeln!(out, "  {}", line(&plan.sentence()))?;
    for remaining in plan.remaining.iter().take(most) {
        writeln!(out, "  {}  {}", style.bad("stays"), line(&remaining.message))?;
        writeln!(out, "         {}", line(&remaining.obstacle.sentence()))?;
    }
    more(plan.remaining.len(), most, style, out)
}

fn more(count: usize, most: usize, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if count > most {
        writeln!(out, "  {}", style.dim(&format!("and {} more; --detail shows all", count - most)))?;
    }
    Ok(())
}
