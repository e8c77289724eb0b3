//! The lightest arcs that hit every one of some sets of arcs: branch and bound with a stack of its own.
//!
//! One set that is not hit yet is taken, and each of its arcs is tried; those that were tried before it are left alone
//! below it. A branch is given up once what it has chosen, and what the sets that it has not hit cost at least, weigh
//! as much as the best that is known, ties aside.

use std::collections::{BTreeMap, HashMap};

use super::{Arc, CLEARED, Steps, TIES, Weight};

/// Arcs that hit every set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Hit {
    /// The lightest; where the steps were used up, the lightest that were found, or none.
    pub(super) arcs: Vec<usize>,
    /// Nothing that hits every set weighs less.
    pub(super) least: Weight,
}

/// Finds the lightest arcs that hit every one of the sets, none of which is empty.
pub(super) fn lightest(sets: &[Vec<usize>], arcs: &[Arc], steps: &mut Steps) -> Hit {
    Search::new(sets, arcs).run(steps)
}

/// One arc for all that are in the same sets: the lightest of them.
struct Choice {
    arc: usize,
    weight: Weight,
    sets: Vec<usize>,
}

/// A set that is being branched on.
struct Branch {
    choices: Vec<usize>,
    next: usize,
}

struct Search {
    choices: Vec<Choice>,
    /// Sets of choices, the smaller ones first.
    sets: Vec<Vec<usize>>,
    /// How many of the choices taken are in each set.
    hits: Vec<usize>,
    is_left_alone: Vec<bool>,
    taken: Vec<usize>,
    cost: Weight,
    best: Option<(Weight, Vec<usize>)>,
}

impl Search {
    fn new(sets: &[Vec<usize>], arcs: &[Arc]) -> Self {
        let mut order: Vec<&Vec<usize>> = sets.iter().collect();
        order.sort_by_key(|set| set.len());
        let mut homes: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (number, set) in order.iter().enumerate() {
            set.iter().for_each(|&arc| homes.entry(arc).or_default().push(number));
        }
        let mut alike: HashMap<Vec<usize>, usize> = HashMap::new();
        for (arc, homes) in homes {
            let lightest = alike.entry(homes).or_insert(arc);
            if arcs[arc].weight < arcs[*lightest].weight {
                *lightest = arc;
            }
        }
        let mut choices: Vec<Choice> =
            alike.into_iter().map(|(sets, arc)| Choice { arc, weight: arcs[arc].weight, sets }).collect();
        choices.sort_by_key(|choice| choice.arc);
        let mut sets = vec![Vec::new(); sets.len()];
        for (number, choice) in choices.iter().enumerate() {
            choice.sets.iter().for_each(|&set| sets[set].push(number));
        }
        let (hits, is_left_alone) = (vec![0; sets.len()], vec![false; choices.len()]);
        Self { choices, sets, hits, is_left_alone, taken: Vec::new(), cost: 0, best: None }
    }

    fn run(mut self, steps: &mut Steps) -> Hit {
        let least = self.bound(steps).map_or(0, |(bound, _)| bound);
        let mut branches = Vec::new();
        branches.extend(self.branch(steps));
        while let Some(branch) = branches.last_mut() {
            if steps.are_over() {
                return Hit { arcs: self.best.map_or_else(Vec::new, |(_, arcs)| arcs), least };
            }
            if let Some(&tried) = branch.next.checked_sub(1).and_then(|last| branch.choices.get(last)) {
                self.put_back(tried);
                self.is_left_alone[tried] = true;
            }
            let Some(&choice) = branch.choices.get(branch.next) else {
                branch.choices.iter().for_each(|&choice| self.is_left_alone[choice] = false);
                branches.pop();
                continue;
            };
            branch.next += 1;
            self.take(choice);
            branches.extend(self.branch(steps));
        }
        self.best.map_or_else(Hit::default, |(least, arcs)| Hit { arcs, least })
    }

    fn take(&mut self, choice: usize) {
        self.taken.push(choice);
        self.cost += self.choices[choice].weight;
        self.choices[choice].sets.iter().for_each(|&set| self.hits[set] += 1);
    }

    fn put_back(&mut self, choice: usize) {
        self.taken.pop();
        self.cost -= self.choices[choice].weight;
        self.choices[choice].sets.iter().for_each(|&set| self.hits[set] -= 1);
    }

    /// What to try next; `None`: nothing below is better than what is known.
    fn branch(&mut self, steps: &mut Steps) -> Option<Branch> {
        let (bound, set) = self.bound(steps)?;
        if self.best.as_ref().is_some_and(|(best, _)| (self.cost + bound) >> TIES >= *best >> TIES) {
            return None;
        }
        let Some(set) = set else {
            let mut arcs: Vec<usize> = self.taken.iter().map(|&choice| self.choices[choice].arc).collect();
            arcs.sort_unstable();
            self.best = Some((self.cost, arcs));
            return None;
        };
        let mut choices: Vec<usize> =
            self.sets[set].iter().copied().filter(|&choice| !self.is_left_alone[choice]).collect();
        // What hits most first: the sooner the best is found, the more is given up.
        let misses = |choice: usize| self.choices[choice].sets.iter().filter(|&&set| self.hits[set] > 0).count();
        let hits = |choice: usize| self.choices[choice].sets.len() - misses(choice);
        choices.sort_by_key(|&choice| (std::cmp::Reverse(hits(choice)), self.choices[choice].weight, choice));
        Some(Branch { choices, next: 0 })
    }

    /// What the sets that are not hit cost at least, and the one of them with the fewest choices; `None`: one has none.
    ///
    /// Every set pays as much as its cheapest choice still costs, which is then paid for all its choices.
    fn bound(&self, steps: &mut Steps) -> Option<(Weight, Option<usize>)> {
        steps.take(self.choices.len() / CLEARED);
        let mut unpaid: Vec<Weight> = self.choices.iter().map(|choice| choice.weight).collect();
        let mut bound = 0;
        let mut fewest: Option<(usize, usize)> = None;
        for (number, set) in self.sets.iter().enumerate().filter(|(number, _)| self.hits[*number] == 0) {
            steps.take(set.len());
            let free = || set.iter().filter(|&&choice| !self.is_left_alone[choice]);
            let price = free().map(|&choice| unpaid[choice]).min()?;
            free().for_each(|&choice| unpaid[choice] -= price);
            bound += price;
            fewest = fewest.into_iter().chain([(free().count(), number)]).min();
        }
        Some((bound, fewest.map(|(_, set)| set)))
    }
}
