//! Circuits that processes share.

#[cfg(test)]
mod tests;

use std::time::Duration;

use steadfast::circuit_breaker::{
    Admission, Backend, BreakerState, Circuit, Control, Ended, Opens, Outcome, Permit, Seen, Window,
};

use crate::reply::{Args, At, LONGEST, micros_up, numbers};
use crate::script::Script;
use crate::{Redis, RedisError};

static ADMIT: Script = Script::new(concat!(include_str!("prelude.lua"), include_str!("admit.lua")));
static RECORD: Script = Script::new(concat!(include_str!("prelude.lua"), include_str!("record.lua")));
static PUT: Script = Script::new(concat!(include_str!("prelude.lua"), include_str!("put.lua")));
static LOOK: Script = Script::new(concat!(include_str!("prelude.lua"), include_str!("look.lua")));

const KIND: &str = "circuit";

/// So long a circuit is kept at least after it last learnt something.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// Into how many parts a window of time is divided.
const PARTS: u128 = 10;

impl Redis {
    pub(crate) async fn admit_at(&self, at: At, circuit: &Circuit<'_>) -> Result<Admission, RedisError> {
        let Answer { verdict, probe, seen } = self.step(&ADMIT, circuit, args(at, circuit)).await?;
        let permit = Permit { generation: seen.generation, probe: (probe > 0).then_some(probe) };
        match verdict {
            0 => Ok(Admission::Refused(seen)),
            1 => Ok(Admission::Admitted(Some(permit), seen)),
            2 => Ok(Admission::Admitted(None, seen)),
            _ => Err(RedisError::Unreadable),
        }
    }

    pub(crate) async fn record_at(
        &self,
        at: At,
        circuit: &Circuit<'_>,
        permit: Permit,
        ended: Ended,
    ) -> Result<Seen, RedisError> {
        let outcome = match ended.outcome {
            Outcome::Success => "s",
            Outcome::Failure => "f",
            Outcome::Neutral => "n",
        };
        let args = args(at, circuit).push(permit.generation).push(permit.probe.unwrap_or_default());
        let args = args.push(outcome).push(u8::from(ended.slow));
        Ok(self.step(&RECORD, circuit, args).await?.seen)
    }

    pub(crate) async fn put_at(&self, at: At, circuit: &Circuit<'_>, control: Control) -> Result<Seen, RedisError> {
        let control = match control {
            Control::Automatic => "a",
            Control::ForcedOpen => "f",
            Control::Disabled => "d",
            Control::MetricsOnly => "m",
        };
        Ok(self.step(&PUT, circuit, args(at, circuit).push(control)).await?.seen)
    }

    pub(crate) async fn look_at(&self, at: At, circuit: &Circuit<'_>) -> Result<Seen, RedisError> {
        Ok(self.step(&LOOK, circuit, args(at, circuit)).await?.seen)
    }

    async fn step(&self, script: &Script, circuit: &Circuit<'_>, args: Args) -> Result<Answer, RedisError> {
        let key = self.key(KIND, circuit.name.as_bytes());
        Answer::of(&numbers(self.run(script, &[&key], args.list()).await?)?)
    }
}

/// Circuits that all processes share which use the same server, the same prefix and the same name.
///
/// One script for each question, one hash for each circuit. See [circuits](crate#circuits).
impl Backend for Redis {
    type Error = RedisError;

    async fn admit(&self, circuit: &Circuit<'_>) -> Result<Admission, RedisError> {
        self.admit_at(At::Server, circuit).await
    }

    async fn record(&self, circuit: &Circuit<'_>, permit: Permit, ended: Ended) -> Result<Seen, RedisError> {
        self.record_at(At::Server, circuit, permit, ended).await
    }

    async fn put(&self, circuit: &Circuit<'_>, control: Control) -> Result<Seen, RedisError> {
        self.put_at(At::Server, circuit, control).await
    }

    async fn look(&self, circuit: &Circuit<'_>) -> Result<Seen, RedisError> {
        self.look_at(At::Server, circuit).await
    }
}

/// What a script answers.
struct Answer {
    verdict: i64,
    probe: u64,
    seen: Seen,
}

impl Answer {
    fn of(numbers: &[i64]) -> Result<Self, RedisError> {
        let [verdict, probe, generation, told, would_be, failures, retry_after] = *numbers else {
            return Err(RedisError::Unreadable);
        };
        let mut seen = Seen::new(state(told).ok_or(RedisError::Unreadable)?);
        seen.generation = generation.unsigned_abs();
        seen.would_be = state(would_be);
        seen.failures = u32::try_from(failures).unwrap_or(u32::MAX);
        seen.retry_after = u64::try_from(retry_after).ok().map(Duration::from_micros);
        Ok(Self { verdict, probe: probe.unsigned_abs(), seen })
    }
}

/// By the number that the scripts give it.
fn state(number: i64) -> Option<BreakerState> {
    Some(match number {
        0 => BreakerState::Closed,
        1 => BreakerState::Open,
        2 => BreakerState::HalfOpen,
        3 => BreakerState::ForcedOpen,
        4 => BreakerState::Disabled,
        5 => BreakerState::MetricsOnly,
        _ => return None,
    })
}

/// What all steps are told.
fn args(at: At, circuit: &Circuit<'_>) -> Args {
    let args = opens(Args::of(at), &circuit.opens);
    args.push(micros_up(circuit.recovery_timeout))
        .push(circuit.recovery_backoff)
        .push(micros_up(circuit.max_recovery_timeout))
        .push(circuit.half_open_max_calls)
        .push(circuit.success_threshold)
        .push(micros_up(circuit.probe_lease))
        .push(kept(circuit).as_millis())
}

fn opens(args: Args, opens: &Opens) -> Args {
    match *opens {
        Opens::InARow(failures) => args.push("row").push(failures).push("").push("").push(""),
        Opens::ByRate { window, minimum_calls, failure_rate, slow_rate } => {
            let args = match window {
                Window::Time(time) => args.push("time").push(micros_up(time).div_ceil(PARTS).max(1)),
                Window::Calls(calls) => args.push("calls").push(calls),
            };
            let slow_rate = slow_rate.map(|rate| rate.to_string()).unwrap_or_default();
            args.push(minimum_calls).push(failure_rate).push(slow_rate)
        }
    }
}

/// How long a circuit is kept after it last learnt something: longer than anything that it waits for.
fn kept(circuit: &Circuit<'_>) -> Duration {
    let window = match circuit.opens {
        Opens::ByRate { window: Window::Time(time), .. } => time,
        _ => Duration::ZERO,
    };
    let waits = circuit.max_recovery_timeout.max(circuit.probe_lease).max(window).min(LONGEST);
    KEPT.saturating_add(waits.saturating_mul(2))
}
