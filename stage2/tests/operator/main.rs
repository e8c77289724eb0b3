//! The operator's verbs that need no running system: files in, text and exit code out.

mod against;
mod check;
mod enable;
mod inhibit;
mod machine;
mod manual;
