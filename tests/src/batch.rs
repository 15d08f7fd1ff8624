//! Runs many modules one after another in one guest. A guest that dies costs only the run it died in: the rest goes on
//! in a new one.

use std::path::PathBuf;
use std::time::Duration;

use stap_vm::{Verdict, Vm, VmResult, shell_word};

use crate::directives::Directives;
use crate::expect::{Outcome, indent};
use crate::programs::Programs;

/// One command of a batch.
#[derive(Clone, Debug)]
pub struct Run {
    /// The command line, quoted for the shell.
    pub command: String,
    /// The files it needs in the guest.
    pub files: Vec<PathBuf>,
    /// It is interrupted after this time, and killed five seconds later.
    pub limit: Duration,
}

impl Run {
    /// staprun with a module, as a case's directives say. The workload's first word may be the name of a program of
    /// tests/workloads.
    pub fn staprun(programs: &Programs, module: PathBuf, directives: &Directives) -> Run {
        let mut files = vec![programs.staprun.clone(), programs.stapio.clone(), module.clone()];
        let mut words = vec![programs.staprun.to_string_lossy().into_owned()];
        words.extend_from_slice(&directives.run_args);
        if let Some(workload) = directives.workload.as_deref() {
            let (first, rest) = workload.split_once(' ').unwrap_or((workload, ""));
            let program = programs.workloads.join(first);
            let command =
                if program.is_file() { format!("{} {rest}", program.display()) } else { workload.to_owned() };
            if program.is_file() {
                files.push(program);
            }
            words.extend(["-c".to_owned(), command.trim_end().to_owned()]);
        }
        words.push(module.to_string_lossy().into_owned());
        words.extend_from_slice(&directives.module_args);
        let words: Vec<String> = words.iter().map(|word| shell_word(word)).collect();
        let lines: Vec<String> = directives.stdin.iter().map(|line| shell_word(line)).collect();
        let input = match lines.is_empty() {
            true => String::new(),
            false => format!("printf '%s\\n' {} | ", lines.join(" ")),
        };
        Run { command: format!("{input}{}", words.join(" ")), files, limit: directives.limit() }
    }
}

/// How long a guest may take to start, and to look for leaks at its end.
const BOOT_LIMIT: Duration = Duration::from_secs(180);

/// The functions of the guest's script. Each run is announced on the console, so that a complaint there finds its run,
/// and reported in one frame: number, exit code, lengths, modules left behind, then the two outputs.
const FRAME: &str = r#"
run() {
	number=$1 limit=$2
	echo "<4>stap-test: run $number" >/dev/kmsg
	timeout -s INT -k 5 "$limit" sh -c "$3" >/tmp/run.out 2>/tmp/run.err </dev/null
	status=$?
	left=$(sed -n 's/^\(stap_[^ ]*\) .*/\1/p' /proc/modules | tr '\n' ' ')
	for module in $left; do rmmod "$module"; done
	printf '\n@run %s %s %s %s %s\n' "$number" "$status" "$(wc -c </tmp/run.out)" "$(wc -c </tmp/run.err)" "$left"
	cat /tmp/run.out /tmp/run.err
}
"#;

/// Runs all in as many guests as it takes; an error tells why a run or its guest failed.
pub fn run(vm: &Vm, runs: &[Run]) -> Vec<Result<Outcome, String>> {
    let mut outcomes: Vec<Result<Outcome, String>> = Vec::new();
    while outcomes.len() < runs.len() {
        let first = outcomes.len();
        outcomes.extend(boot(vm, &runs[first..], first));
    }
    outcomes
}

/// One guest. There is always at least one outcome, so that a guest that never starts ends the loop above.
fn boot(vm: &Vm, runs: &[Run], first: usize) -> Vec<Result<Outcome, String>> {
    let mut script = FRAME.to_owned();
    let mut vm = vm.clone();
    let (mut life, mut silence) = (BOOT_LIMIT, BOOT_LIMIT);
    for (index, run) in runs.iter().enumerate() {
        let command = shell_word(&run.command);
        script.push_str(&format!("run {} {} {command}\n", first + index, run.limit.as_secs()));
        let limit = run.limit + Duration::from_secs(10);
        life += limit;
        silence = silence.max(limit);
        for file in &run.files {
            vm = vm.visible(file);
        }
    }
    let result = match vm.timeout(life).silence(silence).run(&script) {
        Ok(result) => result,
        Err(error) => return runs.iter().map(|_| Err(error.to_string())).collect(),
    };
    let mut outcomes = frames(&result.stdout);
    blame(&mut outcomes, &result, first);
    let dead = result.status.is_none() || outcomes.len() < runs.len();
    if dead && outcomes.last().is_none_or(Result::is_ok) {
        let tail = indent(&result.console_tail(40));
        outcomes.push(Err(format!("{}; the console ends with:\n{tail}", result.verdict)));
    }
    outcomes.truncate(runs.len());
    outcomes
}

/// Cuts the guest's output into the outcomes of its runs. What lies behind a broken frame belongs to none.
fn frames(mut output: &[u8]) -> Vec<Result<Outcome, String>> {
    const START: &[u8] = b"\n@run ";
    let mut outcomes = Vec::new();
    while let Some(rest) = output.strip_prefix(START) {
        let Some(end) = rest.iter().position(|&byte| byte == b'\n') else { break };
        let header = String::from_utf8_lossy(&rest[..end]).into_owned();
        let mut words = header.split_whitespace().skip(1);
        let mut number = || words.next().and_then(|word| word.parse::<usize>().ok());
        let (Some(exit), Some(out), Some(err)) = (number(), number(), number()) else { break };
        let left: Vec<&str> = words.collect();
        let body = &rest[end + 1..];
        if body.len() < out + err {
            break;
        }
        let outcome = Outcome {
            exit: exit as i32,
            stdout: body[..out].to_vec(),
            stderr: body[out..out + err].to_vec(),
        };
        outcomes.push(if left.is_empty() {
            Ok(outcome)
        } else {
            let stderr = indent(&String::from_utf8_lossy(&outcome.stderr));
            Err(format!("left loaded in the guest: {}; standard error was:\n{stderr}", left.join(" ")))
        });
        output = &body[out + err..];
    }
    outcomes
}

/// Fails the run during which the kernel complained.
fn blame(outcomes: &mut Vec<Result<Outcome, String>>, result: &VmResult, first: usize) {
    let Verdict::Kernel(complaint) = &result.verdict else { return };
    let before = result.console.split(complaint.as_str()).next().unwrap_or_default();
    let run = before.lines().rev().find_map(|line| line.split_once("stap-test: run ")?.1.trim().parse().ok());
    let index = run.unwrap_or(first) - first;
    let shown: Vec<&str> =
        result.console.lines().skip_while(|line| !line.contains(complaint.as_str())).take(60).collect();
    let failure = format!("{}:\n{}", result.verdict, indent(&shown.join("\n")));
    if index < outcomes.len() {
        outcomes[index] = Err(failure);
    } else {
        outcomes.push(Err(failure));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_cut_by_length() {
        let outcomes = frames(b"\n@run 0 7 3 1 \n\n@re\n@run 1 0 0 0 stap_1 stap_2\n\n@run 2 0 9 0 \nshort");
        assert_eq!(outcomes.len(), 2);
        let first = outcomes[0].as_ref().expect("whole");
        assert_eq!((first.exit, &first.stdout[..], &first.stderr[..]), (7, &b"\n@r"[..], &b"e"[..]));
        assert!(outcomes[1].as_ref().is_err_and(|text| text.contains("stap_1 stap_2")));
    }
}
