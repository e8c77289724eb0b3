//! svlog: placeholder until its helper writes it.
#![no_std]
#![no_main]

use supervisor::sys::start::Stack;

supervisor::resident!(run);

fn run(stack: Stack) -> i32 {
    stack.len() as i32
}
