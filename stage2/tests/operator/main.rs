//! The operator's verbs that need no running system: files in, text and exit code out.

mod enable;
mod machine;
