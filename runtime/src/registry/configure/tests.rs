//! Each mistake by its name, and nothing in force when there is one.

use std::time::Duration;

use super::apply::apply;
use super::{Configuration, ConfigureErrors};
use crate::Layer::{CircuitBreaker, Idempotent, Retry, Timeout};
use crate::registry::Function;
use crate::registry::testing::{Example, Limits, function};

fn toml(text: &str) -> Configuration {
    toml::from_str(text).unwrap()
}

fn said(result: Result<(), ConfigureErrors>) -> Vec<String> {
    result.unwrap_err().iter().map(ToString::to_string).collect()
}

struct Program {
    gateway: &'static Example,
    charge: &'static Example,
    functions: Vec<&'static Function>,
}

/// Two functions that share a breaker, and each with a retry of its own.
fn program() -> Program {
    let (gateway, charge) = (Example::leaked("gateway"), Example::leaked("charge_customer"));
    let refund = Example::leaked("refund");
    let functions = vec![
        function("app::pay", "charge_customer", &[(Retry, charge), (CircuitBreaker, gateway)]),
        function("app::pay", "refund", &[(Retry, refund), (CircuitBreaker, gateway)]),
    ];
    Program { gateway, charge, functions }
}

#[test]
fn settings_take_the_place_of_those_in_the_source() {
    let program = program();
    let configuration = toml(
        "[circuit_breaker.gateway]\nafter = '10s'\n[retry.charge_customer]\ncalls = 5\n[retry.'app::pay::refund']\n",
    );
    apply(&configuration, &program.functions).unwrap();
    assert_eq!(program.gateway.settings.get().after, Duration::from_secs(10));
    assert_eq!((program.gateway.settings.get().calls, program.charge.settings.get().calls), (1, 5));
}

#[test]
fn all_mistakes_are_told_together_and_nothing_is_put_in_force() {
    let program = program();
    let configuration = toml(
        "[circuit_braker.gateway]\nafter = '10s'\n[circuit_breaker.gatway]\n\
         [circuit_breaker.gateway]\nafter = '10s'\n\
         [retry.charge_customer]\ncalls = 0\nafter = 'soon'\ntries = 3\n[validate.x]\n[retry.refund]\ncalls = 9",
    );
    let said = said(apply(&configuration, &program.functions));
    let expected = [
        "circuit_braker.gateway: no attribute is called `circuit_braker` (did you mean `circuit_breaker`?); known are `idempotent`,",
        "circuit_breaker.gatway: no circuit_breaker is called `gatway` (did you mean `gateway`?); known are `gateway`",
        "validate.x: no validate is called `x`; there is none in this program",
        "retry.charge_customer: `soon` is no duration",
        "retry.charge_customer: `calls` must be at least 1",
        "retry.charge_customer: unknown field `tries`, expected one of `after`, `calls`, `lease`",
    ];
    for expected in expected {
        assert!(said.iter().any(|said| said.starts_with(expected)), "{expected}\n{said:#?}");
    }
    assert_eq!(said.len(), expected.len(), "{said:#?}");
    assert_eq!(program.gateway.settings.get().after, Duration::from_secs(1));
}

#[test]
fn a_combination_that_is_wrong_is_told_once() {
    let program = program();
    let both = toml("[retry.refund]\ncalls = 0");
    assert_eq!(said(apply(&both, &program.functions)), ["retry.refund: `calls` must be at least 1"]);
}

#[test]
fn variables_say_the_same_and_the_later_source_wins() {
    let program = program();
    let vars = [
        ("STEADFAST__CIRCUIT_BREAKER__GATEWAY__AFTER", "20s"),
        ("steadfast__retry__App_Pay_Charge_Customer__calls", "7"),
        ("STEADFAST_LOG", "debug"),
        ("PATH", "/bin"),
    ];
    let file = toml("[circuit_breaker.gateway]\nafter = '10s'\ncalls = 4");
    apply(&file.merge(Configuration::from_vars("STEADFAST", vars)), &program.functions).unwrap();
    let gateway = program.gateway.settings.get();
    assert_eq!((gateway.after, gateway.calls), (Duration::from_secs(20), 4));
    assert_eq!(program.charge.settings.get().calls, 7);
}

