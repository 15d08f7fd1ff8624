//! What `-v` tells of a pass.

use std::process::Command;

/// The times of a pass, in milliseconds.
#[derive(Clone, Copy)]
pub struct Times {
    /// Of the processor.
    pub cpu: f64,
    /// On the clock.
    pub real: f64,
}

impl Times {
    /// More than any.
    pub const NONE: Times = Times { cpu: f64::INFINITY, real: f64::INFINITY };

    /// The least of both.
    pub fn least(self, other: Times) -> Times {
        Times { cpu: self.cpu.min(other.cpu), real: self.real.min(other.real) }
    }
}

/// Runs a script up to a pass, and reads that one's times out of `in Uusr/Ssys/Rreal ms.`
pub fn of_pass(stap: &mut Command, pass: u8, release: &str, script: &str) -> Result<Times, String> {
    let stop = format!("-p{pass}");
    let output =
        stap.args(["-v", &stop, "-r", release, "-e", script]).output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().find(|line| line.starts_with(&format!("Pass {pass}: ")));
    let times = line.and_then(|line| line.rsplit_once(" in ")).map(|(_, times)| times);
    let number = |unit: &str| -> Option<f64> {
        let word = times?.split(['/', ' ']).find_map(|word| word.strip_suffix(unit))?;
        word.parse().ok()
    };
    match (number("usr"), number("sys"), number("real")) {
        (Some(user), Some(system), Some(real)) => Ok(Times { cpu: user + system, real }),
        _ => Err(format!("{:?} {stop} told no times: {text}", stap.get_program())),
    }
}
