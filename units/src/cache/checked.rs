//! What a unit is made of, part by part, as bytes. A field or a variant that is forgotten here does not compile.

use std::sync::Arc;

use super::Identity;
use super::flat::{Flat, Reader, Writer};
use crate::check::{Checked, PLACED};
use crate::{
    Address, Bound, Command, Condition, Context, Edge, KillMode, Kind, Limit, Log, Longrun, MaxDeaths, Oneshot,
    Program, Readiness, Restart, Socket, Step, Unit, Variables, WhenFull,
};

/// Structs, field by field.
macro_rules! flat_structs {
    ($($type:ident { $($field:ident),* $(,)? })*) => {$(
        impl Flat for $type {
            fn put(&self, writer: &mut Writer<'_>) {
                let Self { $($field),* } = self;
                $($field.put(writer);)*
            }

            fn take(reader: &mut Reader<'_>) -> Option<Self> {
                Some(Self { $($field: Flat::take(reader)?),* })
            }
        }
    )*};
}

/// Enums, each variant with its number, and what it holds.
macro_rules! flat_enums {
    ($($type:ident { $($number:literal: $variant:ident $(($value:ident))? $({ $($field:ident),* })?),* $(,)? })*) => {$(
        impl Flat for $type {
            fn put(&self, writer: &mut Writer<'_>) {
                match self {
                    $(Self::$variant $(($value))? $({ $($field),* })? => {
                        writer.byte($number);
                        $($value.put(writer);)?
                        $($($field.put(writer);)*)?
                    })*
                }
            }

            fn take(reader: &mut Reader<'_>) -> Option<Self> {
                Some(match reader.byte()? {
                    $($number => {
                        $(let $value = Flat::take(reader)?;)?
                        $($(let $field = Flat::take(reader)?;)*)?
                        Self::$variant $(($value))? $({ $($field),* })?
                    })*
                    _ => return None,
                })
            }
        }
    )*};
}

/// Choices among words, by the number in their table.
macro_rules! flat_words {
    ($($type:ident)*) => {$(
        impl Flat for $type {
            fn put(&self, writer: &mut Writer<'_>) {
                writer.number($type::ALL.iter().take_while(|(word, _)| word != self).count() as u64);
            }

            fn take(reader: &mut Reader<'_>) -> Option<Self> {
                let number = usize::try_from(reader.number()?).ok()?;
                $type::ALL.into_iter().nth(number).map(|(word, _)| word)
            }
        }
    )*};
}

flat_structs! {
    Unit {
        name, place, description, kind, needs, wants, after, before, conflicts, provides, essential, conditions,
        start_timeout, stop_timeout,
    }
    Edge { unit, place }
    Longrun {
        program, reload, ready, restart, max_deaths, stop_signal, kill_mode, forks, pidfile, sockets, watchdog, log, context,
    }
    Oneshot { start, stop, reload, steps, context }
    Context {
        user, group, groups, env, env_file, directory, umask, nice, oom_score_adj, limits, tty, no_new_privileges,
        capabilities, private_tmp, read_only, hide, cgroup,
    }
    MaxDeaths { count, within }
    Socket { address, name, place }
    Bound { soft, hard }
}

flat_enums! {
    Kind { 0: Longrun(longrun), 1: Oneshot(oneshot), 2: Milestone }
    Program { 0: Command(command), 1: ServiceDirectory(directory) }
    Command { 0: Argv(argv), 1: Script(script) }
    Condition { 0: Path { path, absent }, 1: Container(is_wanted), 2: Cmdline { word, absent }, 3: User(name) }
    Readiness {
        0: Notify, 1: Descriptor(number), 2: Tcp { address, every }, 3: Socket(path), 4: File(path),
        5: Exec { argv, every },
    }
    Address { 0: Tcp(address), 1: Udp(address), 2: Unix(path), 3: UnixDatagram(path), 4: UnixSeqpacket(path) }
    Log { 0: Auto, 1: None, 2: Directory { directory, size, keep, when_full } }
}

flat_words! { Step Limit Restart KillMode WhenFull }

impl Flat for Identity {
    fn put(&self, writer: &mut Writer<'_>) {
        self.0.iter().for_each(|word| word.put(writer));
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        let mut words = [0; Self::WORDS];
        for word in &mut words {
            *word = Flat::take(reader)?;
        }
        Some(Self(words))
    }
}

impl Flat for Variables {
    fn put(&self, writer: &mut Writer<'_>) {
        writer.all(&self.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<Vec<_>>());
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        Vec::take(reader).map(Self::new)
    }
}

/// Most units say nothing of their surroundings, and share one that says nothing.
impl Flat for Arc<Context> {
    fn put(&self, writer: &mut Writer<'_>) {
        let is_plain = *self == Context::plain();
        is_plain.put(writer);
        if !is_plain {
            Context::put(self, writer);
        }
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        Some(if bool::take(reader)? { Context::plain() } else { Context::take(reader)?.into() })
    }
}

/// A key in [`PLACED`].
impl Flat for &'static str {
    fn put(&self, writer: &mut Writer<'_>) {
        writer.number(PLACED.iter().take_while(|key| *key != self).count() as u64);
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        PLACED.get(usize::try_from(reader.number()?).ok()?).copied()
    }
}

/// A plain one.
impl Flat for Checked {
    fn put(&self, writer: &mut Writer<'_>) {
        let Self { name: _, template: _, unit, remains: _, commands, diagnostics: _ } = self;
        unit.iter().for_each(|unit| unit.put(writer));
        writer.all(commands);
    }

    fn take(reader: &mut Reader<'_>) -> Option<Self> {
        let unit = Unit::take(reader)?;
        let commands = Vec::take(reader)?.into();
        let name = Some(unit.name.clone());
        Some(Self { name, template: None, unit: Some(unit.into()), remains: None, commands, diagnostics: Vec::new() })
    }
}
