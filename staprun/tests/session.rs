//! stapio's whole loop against a module end that lives in this process.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io::{self, Read, Seek};
use std::rc::Rc;
use std::time::Duration;

use staprun::command::{Command, Stdin};
use staprun::error::{Exit, Result};
use staprun::events::{Ending, Event, Events, Way};
use staprun::kernel::Kernel;
use staprun::messages::{ABI_VERSION, CpuStatus, ExitSummary, FromModule, ToModule, Transport};
use staprun::output::Output;
use staprun::print::Log;
use staprun::records::Header;
use staprun::session::{Limits, Session, Settings};

/// One thing that happens while stapio waits.
#[derive(Clone)]
enum Step {
    Message(FromModule),
    Print(u16, &'static str),
    Lose(u16),
    Noise(u16),
    Event(Event),
}

#[derive(Default)]
struct State {
    inbox: VecDeque<FromModule>,
    sent: Vec<ToModule>,
    steps: VecDeque<Step>,
    channels: Vec<Vec<u8>>,
    status: Vec<CpuStatus>,
    time: u64,
    start_result: i32,
    summary: ExitSummary,
    /// The module never answers a stop.
    deaf: bool,
    /// The answer to a start comes as a step.
    silent_start: bool,
    /// The start was given up when so many messages had been sent.
    given_up: Option<usize>,
    /// How often the module says that it still works on a message.
    busy: Cell<u32>,
    /// Printed by end probes.
    last_words: Option<&'static str>,
}

impl State {
    fn print(&mut self, cpu: u16, text: &str, lost: bool) {
        self.time += 1;
        let status = &mut self.status[usize::from(cpu)];
        let len = u16::try_from(text.len()).unwrap();
        let header = Header { time: self.time, seq: status.next_seq, len, cpu, more: false };
        status.next_seq += 1;
        if lost {
            status.lost_records += 1;
            status.lost_bytes += u64::from(len);
        } else {
            self.channels[usize::from(cpu)].extend(header.encode());
            self.channels[usize::from(cpu)].extend(text.as_bytes());
        }
    }

    fn step(&mut self) -> Vec<Event> {
        match self.steps.pop_front() {
            Some(Step::Message(message)) => self.inbox.push_back(message),
            Some(Step::Print(cpu, text)) => self.print(cpu, text, false),
            Some(Step::Lose(cpu)) => self.print(cpu, "lost text\n", true),
            Some(Step::Noise(cpu)) => self.channels[usize::from(cpu)].extend([0xff; 40]),
            Some(Step::Event(event)) => return vec![event],
            None => std::thread::sleep(Duration::from_millis(1)),
        }
        if self.inbox.is_empty() { Vec::new() } else { vec![Event::Control] }
    }
}

#[derive(Clone)]
struct Module(Rc<RefCell<State>>);

impl Kernel for Module {
    fn receive(&mut self) -> io::Result<Option<FromModule>> {
        Ok(self.0.borrow_mut().inbox.pop_front())
    }

    fn send(&mut self, message: &ToModule) -> io::Result<()> {
        let mut state = self.0.borrow_mut();
        state.sent.push(message.clone());
        match message {
            ToModule::Start(_) if !state.silent_start => {
                let answer = FromModule::Started { result: state.start_result, by_ftrace: 0 };
                state.inbox.push_back(answer);
            }
            ToModule::Exit if !state.deaf => {
                if let Some(text) = state.last_words {
                    state.print(0, text, false);
                }
                let answer = FromModule::Exited(state.summary);
                state.inbox.push_back(answer);
            }
            _ => {}
        }
        Ok(())
    }

    fn is_busy(&self) -> bool {
        let state = self.0.borrow();
        let left = state.busy.get();
        state.busy.set(left.saturating_sub(1));
        left > 0
    }

    fn give_up_start(&mut self) -> io::Result<()> {
        let mut state = self.0.borrow_mut();
        state.given_up = Some(state.sent.len());
        Ok(())
    }

    fn open_channels(&mut self, nr_cpus: u32) -> io::Result<()> {
        assert_eq!(nr_cpus, 2);
        Ok(())
    }

    fn feed_input(&mut self) -> io::Result<bool> {
        Ok(false)
    }

    fn watermark(&mut self) -> io::Result<u64> {
        Ok(self.0.borrow().time + 1)
    }

