//! At which moments before the stop everyone is warned: sysvinit's. Pure; times are seconds before the stop.

/// From when on nobody but root may log in.
pub const NO_LOGIN: u64 = 5 * 60;

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Volume {
    /// Every quarter of an hour, and every minute of the last ten.
    Usual,
    /// Every hour, ten and five minutes before.
    Quiet,
    /// Only when it happens.
    Silent,
}

impl Volume {
    /// By sysvinit's options `-q` and `-Q`.
    pub const fn from_options(quiet: bool, silent: bool) -> Self {
        match (quiet, silent) {
            (_, true) => Self::Silent,
            (true, false) => Self::Quiet,
            (false, false) => Self::Usual,
        }
    }

    /// The number of `q` that stand for it, for the file.
    pub const fn number(self) -> u64 {
        match self {
            Self::Usual => 0,
            Self::Quiet => 1,
            Self::Silent => 2,
        }
    }

    /// The reverse.
    pub const fn from_number(number: u64) -> Self {
        Self::from_options(number == 1, number > 1)
    }

    /// Everyone is warned at this moment.
    pub const fn warns(self, left: u64) -> bool {
        let minutes = left / 60;
        if left == 0 || !left.is_multiple_of(60) {
            return left == 0;
        }
        match self {
            Self::Usual => minutes <= 10 || minutes.is_multiple_of(15),
            Self::Quiet => minutes == 5 || minutes == 10 || minutes.is_multiple_of(60),
            Self::Silent => false,
        }
    }

    /// The next moment at which something is to be done.
    pub fn next(self, left: u64) -> u64 {
        let mut minute = left.saturating_sub(1) / 60;
        while minute > 0 && minute * 60 != NO_LOGIN && !self.warns(minute * 60) {
            minute -= 1;
        }
        minute * 60
    }
}

/// The time that is left, for people.
pub fn words(left: u64) -> String {
    match left.div_ceil(60) {
        0 => "NOW".into(),
        1 => "in 1 minute".into(),
        minutes if minutes < 120 => format!("in {minutes} minutes"),
        minutes => format!("in {} h {:02} min", minutes / 60, minutes % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(volume: Volume, mut left: u64) -> Vec<u64> {
        let mut moments = Vec::new();
        while left > 0 {
            left = volume.next(left);
            moments.push(left);
        }
        moments.retain(|left| volume.warns(*left));
        moments.iter().map(|left| left / 60).collect()
    }

    /// The moments of an hour and more, and the one from which on nobody may log in.
    #[test]
    fn usual_and_quiet() {
        assert_eq!(moments(Volume::Usual, 61 * 60), [60, 45, 30, 15, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
        assert_eq!(moments(Volume::Quiet, 121 * 60), [120, 60, 10, 5, 0]);
        assert_eq!(moments(Volume::Silent, 121 * 60), [0]);
        assert_eq!(Volume::Silent.next(3600), NO_LOGIN);
        assert_eq!(Volume::Usual.next(90), 60);
        assert_eq!(Volume::Usual.next(60), 0);
    }

    /// People read whole minutes.
    #[test]
    fn what_is_left() {
        let words = [0, 1, 60, 61, 7140, 7141].map(words).join(", ");
        assert_eq!(words, "NOW, in 1 minute, in 1 minute, in 2 minutes, in 119 minutes, in 2 h 00 min");
    }
}
