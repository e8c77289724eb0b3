//! svlog and its processors: who may not wait does not, and no line is lost whatever they do.

mod kit;
mod logger;

use kit::{end_of, signal, until};
use logger::{Running, content, files};
use nix::sys::signal::Signal;
use std::fs;

/// A processor that fails is told without `-b`, and the log goes on; its file is processed with the next rotation.
#[test]
fn failing_processor() {
    let mut running = Running::start(&["!test -e ../works && cat", "./log"]);
    running.write("one\n");
    running.until_read("log/current", "one\n");
    signal(&running.child, Signal::SIGALRM);
    let message = "svlog ./log: warning: unable to process previous: the processor failed (trying again with the next rotation)\n";
    running.until_read("errors", message);
    assert_eq!(running.read("log/previous"), "one\n");
    fs::write(running.path("works"), "").unwrap();
    running.write("two\n");
    running.until_read("log/current", "two\n");
    signal(&running.child, Signal::SIGALRM);
    running.until_read("log/current", "");
    until("processed files", || files(&running.path("log")).len() == 3);
    assert_eq!(content(&running.path("log")), "one\ntwo\n");
    drop(running.writer.take());
    assert_eq!(end_of(&mut running.child), Some(0));
}

/// While a processor takes its time, without `-b`, lines are written on, and what was to be rotated meanwhile is rotated
/// when it has ended.
#[test]
fn slow_processor_holds_nobody_up() {
    let mut running = Running::start(&["!until test -e ../go; do sleep 0.01; done; cat", "./log"]);
    running.write("one\n");
    running.until_read("log/current", "one\n");
    signal(&running.child, Signal::SIGALRM);
    running.until_read("log/previous", "one\n");
    running.write("two\n");
    running.until_read("log/current", "two\n");
    signal(&running.child, Signal::SIGALRM);
    running.write("three\n");
    running.until_read("log/current", "two\nthree\n");
    fs::write(running.path("go"), "").unwrap();
    until("processed files", || files(&running.path("log")).len() == 3 && !running.path("log/previous").exists());
    assert_eq!((content(&running.path("log")), running.read("log/current")), ("one\ntwo\nthree\n".into(), "".into()));
    drop(running.writer.take());
    assert_eq!((end_of(&mut running.child), running.read("errors")), (Some(0), "".into()));
}

/// The end of the input waits for a processor, and what it wrote is kept.
#[test]
fn end_waits_for_the_processor() {
    let mut running = Running::start(&["!until test -e ../go; do sleep 0.01; done; tr a-z A-Z", "./log"]);
    running.write("one\n");
    running.until_read("log/current", "one\n");
    signal(&running.child, Signal::SIGALRM);
    running.until_read("log/previous", "one\n");
    drop(running.writer.take());
    fs::write(running.path("go"), "").unwrap();
    assert_eq!(end_of(&mut running.child), Some(0));
    assert_eq!(content(&running.path("log")), "ONE\n");
}

/// TERM waits for two seconds; then the file is left as it was written, and the next logger keeps it so.
#[test]
fn term_leaves_a_processor_that_does_not_end() {
    let script = ["!until test -e ../go; do sleep 0.01; done; echo late; : >../done", "./log"];
    let mut running = Running::start(&script);
    running.write("one\n");
    running.until_read("log/current", "one\n");
    signal(&running.child, Signal::SIGALRM);
    running.until_read("log/previous", "one\n");
    signal(&running.child, Signal::SIGTERM);
    assert_eq!(end_of(&mut running.child), Some(0));
    let message = "svlog ./log: warning: the processor still runs (its file is left unprocessed)\n";
    assert_eq!(running.read("errors"), message);
    let next = logger::log(&kit::ours("svlog"), &script, b"two\n", running.directory.path());
    fs::write(running.path("go"), "").unwrap();
    until("the end of the processor", || running.path("done").exists());
    assert_eq!(next.status.code(), Some(0));
    assert_eq!(content(&running.path("log")), "one\ntwo\n");
    assert_eq!(files(&running.path("log"))[0].extension().and_then(|suffix| suffix.to_str()), Some("u"));
}
