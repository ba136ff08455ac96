//! The part of `web-time` that egglog uses, with the clock as one import.
//!
//! The import is also where the host may end a run that has passed its
//! deadline: it then throws instead of returning.
pub use std::time::Duration;
use std::ops::{Add, Sub};

#[link(wasm_import_module = "host")]
unsafe extern "C" {
    /// Milliseconds since some fixed moment; never decreases.
    fn now() -> f64;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Duration);

impl Instant {
    pub fn now() -> Self {
        // SAFETY: the host function takes nothing and returns a number.
        Instant(Duration::from_secs_f64(unsafe { now() }.max(0.0) / 1000.0))
    }

    pub fn duration_since(&self, earlier: Instant) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    pub fn elapsed(&self) -> Duration {
        Instant::now().duration_since(*self)
    }
}

impl Sub for Instant {
    type Output = Duration;
    fn sub(self, earlier: Instant) -> Duration {
        self.duration_since(earlier)
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;
    fn add(self, time: Duration) -> Instant {
        Instant(self.0 + time)
    }
}
