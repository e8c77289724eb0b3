//! The longest path of a plan. That of a boot that has happened is [`crate::command::critical_path`].

use super::Step;

/// Marks the longest path: most milliseconds, then most steps. With nothing known it is the longest chain.
pub(super) fn mark(steps: &mut [Step]) {
    let mut length: Vec<(u64, usize)> = Vec::with_capacity(steps.len());
    let mut through: Vec<Option<usize>> = Vec::with_capacity(steps.len());
    for (at, step) in steps.iter().enumerate() {
        let earlier = step.after.iter().map(|&(other, _)| other).filter(|&other| other < at);
        let longest = earlier.max_by_key(|&other| (length[other], std::cmp::Reverse(other)));
        let (milliseconds, count) = longest.map_or((0, 0), |other| length[other]);
        length.push((milliseconds.saturating_add(step.expected_ms.unwrap_or(0)), count + 1));
        through.push(longest);
    }
    let mut at = (0..steps.len()).max_by_key(|&at| (length[at], std::cmp::Reverse(at)));
    while let Some(step) = at {
        steps[step].critical = true;
        at = through[step];
    }
}
