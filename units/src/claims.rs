//! What only one unit can have: a name, and the address of a socket.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use crate::text::quoted;
use crate::{Address, Diagnostic, Kind, Severity, Socket, Unit, UnitSet};

/// Where two addresses can be in each other's way at all.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Spot<'a> {
    Tcp(u16),
    Udp(u16),
    Path(&'a Path),
}

impl UnitSet {
    /// Two units that claim one name or one address. Units that conflict are never up together, so that they may.
    pub(crate) fn check_claims(&self) -> Vec<Diagnostic> {
        let names = self.units().values().flat_map(|unit| self.claimed_names(unit));
        names.chain(self.claimed_addresses()).collect()
    }

    /// Names of other units that a unit provides.
    fn claimed_names(&self, unit: &Unit) -> Vec<Diagnostic> {
        let claims =
            unit.provides.iter().filter_map(|(name, place)| Some((name, place, self.definition(name.as_str())?)));
        let clashes = claims.map(|(name, place, definition)| {
            let message = format!("{} is provided here, but there is a unit of that name", quoted(name.as_str()));
            let mut error = Diagnostic::new(Severity::Error, place.clone(), message);
            error.snippet = self.snippet(place);
            error.related.push((definition.clone(), "the unit".into()));
            error
        });
        clashes.collect()
    }

    fn claimed_addresses(&self) -> Vec<Diagnostic> {
        let mut claims: BTreeMap<Spot, Vec<(&Unit, &Socket)>> = BTreeMap::new();
        let mut clashes = Vec::new();
        for (unit, socket) in self.units().values().flat_map(sockets) {
            let others = claims.entry(spot(&socket.address)).or_default();
            let clash = others.iter().find(|(other, theirs)| {
                overlap(&theirs.address, &socket.address) && !conflict(unit, other) && other.name != unit.name
            });
            clashes.extend(clash.map(|(other, theirs)| self.clash(socket, other, theirs)));
            others.push((unit, socket));
        }
        clashes
    }

    fn clash(&self, socket: &Socket, other: &Unit, theirs: &Socket) -> Diagnostic {
        let address = quoted(&socket.address.to_string());
        let other = quoted(other.name.as_str());
        let message =
            format!("unit {other} listens at {address}, too; if only one of them is to be up, say \"conflicts\"");
        let mut error = Diagnostic::new(Severity::Error, socket.place.clone(), message);
        error.snippet = self.snippet(&socket.place);
        error.related.push((theirs.place.clone(), "the other one".into()));
        error
    }
}

fn sockets(unit: &Unit) -> impl Iterator<Item = (&Unit, &Socket)> {
    let sockets = match &unit.kind {
        Kind::Longrun(longrun) => longrun.sockets.as_slice(),
        Kind::Oneshot(_) | Kind::Milestone => &[],
    };
    sockets.iter().map(move |socket| (unit, socket))
}

fn spot(address: &Address) -> Spot<'_> {
    match address {
        Address::Tcp(address) => Spot::Tcp(address.port()),
        Address::Udp(address) => Spot::Udp(address.port()),
        Address::Unix(path) | Address::UnixDatagram(path) | Address::UnixSeqpacket(path) => Spot::Path(path),
    }
}

/// Whether the kernel would refuse one after the other, given that they have one spot.
fn overlap(one: &Address, other: &Address) -> bool {
    let is_any = |address: &SocketAddr| address.ip().is_unspecified();
    match (one, other) {
        (Address::Tcp(one), Address::Tcp(other)) | (Address::Udp(one), Address::Udp(other)) => {
            one.ip() == other.ip() || is_any(one) || is_any(other)
        }
        _ => true,
    }
}

fn conflict(one: &Unit, other: &Unit) -> bool {
    let names = |unit: &Unit, other: &Unit| unit.conflicts.iter().any(|edge| edge.unit == other.name);
    names(one, other) || names(other, one)
}
