//! The manual pages against the programs: what a page says of options is what `--help` says, and pages lead to pages.
//! (`sunup`, whose verbs have options of their own, and the keys of units have tests beside their code.)

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use tests::programs;

/// The names under which a program is another one, as `make install` links them.
const LINKS: [(&str, &str); 6] = [
    ("halt", "shutdown"),
    ("poweroff", "shutdown"),
    ("reboot", "shutdown"),
    ("runlevel", "shutdown"),
    ("stage3", "shutdown"),
    ("telinit", "init"),
];
/// Pages about more than one command line: one has a test beside its code, the other shows those of s6 and runit, which
/// have no `--help`.
const SEVERAL: [&str; 2] = ["sunup", "dialect"];
/// The sections that a page may have, in this order; others stand between the description and the options.
const SECTIONS: [&str; 11] = [
    "NAME",
    "SYNOPSIS",
    "DESCRIPTION",
    "OPTIONS",
    "SIGNALS",
    "ENVIRONMENT",
    "EXIT STATUS",
    "FILES",
    "EXAMPLES",
    "NOTES",
    "SEE ALSO",
];
/// The pages of others that ours lead to.
const OTHERS: [&str; 15] = [
    "capabilities(7)",
    "fstab(5)",
    "getrlimit(2)",
    "inittab(5)",
    "insserv(8)",
    "kill(1)",
    "modules-load.d(5)",
    "mount(8)",
    "ps(1)",
    "sd_notify(3)",
    "setpriv(1)",
    "sulogin(8)",
    "sysctl.d(5)",
    "tmpfiles.d(5)",
    "utmp(5)",
];

/// Every page by its name with the section; pages that are another's are not among them.
fn pages() -> BTreeMap<String, String> {
    let entries = fs::read_dir(programs::workspace().join("docs/man")).unwrap().map(|entry| entry.unwrap());
    let pages =
        entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap()));
    let pages: BTreeMap<_, _> = pages.filter(|(_, text)| !text.starts_with(".so ")).collect();
    assert!(pages.len() > 25, "{:?}", pages.keys());
    pages
}

/// The commands that a page is about.
fn commands(page: &str) -> Vec<&str> {
    let (_, after) = page.split_once(".Sh NAME\n").unwrap();
    let (names, _) = after.split_once(".Nd").unwrap();
    names.lines().filter_map(|line| line.strip_prefix(".Nm ")).map(|name| name.trim_end_matches(" ,")).collect()
}

/// What a command says of itself.
fn help(command: &str) -> String {
    let program = LINKS.iter().find(|(link, _)| *link == command).map_or(command, |(_, program)| program);
    let mut child = Command::new(programs::built().join(program));
    let output = child.arg0(command).arg("--help").stdin(Stdio::null()).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// One that every program has; nobody lists it for its own sake.
fn is_everybodys(option: &str) -> bool {
    ["--help", "--version"].contains(&option)
}

fn is_option(word: &str) -> bool {
    let letters = word.trim_start_matches('-');
    match word.len() - letters.len() {
        1 => letters.len() == 1,
        2 => letters.starts_with(|c: char| c.is_ascii_lowercase()),
        _ => false,
    }
}

/// The options that a help text lists: what stands at the beginning of a column, and begins with a dash.
fn listed(help: &str) -> BTreeSet<String> {
    let columns = help.lines().flat_map(|line| line.trim_start().split("  ")).map(str::trim_start);
    let options = columns.filter(|column| column.starts_with('-')).map(|column| {
        column.split([' ', ',', '=']).filter(|word| is_option(word)).map(str::to_owned).collect::<Vec<_>>()
    });
    options.filter(|forms| !forms.iter().any(|form| is_everybodys(form))).flatten().collect()
}

/// An option is somewhere in a help text, or, where letters are listed, its letter.
fn is_told(help: &str, option: &str) -> bool {
    let mut words = help.split(|c: char| c.is_whitespace() || "[]{}()|,=:".contains(c));
    let letter = option.trim_start_matches('-');
    let has_letters = help.contains("letters:");
    words.any(|word| word == option || has_letters && word == letter)
}

/// The options that have an entry in a page.
fn explained(page: &str) -> BTreeSet<String> {
    let entries = page.lines().filter_map(|line| line.strip_prefix(".It "));
    let options = entries.map(|entry| {
        let after =
            entry.split("Fl ").skip(1).flat_map(|flags| flags.split_whitespace().take_while(|word| !is_macro(word)));
        after.filter(|word| *word != ",").map(|word| format!("-{word}")).collect::<Vec<_>>()
    });
    options.filter(|forms| !forms.iter().any(|form| is_everybodys(form))).flatten().filter(|it| it != "--").collect()
}

fn is_macro(word: &str) -> bool {
    word.len() == 2 && word.starts_with(|c: char| c.is_ascii_uppercase())
}

/// Every option that a program lists is explained in its page, and no other one.
#[test]
fn pages_and_programs_know_the_same_options() {
    for (name, page) in pages().iter().filter(|(name, _)| name.ends_with(".8")) {
        let commands = commands(page);
        if SEVERAL.contains(&commands[0]) {
            continue;
        }
        let help: String = commands.iter().map(|command| help(command)).collect();
        assert!(help.contains("sage: "), "{name}: {help}");
        let (listed, explained) = (listed(&help), explained(page));
        assert_eq!(listed.difference(&explained).collect::<Vec<_>>(), Vec::<&String>::new(), "not in {name}");
        let untold: Vec<_> = explained.iter().filter(|option| !is_told(&help, option)).collect();
        assert!(untold.is_empty(), "in {name} and not in --help: {untold:?}");
    }
}

/// Sections stand in the order in which people look for them, and no page is without what every page has.
#[test]
fn sections_are_in_order() {
    for (name, page) in pages() {
        let sections: Vec<_> = page.lines().filter_map(|line| line.strip_prefix(".Sh ")).collect();
        let known: Vec<_> = SECTIONS.iter().filter(|section| sections.contains(section)).collect();
        let found: Vec<_> = sections.iter().filter(|section| SECTIONS.contains(section)).collect();
        assert_eq!(found, known, "{name}");
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "EXAMPLES", "SEE ALSO"] {
            assert!(sections.contains(&section), "{name} has no {section}");
        }
    }
}

/// A page leads to pages that we ship or that are known to be another's; every name that we install has one.
#[test]
fn references_lead_somewhere() {
    let directory = programs::workspace().join("docs/man");
    let ours = |name: &str, section: &str| directory.join(format!("{name}.{section}")).exists();
    let mut others = BTreeSet::new();
    for text in pages().values() {
        for line in text.lines().filter_map(|line| line.strip_prefix(".Xr ")) {
            let (name, section) = line.split_once(' ').unwrap();
            let section = &section[..1];
            if !ours(name, section) {
                others.insert(format!("{name}({section})"));
            }
        }
    }
    assert_eq!(others, OTHERS.map(String::from).into());
    for (link, _) in LINKS.iter().filter(|(link, _)| *link != "stage3") {
        assert!(ours(link, "8"), "no page for {link}");
    }
}
