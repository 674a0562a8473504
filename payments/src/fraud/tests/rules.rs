//! What each rule says: with its attributes, without them, and on the line between two answers.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use crate::fraud::*;
use crate::{Currency, Money};

const HOUR: Duration = Duration::from_secs(3600);

fn facts() -> Facts {
    Facts::new("order-17")
}

fn country(letters: &str) -> Country {
    Country::new(letters).unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn says(rule: &impl Rule, facts: &Facts) -> Opinion {
    told(rule, facts, Count::NotAsked)
}

fn told(rule: &impl Rule, facts: &Facts, count: Count) -> Opinion {
    rule.opinion(&Case::new(facts, count, SystemTime::UNIX_EPOCH))
}

#[test]
fn the_issuers_checks() {
    use AvsResult as Avs;
    use CvvResult as Cvv;
    let both = Opinion::block(200, "cvv_mismatch");
    let table = [
        (None, None, Opinion::none("not_checked")),
        (Some(Cvv::NotChecked), Some(Avs::NotChecked), Opinion::none("not_checked")),
        (Some(Cvv::Match), None, Opinion::approve("match")),
        (None, Some(Avs::Match), Opinion::approve("match")),
        (Some(Cvv::Match), Some(Avs::Match), Opinion::approve("match")),
        (Some(Cvv::NotChecked), Some(Avs::Match), Opinion::approve("match")),
        (Some(Cvv::Mismatch), None, Opinion::block(100, "cvv_mismatch")),
        (Some(Cvv::Mismatch), Some(Avs::Match), Opinion::block(100, "cvv_mismatch")),
        (None, Some(Avs::Mismatch), Opinion::block(100, "avs_mismatch")),
        (Some(Cvv::NotChecked), Some(Avs::Mismatch), Opinion::block(100, "avs_mismatch")),
        (Some(Cvv::Match), Some(Avs::Partial), Opinion::risk(20, "avs_partial")),
        (Some(Cvv::Mismatch), Some(Avs::Partial), Opinion::block(120, "cvv_mismatch")),
        (Some(Cvv::Mismatch), Some(Avs::Mismatch), both),
    ];
    for (cvv, avs, expected) in table {
        let mut facts = facts();
        (facts.cvv, facts.avs) = (cvv, avs);
        assert_eq!(says(&CardChecks::new(), &facts), expected, "{cvv:?} {avs:?}");
    }
}

#[test]
fn of_two_findings_the_severer_decides_and_scores_do_not_overflow() {
    let rule = CardChecks::new()
        .cvv_mismatch(Decision::Review, u32::MAX)
        .avs_mismatch(Decision::Challenge, 1)
        .avs_partial(Decision::Review, 5);
    let facts = facts().cvv(CvvResult::Mismatch);
    assert_eq!(says(&rule, &facts.clone().avs(AvsResult::Mismatch)), Opinion::challenge(u32::MAX, "avs_mismatch"));
    assert_eq!(says(&rule, &facts.avs(AvsResult::Partial)), Opinion::review(u32::MAX, "cvv_mismatch"));
}

#[test]
fn every_letter_of_the_issuers_is_known_in_either_case() {
    for letter in 'A'..='Z' {
        let (avs, cvv) = (AvsResult::from_code(letter), CvvResult::from_code(letter));
        assert_eq!(AvsResult::from_code(letter.to_ascii_lowercase()), avs);
        assert_eq!(CvvResult::from_code(letter.to_ascii_lowercase()), cvv);
        assert_eq!(avs.is_some(), "ABCDEFGIMNPRSUWXYZ".contains(letter), "{letter}");
        assert_eq!(cvv.is_some(), "MNPSU".contains(letter), "{letter}");
    }
    assert_eq!(AvsResult::from_code('ẞ'), None);
}

#[test]
fn two_countries() {
    let (de, pt) = (country("de"), country("PT"));
    let all = facts().card_country(de).billing_country(de).ip_country(pt);
    let mismatch = Opinion::challenge(40, "country_mismatch");
    assert_eq!(says(&CountryMismatch::card_and_billing(), &all), Opinion::approve("country_match"));
    assert_eq!(says(&CountryMismatch::card_and_ip(), &all), mismatch);
    assert_eq!(says(&CountryMismatch::billing_and_ip(), &all), mismatch);
    assert_eq!(
        says(&CountryMismatch::card_and_ip().then(Decision::Block, 7), &all),
        Opinion::block(7, "country_mismatch")
    );
    let missing = Opinion::none("country_missing");
    for facts in [facts(), facts().card_country(de), facts().billing_country(pt), facts().ip_country(de)] {
        assert_eq!(says(&CountryMismatch::card_and_billing(), &facts), missing);
        assert_eq!(says(&CountryMismatch::card_and_ip(), &facts), missing);
        assert_eq!(says(&CountryMismatch::billing_and_ip(), &facts), missing);
    }
}

#[test]
fn what_is_no_country_is_refused() {
    for wrong in ["", "D", "DEU", "D1", " D", "ß", "ä"] {
        assert_eq!(Country::new(wrong), Err(FraudError::Country), "{wrong:?}");
    }
}

#[test]
fn a_high_amount() {
    let usd = |minor| Money::new(minor, Currency::USD);
    let rule = HighAmount::over([usd(200_000), Money::new(300_000, Currency::JPY)]).unwrap();
    let of = |amount| says(&rule, &facts().amount(amount));
    let (over, within) = (Opinion::challenge(40, "amount_over"), Opinion::approve("amount_within"));
    assert_eq!(of(usd(200_001)), over);
    assert_eq!(of(usd(200_000)), within);
    assert_eq!(of(usd(-200_001)), within);
    assert_eq!(of(usd(i64::MAX)), over);
    assert_eq!(of(Money::new(200_001, Currency::JPY)), within, "yen have no cents");
    assert_eq!(of(Money::new(300_001, Currency::JPY)), over);
    assert_eq!(of(Money::new(i64::MAX, Currency::EUR)), Opinion::none("currency_without_threshold"));
    assert_eq!(says(&rule, &facts()), Opinion::none("amount_missing"));
    assert_eq!(says(&rule.then(Decision::Review, 3), &facts().amount(usd(200_001))), Opinion::review(3, "amount_over"));
}

#[test]
fn thresholds_that_cannot_be_right() {
    let usd = |minor| Money::new(minor, Currency::USD);
    let refused = |amounts: &[Money]| HighAmount::over(amounts.iter().copied()).unwrap_err().to_string();
    assert!(refused(&[]).starts_with("`amounts` must not be none"));
    assert!(refused(&[usd(1), Money::new(-1, Currency::EUR)]).starts_with("entry 1 of `amounts` is negative"));
    assert!(refused(&[usd(1), usd(2)]).starts_with("entry 1 of `amounts` is a second one"));
    assert!(HighAmount::over([usd(0)]).is_ok());
}

#[test]
fn who_is_listed() {
    let rule = Blocklist::new()
        .emails(["Eve@Mailbox.Example "])
        .and_then(|list| list.cards(["tok_stolen"]))
        .unwrap()
        .ips([ip("203.0.113.7"), ip("::ffff:203.0.113.8"), ip("2001:db8::1")])
        .countries([country("KP")]);
    let blocks = |why| Opinion::block(100, why);
    let table = [
        (facts().email("eve@mailbox.example"), blocks("email_blocked")),
        (facts().email("\tEVE@MAILBOX.EXAMPLE\n"), blocks("email_blocked")),
        (facts().email("eve@mailbox.example.com"), Opinion::approve("not_listed")),
        (facts().card("tok_stolen"), blocks("card_blocked")),
        (facts().card("TOK_STOLEN"), Opinion::approve("not_listed")),
        (facts().ip(ip("203.0.113.7")), blocks("ip_blocked")),
        (facts().ip(ip("::ffff:203.0.113.7")), blocks("ip_blocked")),
        (facts().ip(ip("203.0.113.8")), blocks("ip_blocked")),
        (facts().ip(ip("2001:db8:0::0001")), blocks("ip_blocked")),
        (facts().ip(ip("2001:db8::2")), Opinion::approve("not_listed")),
        (facts().card_country(country("kp")), blocks("country_blocked")),
        (facts().billing_country(country("KP")), blocks("country_blocked")),
        (facts().card_country(country("DE")).ip_country(country("KP")), blocks("country_blocked")),
        (facts().card_country(country("DE")), Opinion::approve("not_listed")),
        (facts().card("tok_stolen").email("eve@mailbox.example"), blocks("email_blocked")),
        (facts().card("tok_stolen").email("ada@mailbox.example"), blocks("card_blocked")),
        (facts().user("eve@mailbox.example"), Opinion::none("attributes_missing")),
        (facts(), Opinion::none("attributes_missing")),
    ];
    for (n, (facts, expected)) in table.into_iter().enumerate() {
        assert_eq!(says(&rule, &facts), expected, "row {n}");
    }
}

#[test]
fn what_no_list_is_about_is_no_opinion() {
    let emails = Blocklist::new().emails(["eve@mailbox.example"]).unwrap();
    assert_eq!(says(&emails, &facts().card("tok_1").ip(ip("203.0.113.7"))), Opinion::none("attributes_missing"));
    assert_eq!(says(&Blocklist::new(), &facts().email("a@b")), Opinion::none("attributes_missing"));
}

#[test]
fn nothing_listed_and_no_fact_is_ever_shown() {
    let rule = Blocklist::new()
        .emails(["eve@mailbox.example"])
        .and_then(|list| list.cards(["tok_stolen"]))
        .unwrap()
        .ips([ip("203.0.113.7")])
        .countries([country("KP")]);
    let facts = facts().user("u_eve").email("eve@mailbox.example").card("tok_stolen").ip(ip("203.0.113.7"));
    let by = Velocity::<()>::per_email(1, HOUR, WhenDown::Review).unwrap().counts(&facts).unwrap();
    let key = VelocityKey::new("engine", "rule", "eve@mailbox.example", HOUR);
    let case = Case::new(&facts, Count::NotAsked, SystemTime::UNIX_EPOCH);
    let shown = format!("{rule:?} {facts:?} {by:?} {key:?} {case:?} {:?}", PaymentId::of("order-17"));
    for secret in ["eve", "tok_", "203", "KP", "order"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    let wrong = [
        Blocklist::new().emails(["a@b", "s3cret"]).unwrap_err(),
        Blocklist::new().cards(["tok_1", "4111111111111111"]).unwrap_err(),
        Blocklist::new().cards(["tok_1", ""]).unwrap_err(),
    ];
    for error in wrong {
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("entry 1 of") && !shown.contains("s3cret") && !shown.contains("4111"), "{shown}");
    }
}

#[test]
fn too_many() {
    let rule = Velocity::per_user(5, HOUR, WhenDown::Refuse).unwrap();
    let of = |count| told(&rule, &facts(), count);
    assert_eq!(of(Count::NotAsked), Opinion::none("attribute_missing"));
    assert_eq!(of(Count::Counted(0)), Opinion::approve("few_enough"));
    assert_eq!(of(Count::Counted(5)), Opinion::approve("few_enough"));
    assert_eq!(of(Count::Counted(6)), Opinion::block(100, "too_many"));
    assert_eq!(of(Count::Unavailable), Opinion::refuse("counts_unavailable"));
    let down = |when_down| told(&Velocity::per_user(5, HOUR, when_down).unwrap(), &facts(), Count::Unavailable);
    assert_eq!(down(WhenDown::Review), Opinion::review(0, "counts_unavailable"));
    assert_eq!(down(WhenDown::NoOpinion), Opinion::none("counts_unavailable"));
}

#[test]
fn what_a_velocity_rule_counts_by() {
    let by = |rule: Result<Velocity, FraudError>, facts: Facts| rule.unwrap().counts(&facts).map(|by| by.value);
    let (user, card) = (Velocity::per_user(5, HOUR, WhenDown::Review), Velocity::per_card(5, HOUR, WhenDown::Review));
    assert_eq!(by(user, facts().user("u_42")).as_deref(), Some("u_42"));
    assert_eq!(by(card, facts().user("u_42")), None);
    for empty in ["", "  "] {
        assert_eq!(by(Velocity::per_user(5, HOUR, WhenDown::Review), facts().user(empty)), None, "{empty:?}");
    }
    let email = |email| by(Velocity::per_email(5, HOUR, WhenDown::Review), facts().email(email));
    assert_eq!(email(" Ada@Example.com"), email("ada@example.COM"));
    let of_ip = |text| by(Velocity::per_ip(5, HOUR, WhenDown::Review), facts().ip(ip(text))).unwrap();
    assert_ne!(of_ip("203.0.113.7"), of_ip("203.0.113.8"));
    assert_eq!(of_ip("203.0.113.7"), of_ip("::ffff:203.0.113.7"));
    assert_eq!(of_ip("2001:db8:1:2::1"), of_ip("2001:db8:1:2:ffff::"));
    assert_ne!(of_ip("2001:db8:1:2::1"), of_ip("2001:db8:1:3::1"));
}

#[test]
fn velocity_settings_that_cannot_be_right() {
    let day = 24 * HOUR;
    let of = |max, window| Velocity::<()>::per_user(max, window, WhenDown::Review).map(drop);
    let wrong = |max, window| of(max, window).unwrap_err().to_string();
    assert!(wrong(0, HOUR).starts_with("`max` must be at least 1"));
    assert!(wrong(MOST_COUNTED, HOUR).starts_with(&format!("`max` must be less than {MOST_COUNTED}")));
    assert!(wrong(5, Duration::ZERO).starts_with("`window` must be at least"));
    assert!(wrong(5, Duration::MAX).starts_with("`window` must be at most 366 days"));
    assert_eq!(of(MOST_COUNTED - 1, Duration::from_millis(1)), Ok(()));
    assert_eq!(of(1, 366 * day), Ok(()));
    let clamped = |window| VelocityKey::new("", "", "", window).window();
    assert_eq!((clamped(Duration::ZERO), clamped(Duration::MAX)), (Duration::from_millis(1), 366 * day));
}
