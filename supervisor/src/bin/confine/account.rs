//! Who the program is: user, group and further groups.
//!
//! Only /etc/passwd and /etc/group are read: the C library's look-up needs plug-ins, which a static program cannot load.

use std::fs;

use nix::unistd::{Gid, Uid, setgid, setgroups, setuid};

use crate::failure::Failure;
use crate::wishes::Wishes;

/// Whom the program is run as.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// The user's number; `None`: ours.
    pub user: Option<u32>,
    /// The group's number; `None`: ours.
    pub group: Option<u32>,
    /// All groups; `None`: ours.
    pub groups: Option<Vec<u32>>,
    /// What is known of the user by name.
    pub person: Option<Person>,
}

/// A line of /etc/passwd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The name.
    pub name: String,
    user: u32,
    group: u32,
    /// The home directory.
    pub home: String,
    /// The shell.
    pub shell: String,
}

/// Looks everything up that is wished for; `None`: nothing is.
pub fn find(wishes: &Wishes) -> Result<Option<Account>, Failure> {
    if wishes.user.is_none() && wishes.group.is_none() && wishes.groups.is_none() {
        return Ok(None);
    }
    let table = |path: &str| {
        let text = fs::read(path).map_err(|error| Failure::new(format!("read {path}"), error))?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    };
    let users = wishes.user.as_ref().map(|_| table("/etc/passwd")).transpose()?.unwrap_or_default();
    look_up(wishes, &users, &table("/etc/group")?).map(Some)
}

fn look_up(wishes: &Wishes, users: &str, groups: &str) -> Result<Account, Failure> {
    let mut account = Account::default();
    if let Some(name) = &wishes.user {
        account.person = person(users, name);
        let number = account.person.as_ref().map(|person| person.user).or_else(|| name.parse().ok());
        account.user =
            Some(number.ok_or_else(|| Failure::because("change the user", format!("there is no user {name}")))?);
    }
    account.group = match &wishes.group {
        Some(name) => Some(group(groups, name)?),
        None => account.person.as_ref().map(|person| person.group),
    };
    if account.user.is_some() && account.group.is_none() {
        let user = wishes.user.as_deref().unwrap_or_default();
        return Err(Failure::because(
            "change the user",
            format!("{user} is not in /etc/passwd, so its group must be given"),
        ));
    }
    let others = match (&wishes.groups, &account.person) {
        (Some(names), _) => names.iter().map(|name| group(groups, name)).collect::<Result<_, _>>()?,
        (None, Some(person)) => memberships(groups, &person.name),
        (None, None) => Vec::new(),
    };
    let mut all: Vec<u32> = account.group.into_iter().collect();
    all.extend(others.into_iter().filter(|other| Some(*other) != account.group));
    account.groups = Some(all);
    Ok(account)
}

impl Account {
    /// Becomes it. The groups first: without the user's power they cannot be changed any more.
    pub fn take_on(&self) -> Result<(), Failure> {
        if let Some(groups) = &self.groups {
            let groups: Vec<Gid> = groups.iter().copied().map(Gid::from_raw).collect();
            setgroups(&groups).map_err(|errno| Failure::new("set the groups", errno))?;
        }
        if let Some(group) = self.group {
            setgid(Gid::from_raw(group)).map_err(|errno| Failure::new(format!("become group {group}"), errno))?;
        }
        if let Some(user) = self.user {
            setuid(Uid::from_raw(user)).map_err(|errno| Failure::new(format!("become user {user}"), errno))?;
        }
        Ok(())
    }
}

/// A user by name, else by number. A line that is not whole counts as none.
fn person(users: &str, name: &str) -> Option<Person> {
    let lines = || users.lines().filter_map(read_person);
    let number = name.parse::<u32>().ok();
    lines().find(|person| person.name == name).or_else(|| lines().find(|person| Some(person.user) == number))
}

fn read_person(line: &str) -> Option<Person> {
    let fields: Vec<&str> = line.split(':').collect();
    let [name, _, user, group, _, home, shell] = fields[..] else { return None };
    let (user, group) = (user.parse().ok()?, group.parse().ok()?);
    (!name.is_empty()).then(|| Person { name: name.into(), user, group, home: home.into(), shell: shell.into() })
}

/// A group by name, else the number itself.
fn group(groups: &str, name: &str) -> Result<u32, Failure> {
    let found = groups.lines().filter_map(read_group).find(|(known, ..)| *known == name).map(|(_, number, _)| number);
    let number = found.or_else(|| name.parse().ok());
    number.ok_or_else(|| Failure::because("change the group", format!("there is no group {name}")))
}

fn memberships(groups: &str, user: &str) -> Vec<u32> {
    let is_member = |members: &str| members.split(',').any(|member| member == user);
    groups.lines().filter_map(read_group).filter(|(_, _, members)| is_member(members)).map(|(_, n, _)| n).collect()
}

fn read_group(line: &str) -> Option<(&str, u32, &str)> {
    let fields: Vec<&str> = line.split(':').collect();
    let [name, _, number, members] = fields[..] else { return None };
    (!name.is_empty()).then_some((name, number.parse().ok()?, members))
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &str = "root:x:0:0:root:/root:/bin/sh\nbroken:x:1\n7:x:5:6::/seven:\nweb:x:7:8:,,:/srv:/bin/false\n";
    const GROUPS: &str = "root:x:0:\nweb:x:8:web\nlog:x:9:root,web\nssl:x:10:web\n# note\n";

    fn found(user: Option<&str>, group: Option<&str>, groups: Option<&[&str]>) -> Result<Account, String> {
        let wishes = Wishes {
            user: user.map(str::to_owned),
            group: group.map(str::to_owned),
            groups: groups.map(|groups| groups.iter().map(|name| (*name).to_owned()).collect()),
            ..Wishes::default()
        };
        look_up(&wishes, USERS, GROUPS).map_err(|failure| failure.text)
    }

    fn numbers(account: &Account) -> (Option<u32>, Option<u32>, &[u32]) {
        (account.user, account.group, account.groups.as_deref().unwrap_or_default())
    }

    /// A name wins over a number; what is not said of groups is the user's own.
    #[test]
    fn users_and_groups() {
        assert_eq!(numbers(&found(Some("web"), None, None).unwrap()), (Some(7), Some(8), &[8, 9, 10][..]));
        assert_eq!(numbers(&found(Some("web"), Some("log"), Some(&[])).unwrap()), (Some(7), Some(9), &[9][..]));
        assert_eq!(numbers(&found(Some("0"), None, Some(&["ssl", "4"])).unwrap()), (Some(0), Some(0), &[0, 10, 4][..]));
        assert_eq!(numbers(&found(Some("7"), None, None).unwrap()), (Some(5), Some(6), &[6][..]));
        assert_eq!(numbers(&found(Some("99"), Some("1"), None).unwrap()), (Some(99), Some(1), &[1][..]));
        assert_eq!(numbers(&found(None, None, Some(&["log"])).unwrap()), (None, None, &[9][..]));
    }

    /// Whoever is not there is told.
    #[test]
    fn nobody() {
        let check = |answer: Result<Account, String>, expected: &str| assert_eq!(answer.unwrap_err(), expected);
        check(found(Some("broken"), None, None), "unable to change the user: there is no user broken");
        check(
            found(Some("99"), None, None),
            "unable to change the user: 99 is not in /etc/passwd, so its group must be given",
        );
        check(found(None, Some("x"), None), "unable to change the group: there is no group x");
        check(found(None, None, Some(&["# note"])), "unable to change the group: there is no group # note");
    }
}
