//! What only one unit can have: a name, and the address of a socket.
//!
//! Two units that could be up at the same time may not open one socket. A name that both provide, and an address by which
//! both are found to be ready, are in the way only of units that are up together, which is for the caller to say.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

use crate::text::quoted;
use crate::{Address, Diagnostic, Kind, Place, Readiness, Severity, Socket, Unit, UnitName, UnitSet};

/// Where two addresses can be in each other's way at all.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Spot {
    Tcp(u16),
    Udp(u16),
    Path(Box<Path>),
}

/// A spot, and there one of this machine's addresses; `None`: the whole spot.
type Part = (Spot, Option<IpAddr>);

/// An address that a unit takes for its own.
struct Claim<'a> {
    unit: &'a Unit,
    address: Address,
    /// The socket that it opens there; `None`: it is found to be ready there.
    socket: Option<&'a Socket>,
}

impl Claim<'_> {
    fn verb(&self) -> &'static str {
        if self.socket.is_some() { "listens at" } else { "is ready by" }
    }
}

impl UnitSet {
    /// Two units that claim one name or one socket. Units that conflict are never up together, so that they may.
    pub(crate) fn check_claims(&self) -> Vec<Diagnostic> {
        let names = self.legible().flat_map(|unit| self.claimed_names(unit));
        names.chain(self.claimed_addresses(self.legible().flat_map(sockets))).collect()
    }

    /// Two of these units of the set, which are to be up together, that claim one name, or one address to listen or be
    /// ready at.
    pub fn check_claims_among<'a>(&'a self, units: impl IntoIterator<Item = &'a Unit>) -> Vec<Diagnostic> {
        let mut units: Vec<&Unit> = units.into_iter().collect();
        units.sort_by_key(|unit| &unit.name);
        let claims = units.iter().flat_map(|unit| sockets(unit).chain(readiness(unit)));
        let addresses = self.claimed_addresses(claims);
        addresses.into_iter().chain(self.shared_names(&units)).collect()
    }

    /// Names of other units that a unit provides.
    fn claimed_names(&self, unit: &Unit) -> Vec<Diagnostic> {
        let claims =
            unit.provides.iter().filter_map(|(name, place)| Some((name, place, self.definition(name.as_str())?)));
        let clashes = claims.map(|(name, place, definition)| {
            let message = format!("{} is provided here, but there is a unit of that name", quoted(name.as_str()));
            self.clash(place, message, definition, "the unit")
        });
        clashes.collect()
    }

    /// Names that two of these units provide.
    fn shared_names(&self, units: &[&Unit]) -> Vec<Diagnostic> {
        let mut providers: BTreeMap<&UnitName, Vec<(&Unit, &Place)>> = BTreeMap::new();
        let mut clashes = Vec::new();
        for (unit, (name, place)) in units.iter().flat_map(|unit| unit.provides.iter().map(move |one| (*unit, one))) {
            let others = providers.entry(name).or_default();
            if let Some((other, theirs)) = others.iter().find(|(other, _)| !conflict(unit, other)) {
                let (name, other) = (quoted(name.as_str()), quoted(other.name.as_str()));
                let message = format!("unit {other} provides {name}, too; {ADVICE}");
                clashes.push(self.clash(place, message, theirs, "the other one"));
            }
            others.push((unit, place));
        }
        clashes
    }

    fn claimed_addresses<'a>(&self, claims: impl Iterator<Item = Claim<'a>>) -> Vec<Diagnostic> {
        let mut known: BTreeMap<Part, Vec<Claim<'a>>> = BTreeMap::new();
        let mut clashes = Vec::new();
        for claim in claims {
            let part = part(&claim.address);
            let is_clash = |other: &&Claim<'_>| {
                let is_own = other.unit.name == claim.unit.name;
                !is_own && !conflict(claim.unit, other.unit)
            };
            if let Some(other) = overlapping(&known, &part).find(is_clash) {
                let (name, address) = (quoted(other.unit.name.as_str()), quoted(&other.address.to_string()));
                let message = format!("unit {name} {} {address}, too; {ADVICE}", other.verb());
                clashes.push(self.clash(self.claimed_at(&claim), message, self.claimed_at(other), "the other one"));
            }
            // Most are alone.
            known.entry(part).or_insert_with(|| Vec::with_capacity(1)).push(claim);
        }
        clashes
    }

    fn claimed_at<'a>(&'a self, claim: &Claim<'a>) -> &'a Place {
        claim.socket.map_or_else(|| self.place_of(claim.unit, "ready"), |socket| &socket.place)
    }

    fn clash(&self, place: &Place, message: String, other: &Place, word: &str) -> Diagnostic {
        let snippet = self.snippet(place);
        let related = vec![(other.clone(), word.into())];
        Diagnostic { snippet, related, ..Diagnostic::new(Severity::Error, place.clone(), message) }
    }
}

/// What to do about it.
const ADVICE: &str = "if only one of them is to be up, say \"conflicts\"";

fn sockets(unit: &Unit) -> impl Iterator<Item = Claim<'_>> {
    let sockets = match &unit.kind {
        Kind::Longrun(longrun) => longrun.sockets.as_slice(),
        Kind::Oneshot(_) | Kind::Milestone => &[],
    };
    sockets.iter().map(move |socket| Claim { unit, address: socket.address.clone(), socket: Some(socket) })
}

/// The address by which a unit is found to be ready.
fn readiness(unit: &Unit) -> Option<Claim<'_>> {
    let Kind::Longrun(longrun) = &unit.kind else { return None };
    let address = match longrun.ready.as_ref()? {
        Readiness::Tcp { address, .. } => Address::Tcp(match address.strip_prefix("localhost:") {
            Some(port) => (Ipv4Addr::LOCALHOST, port.parse().ok()?).into(),
            None => address.parse().ok()?,
        }),
        Readiness::Socket(path) => Address::Unix(path.clone()),
        _ => return None,
    };
    Some(Claim { unit, address, socket: None })
}

fn part(address: &Address) -> Part {
    let ip = |address: &SocketAddr| Some(address.ip()).filter(|ip| !ip.is_unspecified());
    match address {
        Address::Tcp(address) => (Spot::Tcp(address.port()), ip(address)),
        Address::Udp(address) => (Spot::Udp(address.port()), ip(address)),
        Address::Unix(path) | Address::UnixDatagram(path) | Address::UnixSeqpacket(path) => {
            (Spot::Path(path.as_path().into()), None)
        }
    }
}

/// What the kernel would refuse a part after.
fn overlapping<'a, 'b>(
    known: &'b BTreeMap<Part, Vec<Claim<'a>>>,
    (spot, ip): &Part,
) -> impl Iterator<Item = &'b Claim<'a>> {
    let whole = || (spot.clone(), None);
    let all = ip.is_none().then(|| known.range(whole()..).take_while(move |((other, _), _)| other == spot));
    let all = all.into_iter().flatten().map(|(_, claims)| claims);
    let same = ip.and_then(|ip| known.get(&(spot.clone(), Some(ip))));
    let wider = ip.and_then(|_| known.get(&whole()));
    all.chain(same).chain(wider).flatten()
}

/// Whether one of them says that it is never up together with the other, perhaps by a name that the other provides.
fn conflict(one: &Unit, other: &Unit) -> bool {
    let has = |unit: &Unit, name: &UnitName| unit.name == *name || unit.provides.iter().any(|(own, _)| own == name);
    let names = |unit: &Unit, other: &Unit| unit.conflicts.iter().any(|edge| has(other, &edge.unit));
    names(one, other) || names(other, one)
}
