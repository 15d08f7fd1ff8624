//! How often the channels are looked at: often under load, seldom when nothing comes.

use std::time::{Duration, Instant};

use crate::relay::Round;

/// Under load; 16 MB a CPU then hold more than a gigabyte a second.
const BUSY: Duration = Duration::from_millis(5);
/// Output that somebody may be watching.
const LIVELY: Duration = Duration::from_millis(20);
/// Nothing comes.  A burst after silence must fit into the buffers until the next look.
const QUIET: Duration = Duration::from_millis(50);
/// A round with this much output means load.
const LOAD: usize = 64 << 10;

/// When the next look is due.
pub struct Pace {
    longest: Duration,
    interval: Duration,
    next: Instant,
}

impl Pace {
    /// Looks at least this often; every 50 ms when it is not said.
    pub fn new(longest: Option<Duration>) -> Self {
        let longest = longest.unwrap_or(QUIET);
        Self { longest, interval: LIVELY.min(longest), next: Instant::now() }
    }

    /// How long to wait for events.
    pub fn patience(&self) -> Duration {
        self.next.saturating_duration_since(Instant::now())
    }

    /// Whether it is time to look.
    pub fn is_due(&self) -> bool {
        Instant::now() >= self.next
    }

    /// Chooses the next time from what the last look gave.
    pub fn after(&mut self, round: Round) {
        self.interval = match round {
            Round { backlog: true, .. } => Duration::ZERO,
            Round { bytes, .. } if bytes >= LOAD => BUSY,
            Round { bytes: 0, .. } => (self.interval * 2).max(LIVELY),
            Round { .. } => LIVELY,
        }
        .min(self.longest);
        self.next = Instant::now() + self.interval;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn load_shortens_and_silence_lengthens() {
        let mut pace = Pace::new(None);
        pace.after(Round { bytes: LOAD, backlog: false });
        assert_eq!(pace.interval, BUSY);
        pace.after(Round { bytes: 10, backlog: true });
        assert_eq!(pace.interval, Duration::ZERO);
        for _ in 0..10 {
            pace.after(Round::default());
        }
        assert_eq!(pace.interval, QUIET);
        pace.after(Round { bytes: 1, backlog: false });
        assert_eq!(pace.interval, LIVELY);
    }

    #[test]
    fn the_user_may_ask_for_another_pace() {
        let mut pace = Pace::new(Some(Duration::from_millis(200)));
        for _ in 0..10 {
            pace.after(Round::default());
        }
        assert_eq!(pace.interval, Duration::from_millis(200));
    }
}
