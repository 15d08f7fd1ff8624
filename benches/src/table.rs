//! Figures and budgets side by side.

use std::fmt::Write;

/// Which side of the budget is good.
#[derive(Clone, Copy, Debug)]
pub enum Budget {
    /// At most this.
    Most(f64),
    /// At least this.
    Least(f64),
    /// Only to be read: a floor, or a unit for the other rows.
    None,
}

/// One figure.
#[derive(Clone, Debug)]
pub struct Row {
    /// What was measured.
    pub name: String,
    /// The figure.
    pub figure: f64,
    /// Its unit.
    pub unit: &'static str,
    /// What it may be.
    pub budget: Budget,
}

impl Row {
    /// A figure with its budget.
    pub fn new(name: impl Into<String>, figure: f64, unit: &'static str, budget: Budget) -> Row {
        Row { name: name.into(), figure, unit, budget }
    }

    fn verdict(&self) -> &'static str {
        match self.budget {
            Budget::Most(limit) if self.figure <= limit => "ok",
            Budget::Least(limit) if self.figure >= limit => "ok",
            Budget::None => "",
            _ => "OVER",
        }
    }

    fn limit(&self) -> String {
        match self.budget {
            Budget::Most(limit) => format!("at most {}", number(limit)),
            Budget::Least(limit) => format!("at least {}", number(limit)),
            Budget::None => String::new(),
        }
    }
}

/// All rows under their titles.
#[derive(Default)]
pub struct Table {
    text: String,
}

impl Table {
    /// Adds a title and its rows.
    pub fn add(&mut self, title: &str, rows: Vec<Row>) {
        let _ = writeln!(self.text, "{title}");
        for row in rows {
            let (figure, limit) = (number(row.figure), row.limit());
            let line = format!("  {:<52}{figure:>10} {:<9}{limit:<17}{}", row.name, row.unit, row.verdict());
            let _ = writeln!(self.text, "{}", line.trim_end());
        }
        self.text.push('\n');
    }

    /// What is printed.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Three figures that mean something.
fn number(value: f64) -> String {
    match value.abs() {
        v if v >= 100.0 || v == v.trunc() => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_stands_beside_its_budget() {
        let mut table = Table::default();
        table.add(
            "T",
            vec![Row::new("a", 1.234, "x", Budget::Most(1.8)), Row::new("b", 94.0, "%", Budget::Least(95.0))],
        );
        let lines: Vec<Vec<&str>> =
            table.text().lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[1], ["a", "1.23", "x", "at", "most", "1.80", "ok"]);
        assert_eq!(lines[2], ["b", "94", "%", "at", "least", "95", "OVER"]);
    }
}
