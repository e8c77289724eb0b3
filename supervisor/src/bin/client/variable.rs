//! A change of an environment that a program will get.

use std::ffi::CString;

/// Adds `NAME=value` to an environment, or with `NAME` alone only removes it. The order is daemontools'.
pub fn set_variable(environment: &mut Vec<CString>, entry: CString) {
    let name = entry.to_bytes().split(|&byte| byte == b'=').next().unwrap_or_default();
    let same = |known: &CString| known.to_bytes().strip_prefix(name).is_some_and(|rest| rest.starts_with(b"="));
    if let Some(at) = environment.iter().position(same) {
        environment.swap_remove(at);
    }
    if entry.to_bytes().len() > name.len() {
        environment.push(entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A removed entry's place is taken by the last one, and only whole names are the same.
    #[test]
    fn changes() {
        let c = |text: &str| CString::new(text).unwrap();
        let mut environment: Vec<CString> = ["A=1", "AB=2", "C=3"].map(c).into();
        for (change, expected) in
            [("A=4", "C=3 AB=2 A=4"), ("B=", "C=3 AB=2 A=4 B="), ("AB", "C=3 B= A=4"), ("X", "C=3 B= A=4")]
        {
            set_variable(&mut environment, c(change));
            let text: Vec<&str> = environment.iter().map(|entry| entry.to_str().unwrap()).collect();
            assert_eq!(text.join(" "), expected, "{change}");
        }
    }
}
