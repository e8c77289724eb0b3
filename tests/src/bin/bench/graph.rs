//! The graphs whose ordering is measured. Every node is the same no-op command. Pure.

/// A graph: for every node, the numbers of the nodes that it needs, all of them smaller than its own.
#[derive(Debug)]
pub struct Graph {
    /// Its column.
    pub name: &'static str,
    /// What each node needs.
    pub needs: Vec<Vec<usize>>,
}

/// Nodes of a layer of the layered graph, and the nodes of the layer before that each of them needs.
const LAYER: usize = 50;
const EDGES: usize = 3;

/// All of them.
pub fn all() -> Vec<Graph> {
    let graph = |name, size, needs: fn(usize) -> Vec<usize>| Graph { name, needs: (0..size).map(needs).collect() };
    vec![
        graph("flat 1000", 1000, |_| Vec::new()),
        graph("fan-out 1000", 1000, |node| (node > 0).then_some(0).into_iter().collect()),
        graph("layered 1000", 1000, layered),
        graph("chain 200", 200, |node| node.checked_sub(1).into_iter().collect()),
    ]
}

/// Needs three nodes of the layer before, far from each other.
fn layered(node: usize) -> Vec<usize> {
    let Some(before) = (node / LAYER).checked_sub(1) else { return Vec::new() };
    (0..EDGES).map(|edge| before * LAYER + (node * 7 + edge * 17) % LAYER).collect()
}

/// A small one, which shows whether somebody can order commands here.
pub fn trial() -> Graph {
    Graph { name: "trial", needs: vec![vec![], vec![0], vec![0, 1]] }
}

/// What a boot is like: ten layers of twelve units that take 50 to 349 ms each, all different for whoever waits for them.
pub fn boot() -> (Graph, Vec<u64>) {
    let needs = |node: usize| match (node / 12).checked_sub(1) {
        None => Vec::new(),
        Some(before) => (0..EDGES).map(|edge| before * 12 + (node * 5 + edge * 5) % 12).collect(),
    };
    let graph = Graph { name: "120 units of 50 to 349 ms", needs: (0..120).map(needs).collect() };
    (graph, (0..120).map(|node| 50 + node * 7919 % 300).collect())
}

/// Where it matters who gets a processor: a chain of 20 that compute for 100 ms each, beside a hundred that do for 20 ms.
pub fn computing() -> (Graph, Vec<u64>) {
    let needs = |node: usize| if (1..20).contains(&node) { vec![node - 1] } else { Vec::new() };
    let graph = Graph { name: "20 in a chain, 100 beside it", needs: (0..120).map(needs).collect() };
    (graph, (0..120).map(|node| if node < 20 { 100 } else { 20 }).collect())
}

/// For every node, how long the longest path is that begins with it, if nodes take so long.
pub fn remaining(graph: &Graph, durations: &[u64]) -> Vec<u64> {
    let mut longest = durations.to_vec();
    for (node, needs) in graph.needs.iter().enumerate().rev() {
        for need in needs {
            longest[*need] = longest[*need].max(durations[*need] + longest[node]);
        }
    }
    longest
}

/// The longest path through a graph whose nodes take so long.
pub fn critical_path(graph: &Graph, durations: &[u64]) -> u64 {
    remaining(graph, durations).into_iter().max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing needs itself or what comes after it, or the same node twice.
    #[test]
    fn graphs_are_graphs() {
        for graph in all().into_iter().chain([boot().0, computing().0]) {
            for (node, needs) in graph.needs.iter().enumerate() {
                assert!(needs.iter().all(|need| *need < node), "{} {node}", graph.name);
                assert!((1..needs.len()).all(|at| !needs[..at].contains(&needs[at])), "{} {node}", graph.name);
            }
        }
        assert_eq!(all()[2].needs[50..].iter().map(Vec::len).sum::<usize>(), 950 * EDGES);
        assert_eq!(all()[3].needs[199], [198]);
    }

    /// A chain takes as long as all of it, nodes side by side as long as the longest.
    #[test]
    fn longest_path() {
        let graph = |needs: [&[usize]; 3]| Graph { name: "", needs: needs.map(<[usize]>::to_vec).into() };
        assert_eq!(critical_path(&graph([&[], &[0], &[1]]), &[3, 4, 5]), 12);
        assert_eq!(critical_path(&graph([&[], &[], &[0]]), &[3, 9, 5]), 9);
        assert_eq!(remaining(&graph([&[], &[0], &[0]]), &[3, 9, 5]), [12, 9, 5]);
    }
}
