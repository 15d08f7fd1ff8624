//! `make bench`: each budget beside what is measured here. Times are the least of several interleaved runs, and stand as
//! ratios to a bare kprobe module through Kbuild in the same run, so that another machine says the same. Words choose
//! parts: compile, front, parse, elaborate, listing, cost, sort, flood.

mod compile;
mod cost;
mod elaborate;
mod flood;
mod front;
mod listing;
mod parse;
mod sort;
mod table;
mod times;

use std::process::ExitCode;

use stap_tests::programs::kernels;

use crate::table::Table;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|word| word == front::MEASURE) {
        return front::measure(&args[1..]);
    }
    let kernels = kernels();
    let Some(oldest) = kernels.first() else {
        eprintln!("bench: no kernel with headers is installed: run 'make setup'");
        return ExitCode::FAILURE;
    };
    let only = |part: &str| args.is_empty() || args.iter().any(|word| word == part);
    let mut table = Table::default();
    let mut failed = false;
    let mut part = |title: &str, rows: Result<Vec<table::Row>, String>| match rows {
        Ok(rows) => table.add(title, rows),
        Err(message) => {
            eprintln!("bench: {title}: {message}");
            failed = true;
        }
    };
    if only("compile") {
        part(&format!("Passes 1 to 4, {oldest}"), compile::rows(oldest));
    }
    if only("front") {
        part("Passes 1 to 3 of hello world", front::rows(oldest));
    }
    if only("parse") {
        part("Pass 1 of much text", parse::rows(oldest));
    }
    if only("elaborate") {
        part(&format!("Pass 2, {oldest}"), elaborate::rows(oldest));
    }
    if only("listing") {
        part(&format!("Listings and patterns, {oldest}"), listing::rows(oldest));
    }
    for release in kernels.iter().filter(|_| only("cost")) {
        part(&format!("Instructions a hit above the unprobed call, {release}"), cost::rows(release));
    }
    if only("sort") {
        part("Sorting 10,000 strings", sort::rows());
    }
    if only("flood") {
        part(&format!("Flood of 300,000 records of 80 bytes, {oldest}"), flood::rows(oldest));
    }
    print!("{}", table.text());
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