    fn read_channel(&mut self, cpu: u32, into: &mut [u8]) -> io::Result<usize> {
        let channel = &mut self.0.borrow_mut().channels[cpu as usize];
        let count = channel.len().min(into.len());
        into[..count].copy_from_slice(&channel[..count]);
        channel.drain(..count);
        Ok(count)
    }

    fn cpu_status(&mut self, cpu: u32) -> io::Result<Option<CpuStatus>> {
        Ok(Some(self.0.borrow().status[cpu as usize]))
    }
}

impl Events for Module {
    fn wait(&mut self, _: Duration) -> io::Result<Vec<Event>> {
        Ok(self.0.borrow_mut().step())
    }
}

struct FakeCommand(Rc<RefCell<bool>>);

impl Command for FakeCommand {
    fn pid(&self) -> i32 {
        4711
    }

    fn release(&mut self, _stdin: Stdin) -> io::Result<()> {
        *self.0.borrow_mut() = true;
        Ok(())
    }
}

/// What a test looks at afterwards.
struct Ran {
    exit: Result<Exit>,
    output: String,
    sent: Vec<ToModule>,
    released: bool,
    given_up: Option<usize>,
}

struct Case {
    state: State,
    with_command: bool,
    target: i32,
    limits: Limits,
}

fn case(steps: impl IntoIterator<Item = Step>) -> Case {
    let transport = Transport { abi_version: ABI_VERSION, nr_cpus: 2, buffer_bytes: 1 << 20 };
    let mut state = State {
        channels: vec![Vec::new(); 2],
        status: (0..2).map(|cpu| CpuStatus { cpu, ..CpuStatus::default() }).collect(),
        ..State::default()
    };
    state.steps.push_back(Step::Message(FromModule::Transport(transport)));
    state.steps.extend(steps);
    Case { state, with_command: false, target: 0, limits: Limits::default() }
}

impl Case {
    fn run_into(self, file: std::fs::File) -> (Result<Exit>, State, bool) {
        let module = Module(Rc::new(RefCell::new(self.state)));
        let released = Rc::new(RefCell::new(false));
        let command =
            self.with_command.then(|| Box::new(FakeCommand(Rc::clone(&released))) as Box<dyn Command>);
        let settings = Settings {
            module: "stap_test".into(),
            target: self.target,
            no_warnings: false,
            interval: Some(Duration::from_millis(1)),
            log: Log::new("test", 0),
            limits: self.limits,
        };
        let (mut kernel, mut events) = (module.clone(), module.clone());
        let output = Output::new(file).unwrap();
        let exit = Session::new(settings, &mut kernel, &mut events, output, command).run();
        let state = module.0.take();
        let released = *released.borrow();
        (exit, state, released)
    }