#[test]
fn variables_that_say_nothing_are_mistakes() {
    let vars = [("S__RETRY__REFUND", "x"), ("S__RETRY____CALLS", "1"), ("S__RETRY__REFUND__CALLS", "[1"), ("S_X", "")];
    let said = said(apply(&Configuration::from_vars("s", vars), &program().functions));
    assert_eq!(said.len(), 3, "{said:#?}");
    assert!(said[0].starts_with("S__RETRY__REFUND: names no setting"), "{said:#?}");
    assert!(said[1].starts_with("S__RETRY__REFUND__CALLS: its value begins as JSON"), "{said:#?}");
    assert!(said[2].starts_with("S__RETRY____CALLS: names no setting"), "{said:#?}");
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_no_text_is_a_mistake() {
    use std::ffi::{OsStr, OsString};
    use std::os::unix::ffi::OsStrExt;
    let bytes = |bytes| OsStr::from_bytes(bytes).to_os_string();
    let vars = [(OsString::from("S__RETRY__REFUND__CALLS"), bytes(b"\xff")), (bytes(b"\xff"), bytes(b"1"))];
    let said = said(apply(&Configuration::from_vars("S", vars), &program().functions));
    assert_eq!(said, ["S__RETRY__REFUND__CALLS: its value is no text"]);
}

#[test]
fn a_name_that_several_have_is_told_apart_by_module_and_then_by_number() {
    let policies: Vec<_> = (0..4).map(|_| Example::leaked("charge")).collect();
    let functions = [
        function("app::cards", "charge", &[(Timeout, policies[0]), (Retry, policies[1]), (Timeout, policies[2])]),
        function("app::wallets", "charge", &[(Timeout, policies[3])]),
    ];
    let said = said(apply(&toml("[timeout.charge]"), &functions));
    assert_eq!(
        said,
        [
            "timeout.charge: several policies of `timeout` are called `charge`; known are `app::cards::charge#1`, `app::cards::charge#2`, `app::wallets::charge`"
        ]
    );
    let each = "[timeout]\n'app::cards::charge#2' = { calls = 3 }\n'app::wallets::charge' = { calls = 4 }\n[retry.charge]\ncalls = 2";
    apply(&toml(each), &functions).unwrap();
    let calls: Vec<_> = policies.iter().map(|policy| policy.settings.get().calls).collect();
    assert_eq!(calls, [1, 2, 3, 4]);
}

#[test]
fn policies_are_configured_once() {
    let program = program();
    let configuration = toml("[retry.refund]\ncalls = 2\n[retry.charge_customer]\ncalls = 2");
    apply(&toml("[retry.refund]\ncalls = 3"), &program.functions).unwrap();
    let said = said(apply(&configuration, &program.functions));
    assert_eq!(said, ["retry.refund: was configured before; it is done once, at start-up"]);
    assert_eq!(program.charge.settings.get().calls, 1);
}

#[test]
fn a_lease_may_not_become_shorter_than_a_timeout_below() {
    let of = |name, after, lease: Option<u64>| -> &'static Example {
        let limits = Limits { after: Duration::from_secs(after), calls: 1, lease: lease.map(Duration::from_secs) };
        Box::leak(Box::new(Example::of(name, limits)))
    };
    let (charges, limit) = (of("charges", 1, Some(60)), of("charge", 30, None));
    let functions = [function("app", "charge", &[(Idempotent, charges), (Timeout, limit)])];
    let shorter = said(apply(&toml("[idempotent.charges]\nlease = '20s'"), &functions));
    assert_eq!(shorter.len(), 1);
    assert!(shorter[0].starts_with("idempotent.charges: in `app::charge`, the lease (20s) would be shorter"));
    let longer = said(apply(&toml("[timeout.charge]\nafter = '90s'"), &functions));
    assert!(longer[0].starts_with("timeout.charge: in `app::charge`, the lease (60s) would be shorter"), "{longer:?}");
    apply(&toml("[timeout.charge]\nafter = '90s'\n[idempotent.charges]\nlease = '2m'"), &functions).unwrap();
    assert_eq!(limit.settings.get().after, Duration::from_secs(90));
}
