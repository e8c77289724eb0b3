//! What is in a graph, in which order, and what becomes of cycles.

use units::{Severity, UnitSet};

use super::samples::{cut, graph, name, roots, units};
use super::{Draft, EdgeKind, Graph, Knot, Problem};

fn names(graph: &Graph) -> Vec<&str> {
    graph.vertices().iter().map(|vertex| vertex.name.as_str()).collect()
}

/// The names in the order in which they could begin.
fn order(graph: &Graph) -> Vec<&str> {
    graph.order().iter().map(|&unit| graph.name(unit)).collect()
}

fn knots(text: &str) -> Vec<Knot> {
    Draft::new(&units(text), &roots(text)).knots()
}

/// Needs and wants bring units in; order does not.
#[test]
fn closure() {
    let set = units("a < b ~ c > d ^ e\nb < f\nc\nd\ne\nf");
    let (graph, cuts) = Draft::new(&set, &[name("a")]).cut();
    assert_eq!((names(&graph), cuts.len()), (vec!["a", "c", "b", "f"], 0));
    assert_eq!(order(&graph), ["c", "f", "b", "a"]);
}

/// Order counts between units that are in, in whichever of them it is written.
#[test]
fn order_between_members() {
    assert_eq!(order(&graph("a > b\nb\nc ^ b")), ["c", "b", "a"]);
}

/// Two units have one edge, the strongest.
#[test]
fn strongest_edge() {
    let graph = graph("a > b ~ b < b\nb");
    let [edge] = graph.predecessors(0) else { panic!("{:?}", graph.predecessors(0)) };
    assert_eq!((edge.unit, edge.kind), (1, EdgeKind::Needs));
}

/// A missing need is an error of the unit that needs it, a missing want only a complaint, missing order nothing.
#[test]
fn missing_names() {
    let set = units("a < x ~ y > z");
    let draft = Draft::new(&set, &roots("a"));
    let complaints: Vec<String> = draft.complaints().iter().map(ToString::to_string).collect();
    let expected = ["a.yaml:2: warning: a wants y, which does not exist", "a.yaml:1: a needs x, which does not exist"];
    assert_eq!(complaints, expected);
    let (graph, _) = draft.cut();
    assert_eq!(graph.vertex(0).problem, Some(Problem::NeedsAbsent(name("x"))));
    assert_eq!(names(&graph), ["a"]);
}

/// A root that does not exist, or whose file has errors, is in the graph and says why it fails.
#[test]
fn unusable_roots() {
    let set = UnitSet::from_texts(&[("units/bad.yaml", "kind: milestone\nneed: [x]\n")]);
    let (graph, _) = Draft::new(&set, &[name("nosuch"), name("bad")]).cut();
    let problems: Vec<String> =
        graph.vertices().iter().flat_map(|vertex| &vertex.problem).map(|p| p.to_string()).collect();
    assert_eq!(problems[0], "no unit of this name");
    assert!(problems[1].starts_with("units/bad.yaml:2:1: unknown key \"need\""), "{problems:?}");
    assert!(graph.vertex(1).problem.as_ref().unwrap().clause().starts_with("has errors: units/bad.yaml:2:1: "));
}

/// A cycle is shown as a path with the place of every edge.
#[test]
fn cycle_report() {
    let knots = knots("c ~ a\nb > c\na < b\nd < a");
    let expected = "\
a.yaml:1: cycle of 3 units: a needs b, b is after c, c wants a
    a.yaml:1: a needs b
    b.yaml:1: b is after c
    c.yaml:1: c wants a
    b.yaml:1: to leave out: b is after c (the smallest cut)";
    assert_eq!(knots.iter().map(|knot| knot.diagnostic().to_string()).collect::<Vec<_>>(), [expected]);
    assert_eq!(knots[0].diagnostic().severity, Severity::Error);
}

/// Of the cycles through one group the shortest is shown; every group has one; `before` is shown as it is written.
#[test]
fn shortest_cycle_of_each_group() {
    let words = |text: &str| knots(text).iter().map(|knot| knot.cycle.words()).collect::<Vec<_>>();
    assert_eq!(words("a < b\nb < c\nc < d e\nd < a\ne > c"), ["cycle of 2 units: c needs e, e is after c"]);
    assert_eq!(
        words("a < b\nb ^ a < a\nx < x"),
        ["cycle of 2 units: a needs b, b needs a", "cycle of 1 unit: x needs x"]
    );
    assert_eq!(words("a ^ b\nb ^ a"), ["cycle of 2 units: b is before a, a is before b"]);
    assert_eq!(words("a < b\nb < c\nc"), [""; 0]);
}