    fn run(self) -> Ran {
        let mut file = tempfile::tempfile().unwrap();
        let (exit, state, released) = self.run_into(file.try_clone().unwrap());
        let mut output = String::new();
        file.rewind().unwrap();
        file.read_to_string(&mut output).unwrap();
        Ran { exit, output, sent: state.sent, released, given_up: state.given_up }
    }
}

const EXIT: Step = Step::Message(FromModule::RequestExit);

#[test]
fn a_script_prints_and_ends() {
    let mut case = case([Step::Print(1, "one\n"), Step::Print(0, "two\n"), EXIT]);
    case.target = 12;
    case.state.last_words = Some("end\n");
    let ran = case.run();
    assert_eq!(ran.exit.unwrap(), Exit::Ok);
    assert_eq!(ran.output, "one\ntwo\nend\n");
    assert_eq!(ran.sent, [ToModule::Start(12), ToModule::Exit]);
}

#[test]
fn losses_show_where_they_happened_and_at_the_end() {
    let steps = [
        Step::Print(0, "a\n"),
        Step::Lose(0),
        Step::Lose(0),
        Step::Print(0, "b\n"),
        Step::Print(1, "c\n"),
        Step::Lose(1),
        EXIT,
    ];
    let ran = case(steps).run();
    assert_eq!(ran.exit.unwrap(), Exit::OutputLost);
    let wanted = "a\nWARNING: CPU 0 lost 2 records here\nb\nc\nWARNING: CPU 1 lost 1 record here\n";
    assert_eq!(ran.output, wanted);
}

#[test]
fn a_signal_stops_the_module_once() {
    for event in [Event::Interrupt(Way::Straight), Event::Terminate(Way::PassedOn)] {
        let ran = case([Step::Print(0, "x\n"), Step::Event(event), Step::Event(event)]).run();
        assert_eq!(ran.exit.unwrap(), Exit::Ok);
        assert_eq!(ran.output, "x\n");
        assert_eq!(ran.sent, [ToModule::Start(0), ToModule::Exit]);
    }
}

#[test]
fn a_signal_to_the_whole_group_counts_once() {
    let both = [Event::Interrupt(Way::Straight), Event::Interrupt(Way::PassedOn)].map(Step::Event);
    let exited = Step::Message(FromModule::Exited(ExitSummary::default()));
    let mut patient = case([both.clone(), both].into_iter().flatten().chain([exited]));
    patient.state.deaf = true;
    assert_eq!(patient.run().exit.unwrap(), Exit::Ok);
}

#[test]
fn an_interrupt_for_staprun_alone_ends_the_session_of_a_command() {
    let mut case = case([Step::Event(Event::Interrupt(Way::PassedOn))]);
    case.with_command = true;
    let ran = case.run();
    assert_eq!(ran.exit.unwrap(), Exit::Ok);
    assert_eq!(ran.sent, [ToModule::Start(4711), ToModule::Exit]);
}

#[test]
fn a_third_signal_ends_a_stuck_session() {
    let mut stuck = case(vec![Step::Event(Event::Interrupt(Way::Straight)); 3]);
    stuck.state.deaf = true;
    let error = stuck.run().exit.unwrap_err();
    assert_eq!(error.exit(), Exit::Runtime);
    assert!(error.to_string().contains("three signals"));
}

#[test]
fn a_module_that_does_not_answer_is_given_up() {
    let mut deaf = case([EXIT]);
    deaf.state.deaf = true;
    deaf.limits.stop = Duration::from_millis(50);
    let text = deaf.run().exit.unwrap_err().to_string();
    assert!(text.contains("did not stop in time") && text.contains("staprun -d stap_test"), "{text}");

    let mut silent = case([]);
    silent.state.steps.clear();
    silent.limits.connect = Duration::from_millis(50);
    let text = silent.run().exit.unwrap_err().to_string();
    assert!(text.contains("did not answer in time"), "{text}");
}

#[test]
fn a_module_that_cannot_start_is_a_refusal() {
    let mut case = case([]);
    case.state.start_result = -22;
    case.with_command = true;
    let ran = case.run();
    assert_eq!(ran.exit.unwrap(), Exit::LoadRefused);
    assert_eq!(ran.sent, [ToModule::Start(4711), ToModule::Exit]);
    assert!(!ran.released);
}

#[test]
fn a_module_of_another_abi_is_refused() {
    let mut case = case([]);
    let other = Transport { abi_version: ABI_VERSION + 1, nr_cpus: 2, buffer_bytes: 0 };
    case.state.steps = [Step::Message(FromModule::Transport(other))].into();
    let error = case.run().exit.unwrap_err();
    assert_eq!(error.exit(), Exit::LoadRefused);
    assert!(error.to_string().contains("build the module again"));
}

#[test]
fn a_failed_script_gives_nine_before_all_others() {
    let mut failed = case([Step::Lose(0), EXIT]);
    failed.state.summary.failed = true;
    assert_eq!(failed.run().exit.unwrap(), Exit::Runtime);
}

#[test]
fn a_command_starts_after_the_probes_and_its_end_ends_the_session() {
    let ended = |ending| Step::Event(Event::CommandEnded(ending));
    for (ending, exit) in [
        (Ending::Status(0), Exit::Ok),
        (Ending::Status(3), Exit::CommandFailed),
        (Ending::Signal(nix::sys::signal::Signal::SIGSEGV), Exit::CommandFailed),
    ] {
        let mut case = case([Step::Print(0, "hit\n"), ended(ending)]);
        case.with_command = true;
        let ran = case.run();
        assert_eq!(ran.exit.unwrap(), exit);
        assert_eq!(ran.output, "hit\n");
        assert_eq!(ran.sent, [ToModule::Start(4711), ToModule::Exit]);
        assert!(ran.released);
    }
}

#[test]
fn an_interrupt_is_left_to_the_command() {
    let steps = [
        Step::Event(Event::Interrupt(Way::Straight)),
        Step::Print(0, "still\n"),
        Step::Event(Event::CommandEnded(Ending::Status(0))),
    ];
    let mut case = case(steps);
    case.with_command = true;
    let ran = case.run();
    assert_eq!((ran.exit.unwrap(), ran.output.as_str()), (Exit::Ok, "still\n"));
}

#[test]
fn one_interrupt_of_session_and_command_is_no_failure() {
    let interrupted = Ending::Signal(nix::sys::signal::Signal::SIGINT);
    let ended = Step::Event(Event::CommandEnded(interrupted));
    for (steps, exit) in [
        (vec![Step::Event(Event::Interrupt(Way::Straight)), ended.clone()], Exit::Ok),
        (vec![ended], Exit::CommandFailed),
    ] {
        let mut case = case(steps);
        case.with_command = true;
        assert_eq!(case.run().exit.unwrap(), exit);
    }
}

#[test]
fn a_command_that_may_not_start_any_more_is_dropped() {
    let exited = FromModule::Exited(ExitSummary::default());
    let answers = [FromModule::Started { result: 0, by_ftrace: 0 }, exited].map(Step::Message);
    let mut case = case([Step::Event(Event::Terminate(Way::PassedOn))].into_iter().chain(answers));
    (case.state.silent_start, case.state.deaf) = (true, true);
    case.with_command = true;
    let ran = case.run();
    assert_eq!(ran.exit.unwrap(), Exit::Ok);
    assert_eq!(ran.sent, [ToModule::Start(4711), ToModule::Exit]);
    assert!(!ran.released);
    // After the start was sent, before the end is asked for.
    assert_eq!(ran.given_up, Some(1));
}

#[test]
fn a_module_at_work_has_the_time_it_takes() {
    let limits = Limits { start: Duration::ZERO, ..Limits::default() };
    let started = Step::Message(FromModule::Started { result: 0, by_ftrace: 0 });
    let mut slow = case([Step::Print(0, "begin\n"), Step::Print(0, "begin\n"), started, EXIT]);
    (slow.state.silent_start, slow.limits) = (true, limits);
    slow.state.busy = Cell::new(4);
    let ran = slow.run();
    assert_eq!(ran.exit.unwrap(), Exit::Ok);
    assert_eq!(ran.given_up, None);
    let mut stuck = case([]);
    (stuck.state.silent_start, stuck.limits) = (true, limits);
    assert!(stuck.run().exit.unwrap_err().to_string().contains("did not start in time"));
}

#[test]
fn a_reader_that_left_ends_the_session_quietly() {
    let (reader, writer) = nix::unistd::pipe().unwrap();
    drop(reader);
    let (exit, state, _) = case([Step::Print(0, "x\n")]).run_into(writer.into());
    assert_eq!(exit.unwrap(), Exit::Ok);
    assert_eq!(state.sent, [ToModule::Start(0), ToModule::Exit]);
}

#[test]
fn a_full_disk_is_lost_output() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let (exit, state, _) = case([Step::Print(0, "x\n")]).run_into(full);
    assert_eq!(exit.unwrap(), Exit::OutputLost);
    assert_eq!(state.sent, [ToModule::Start(0), ToModule::Exit]);
}

#[test]
fn a_broken_channel_is_lost_output_and_the_other_goes_on() {
    let ran = case([Step::Noise(0), Step::Print(1, "good\n"), EXIT]).run();
    assert_eq!(ran.exit.unwrap(), Exit::OutputLost);
    assert_eq!(ran.output, "good\n");
}

#[test]
fn messages_of_all_kinds_are_taken() {
    let dir = tempfile::tempdir().unwrap();
    let mark = dir.path().join("mark");
    let steps = [
        Step::Message(FromModule::Notice(b"WARNING: seen\n".to_vec())),
        Step::Message(FromModule::System(format!("touch {}", mark.display()).into_bytes())),
        Step::Message(FromModule::Other(99)),
        EXIT,
    ];
    assert_eq!(case(steps).run().exit.unwrap(), Exit::Ok);
    let begun = std::time::Instant::now();
    while !mark.exists() {
        assert!(begun.elapsed() < Duration::from_secs(10), "system() did not run");
        std::thread::sleep(Duration::from_millis(5));
    }
}
