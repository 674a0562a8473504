//! How the processor's counter becomes a time: a line through what both clocks said, and only while the
//! counter has been seen to run evenly. Pure, and told what the clocks say.

#[cfg(test)]
mod tests;

/// A line holds for so long, in nanoseconds. Whatever the counter does meanwhile, a time by the line is
/// no later than this after the line began.
pub(super) const SPAN: u64 = 100_000_000;

/// How far apart two samples lie at least, in nanoseconds.
const LEAST: u64 = 10_000_000;

/// A stretch, and the line that follows, are so many times as long as the doubt about where they begin.
const EXACT: u64 = 1024;

/// Two rates in a row differ by no more than this part of them, or the counter does not run evenly.
const EVEN: u64 = 256;

/// What both clocks said at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    /// What the counter said after the clock: a line from here is behind the time rather than ahead of it.
    ticks: u64,
    /// How many ticks before that the counter was read before the clock.
    doubt: u64,
    nanos: u64,
}

impl Sample {
    /// The counter before and after the clock was read, and what the clock said.
    pub(super) const fn new(before: u64, nanos: u64, after: u64) -> Self {
        Self { ticks: after, doubt: after.wrapping_sub(before), nanos }
    }
}

/// The time by the counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Where it begins: what the counter said, and what the clock said.
    pub(super) ticks: u64,
    pub(super) nanos: u64,
    /// Nanoseconds for each 2^32 ticks.
    pub(super) rate: u64,
    /// How many ticks it is long.
    pub(super) span: u64,
}

impl Line {
    /// One that holds nowhere.
    const NONE: Self = Self { ticks: 0, nanos: 0, rate: 0, span: 0 };

    /// The time at so many ticks, where the line holds.
    #[inline]
    pub(super) fn at(self, ticks: u64) -> Option<u64> {
        let since = ticks.wrapping_sub(self.ticks);
        // Less than `SPAN` times 2^32, which is less than 2^64.
        (since < self.span).then(|| self.nanos.wrapping_add(since.wrapping_mul(self.rate) >> 32))
    }

    fn from(begin: Sample, rate: u64) -> Self {
        Self { ticks: begin.ticks, nanos: begin.nanos, rate, span: length(rate) }
    }
}

/// How many ticks a line is long.
const fn length(rate: u64) -> u64 {
    (SPAN << 32) / rate
}

/// What two samples say of the counter between them.
enum Stretch {
    /// They are too near to each other to say anything, for how exactly they were taken.
    Short,
    /// It ran at this rate.
    Even(u64),
    /// It stood, or went back.
    Broken,
}

impl Stretch {
    fn between(first: Sample, last: Sample) -> Self {
        let (ticks, nanos) = (last.ticks.wrapping_sub(first.ticks), last.nanos.saturating_sub(first.nanos));
        if nanos < LEAST {
            return Self::Short;
        }
        if ticks == 0 || ticks > u64::MAX / 2 {
            return Self::Broken;
        }
        let rate = match u64::try_from((u128::from(nanos) << 32) / u128::from(ticks)) {
            Ok(0) | Err(_) => return Self::Broken,
            Ok(rate) => rate,
        };
        let doubt = first.doubt.saturating_add(last.doubt);
        if doubt > ticks.min(length(rate)) / EXACT { Self::Short } else { Self::Even(rate) }
    }
}

/// Measures the counter, each stretch by itself: what is wrong about one is not there in the next.
#[derive(Debug)]
pub(super) struct Meter {
    last: Option<Sample>,
    /// The rate of the stretch before it.
    rate: Option<u64>,
    line: Line,
}

impl Meter {
    pub(super) const fn new() -> Self {
        Self { last: None, rate: None, line: Line::NONE }
    }

    /// Takes a sample, and says by which line the time is told from here on.
    pub(super) fn told(&mut self, now: Sample) -> Line {
        let stretch = match self.last {
            Some(last) => Stretch::between(last, now),
            None => Stretch::Broken,
        };
        let rate = match stretch {
            Stretch::Short => return self.line_without(now),
            Stretch::Even(rate) => Some(rate),
            Stretch::Broken => None,
        };
        self.line = match (self.rate, rate) {
            (Some(before), Some(rate)) if rate.abs_diff(before) <= rate / EVEN => Line::from(now, rate),
            _ => Line::NONE,
        };
        (self.last, self.rate) = (Some(now), rate);
        self.line
    }

    /// The stretch up to this sample says nothing. One that begins with it may, where the other sample was
    /// taken less exactly: from one that was interrupted nothing could ever be measured.
    fn line_without(&mut self, now: Sample) -> Line {
        if self.last.is_some_and(|last| now.doubt < last.doubt) {
            self.last = Some(now);
        }
        self.line
    }
}