/// Of two edges as strong as each other that of the operator's own directory is left out, which is there to be mended; a
/// weaker one goes first, whose ever it is.
#[test]
fn own_edges_are_cut_first() {
    let left_out = |own: &str, shipped: &str| {
        let unit = |edges: &str| format!("kind: milestone\n{edges}\n");
        let set = UnitSet::from_texts(&[("etc/b.yaml", &unit(own)), ("lib/a.yaml", &unit(shipped))]);
        let (_, cuts) = Draft::new(&set, &[name("a"), name("b")]).cut();
        cuts.iter().map(|cut| cut.edge.words()).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(left_out("needs: [a]", "needs: [b]"), "b needs a");
    assert_eq!(left_out("after: [a]", "after: [b]"), "b is after a");
    assert_eq!(left_out("needs: [a]", "wants: [b]"), "a wants b");
}

/// The weakest edge of a cycle is cut: order before wants before needs, then by name, in whatever order units are named.
#[test]
fn weakest_edge_is_cut() {
    let words = |text: &str| {
        let (graph, cuts) = cut(text);
        assert_eq!(graph.order().len(), graph.len(), "still a cycle");
        cuts.iter().map(|cut| cut.edge.words()).collect::<Vec<_>>()
    };
    for text in ["a < b\nb > c\nc ~ a", "c ~ a\nb > c\na < b", "b > c\na < b\nc ~ a"] {
        assert_eq!(words(text), ["b is after c"]);
    }
    assert_eq!(words("a < b\nb ~ c\nc < a"), ["b wants c"]);
    assert_eq!(words("b < c\nc < a\na < b"), ["a needs b"]);
    assert_eq!(words("a < b\nb > a ~ a"), ["b wants a"]);
    assert_eq!(words("a < a"), ["a needs a"]);
}

/// A cut takes the order away, not the unit: what is wanted is brought in all the same, and the report says it all.
#[test]
fn cut_keeps_the_unit() {
    let (graph, cuts) = cut("a ~ b\nb < a");
    assert_eq!(graph.pulls(0), [1]);
    let expected = "\
a.yaml:1: cycle of 2 units: a wants b, b needs a; left out: a wants b
    a.yaml:1: a wants b
    b.yaml:1: b needs a";
    assert_eq!(cuts[0].diagnostic().to_string(), expected);
}

/// A ring, a chain and a tangle of many units neither overflow the stack nor take long.
#[test]
fn large_graphs() {
    let line = |unit: usize, others: String| format!("u{unit} < {others}\n");
    let ring: String = (0..2000).map(|unit| line(unit, format!("u{}", (unit + 1) % 2000))).collect();
    let pairs: String = (1..300).map(|unit| line(unit, format!("u{} u{}", unit - 1, (unit + 1) % 300))).collect();
    let tangle: String = (0..300)
        .map(|unit| line(unit, (0..40).map(|i| format!(" u{}", (unit * 7 + i * 13) % 300)).collect()))
        .collect();
    let run = move || {
        let (graph, cuts) = cut(&ring);
        assert_eq!((graph.order().len(), cuts.len()), (2000, 1));
        for text in [pairs, tangle] {
            let (graph, _) = cut(&text);
            assert_eq!(graph.order().len(), graph.len());
        }
    };
    std::thread::Builder::new().stack_size(128 * 1024).spawn(run).unwrap().join().unwrap();
}

/// A name that units only provide means the one that is asked for, else the first by name, which is told.
#[test]
fn provided_names() {
    let text = "a < mta > mta\nexim = mta\npostfix = mta > mta";
    let set = units(text);
    let names_of = |roots: &[&str]| {
        let roots: Vec<_> = roots.iter().map(|root| name(root)).collect();
        let draft = Draft::new(&set, &roots);
        let complaints: Vec<String> = draft.complaints().iter().map(ToString::to_string).collect();
        let graph = draft.cut().0;
        (order(&graph).join(" "), complaints.join("\n"))
    };
    assert_eq!(names_of(&["a", "postfix"]), ("postfix a".into(), String::new()));
    let told =
        "a.yaml:1: warning: a needs mta, which several units provide (exim, postfix): exim is taken, the first by name";
    assert_eq!(names_of(&["a"]), ("exim a".into(), told.into()));
    assert_eq!(names_of(&["mta"]), ("exim".into(), String::new()));
    // Order counts for every provider that is in.
    assert_eq!(names_of(&["postfix", "exim"]).0, "exim postfix");
}

/// Units conflict both ways, whichever says it; who provides a name does not conflict with itself.
#[test]
fn conflicts() {
    let graph = graph("a ! b c\nb ! a\nc\nd = mta ! mta\ne = mta ! mta\nf ! absent");
    let of =
        |unit: usize| graph.conflicts(unit).iter().map(|other| graph.name(other.unit)).collect::<Vec<_>>().join(" ");
    assert_eq!((0..6).map(of).collect::<Vec<_>>(), ["b c", "a", "a", "e", "d", ""]);
    assert_eq!(graph.conflicts(2)[0].place.to_string(), "a.yaml:2");
}

/// Both of two that conflict cannot be had; it is told why each is there, and what is only wanted gives way.
#[test]
fn clashes() {
    let mut graph = graph("all < web ~ cache other\nweb < old\nold\ncache ! old\nother ! cache");
    assert_eq!(graph.clashes(&[graph.index("web").unwrap()]), []);
    let clashes = graph.clashes(&[0]);
    let expected = [
        "\
cache.yaml:1: old conflicts with cache, and both are asked for
    web.yaml:1: web needs old
    all.yaml:2: all wants cache",
        "\
other.yaml:1: cache conflicts with other, and both are asked for
    all.yaml:2: all wants cache
    all.yaml:3: all wants other",
    ];
    let mut told: Vec<String> = clashes.iter().map(|clash| clash.diagnostic.to_string()).collect();
    told.sort();
    assert_eq!(told, expected);
    for clash in &clashes {
        graph.give_way(clash);
    }
    let problems: Vec<String> =
        graph.vertices().iter().flat_map(|vertex| &vertex.problem).map(ToString::to_string).collect();
    assert_eq!(
        problems,
        ["conflicts with old, which is asked for as well", "conflicts with cache, which is asked for as well"]
    );
}

/// Where cycles run through each other, the fewest and weakest edges that undo all of them are told, also of a large group;
/// of a tangle that takes too long, that fewer may do.
#[test]
fn cut_sets() {
    let told = |text: &str| {
        let knot = &knots(text)[0];
        let lines: Vec<String> = knot.diagnostic().related.iter().map(|(_, words)| words.clone()).collect();
        lines[knot.cycle.edges.len()..].join("; ")
    };
    let two_rings = "a > b c\nb < d\nc ~ d\nd < a e\ne < d";
    let expected =
        "to leave out: e needs d (1 of 2, the smallest cut); to leave out: d needs a (2 of 2, the smallest cut)";
    let mut parts: Vec<String> = told(two_rings).split("; ").map(str::to_owned).collect();
    parts.sort();
    assert_eq!(parts.len(), 2, "{parts:?} {expected}");
    let large: String = (0..20).map(|unit| format!("u{unit:02} > u{:02}\n", (unit + 1) % 20)).collect();
    assert_eq!(told(&large), "to leave out: u00 is after u01 (the smallest cut)");
    // Two circles of twelve that have one edge: that one, though it is a need.
    let half =
        |ring: &str| (0..10).map(|unit| format!("{ring}{unit:02} > {ring}{:02}\n", unit + 1)).collect::<String>();
    let shared = format!("{}{}a10 > y\nb10 > y\nx > a00 b00\ny < x\n", half("a"), half("b"));
    assert_eq!(told(&shared), "to leave out: y needs x (the smallest cut)");
    let tangle: String = (0..120)
        .map(|unit| {
            format!(
                "u{unit:03} >{}\n",
                (0..50).map(|i| format!(" u{:03}", (unit * 7 + i * i + 1) % 120)).collect::<String>()
            )
        })
        .collect();
    let told = told(&tangle);
    assert!(told.contains(", a small cut: fewer may do)") && !told.contains("the smallest cut"), "{told}");
    let both = knots(two_rings)[0].diagnostic().message;
    assert_eq!(both, "cycle of 2 units: d needs e, e needs d (one of several among 5 units)");
}

/// A chain of ten times the length takes ten times the steps, and no more stack.
#[test]
fn chains_are_linear() {
    let steps = |count: usize| {
        let text: String = (0..count).map(|unit| format!("u{unit} < u{}\n", (unit + 1).min(count - 1))).collect();
        let text = text.replace(&format!("u{0} < u{0}", count - 1), &format!("u{}", count - 1));
        let set = units(&text);
        super::steps::taken();
        let draft = Draft::new(&set, &[name("u0")]);
        assert_eq!(draft.knots(), []);
        assert_eq!(draft.cut().0.order().len(), count);
        super::steps::taken()
    };
    let run = move || (steps(10_000), steps(100_000));
    let (short, long) = std::thread::Builder::new().stack_size(128 * 1024).spawn(run).unwrap().join().unwrap();
    assert!(short > 10_000 && long <= short * 10 + 1_000, "{short} {long}");
}

/// A need that a chain of needs implies is told with the chain; wants, orders and units with conditions imply nothing.
#[test]
fn implied_edges() {
    let told = |text: &str| {
        let mut set = units(text);
        if let Some(skipped) = set.get_mut(&name("skippable")).map(std::sync::Arc::make_mut) {
            skipped.conditions.push(units::Condition::Container(true));
        }
        let told: Vec<String> = Draft::new(&set, &roots(text)).implied().iter().map(ToString::to_string).collect();
        told.join("\n")
    };
    let expected = "\
a.yaml:2: warning: a needs d is implied already
    b.yaml:1: b needs c
    c.yaml:1: c needs d";
    assert_eq!(told("a < b d\nb < c\nc < d\nd"), expected);
    assert_eq!(told("a < b ~ b\nb"), "a.yaml:2: warning: a wants b is implied already\n    a.yaml:1: a needs b");
    assert_eq!(told("a < b > b\nb"), "a.yaml:2: warning: a is after b is implied already\n    a.yaml:1: a needs b");
    for silent in ["a < b d\nb ~ d\nd", "a ~ b d\nb ~ d\nd", "a < b d\nb > d\nd", "a < skippable d\nskippable < d\nd"] {
        assert_eq!(told(silent), "", "{silent}");
    }
}
