use std::borrow::Cow;
use std::hash::{BuildHasher, Hash, RandomState};
use std::path::Path;
use std::sync::Arc;

use equivalent::Equivalent;
use proptest::prelude::*;

use super::{Runs, ask, cache};
use crate::__rt::{Key, key_part};
use crate::key::Borrowed;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Uuid([u8; 16]);

/// A borrowed key finds its own owned form: the same hash, and equal to it.
fn finds_itself<K: Key>(key: K) -> K::Owned {
    let (owned, state) = (key.to_owned_key(), RandomState::new());
    assert_eq!(state.hash_one(Borrowed(&key)), state.hash_one(&owned));
    assert!(Borrowed(&key).equivalent(&owned));
    owned
}

#[test]
fn arguments_of_all_sorts_are_parts() {
    let (string, uuid, bytes) = (String::from("s"), Uuid([1; 16]), [1_u8, 2]);
    let (some, none): (Option<&str>, Option<String>) = (Some("s"), None);
    let (list, path, cow) = (vec![1], Path::new("/x"), Cow::Borrowed("c"));
    let (slice, reference, nested): (&[u8], &String, &&str) = (&bytes, &string, &"x");

    let _: (String,) = finds_itself((key_part!("s"),));
    let _: (String,) = finds_itself((key_part!(string),));
    let _: (String,) = finds_itself((key_part!(reference),));
    let _: (String,) = finds_itself((key_part!(nested),));
    let _: (u64,) = finds_itself((key_part!(7_u64),));
    let _: (Vec<u8>,) = finds_itself((key_part!(slice),));
    let _: (Uuid,) = finds_itself((key_part!(uuid),));
    let _: (Uuid,) = finds_itself((key_part!(&uuid),));
    let _: (Option<String>,) = finds_itself((key_part!(some),));
    let _: (Option<String>,) = finds_itself((key_part!(none),));
    let _: (Vec<i32>, std::path::PathBuf) = finds_itself((key_part!(list), key_part!(path)));
    let _: (Cow<'static, str>,) = finds_itself((key_part!(cow),));
    let _: (Arc<str>,) = finds_itself((key_part!(Arc::<str>::from("a")),));
    let () = finds_itself(());
}

#[test]
fn an_argument_is_still_there_afterwards() {
    let name = String::from("n");
    let _ = finds_itself((key_part!(name), key_part!(name.len())));
    drop(name);
}

#[test]
fn generic_arguments_are_parts() {
    fn part<T: Clone + Hash + Eq + Send + Sync + 'static>(value: T, reference: &T) -> (T, T) {
        finds_itself((key_part!(value), key_part!(reference)))
    }
    assert_eq!(part(1, &2), (1, 2));
    assert_eq!(part("a", &"b"), ("a", "b"));
}

#[test]
fn twelve_parts_are_a_key() {
    let _ = finds_itself((
        key_part!(1_u8),
        key_part!("2"),
        key_part!(3_u8),
        key_part!("4"),
        key_part!(5_u8),
        key_part!("6"),
        key_part!(7_u8),
        key_part!("8"),
        key_part!(9_u8),
        key_part!("10"),
        key_part!(11_u8),
        key_part!("12"),
    ));
}

#[tokio::test(start_paused = true)]
async fn every_part_tells_calls_apart() {
    let (cache, runs) = (cache(), Runs::default());
    let ask = async |a: &str, b: &str, c: u32| ask!(cache, (a, b, c), u32, async { runs.next() }).await.unwrap();
    let first = [ask("ab", "c", 1).await, ask("a", "bc", 1).await, ask("ab", "c", 2).await];
    assert_eq!(first, [1, 2, 3]);
    let again = [ask("ab", "c", 1).await, ask("a", "bc", 1).await, ask("ab", "c", 2).await];
    assert_eq!(again, first);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_key_is_its_own_owned_form_and_no_other(
        a in (".{0,3}", any::<Option<u8>>(), prop::collection::vec(any::<u8>(), 0..3)),
        b in (".{0,3}", any::<Option<u8>>(), prop::collection::vec(any::<u8>(), 0..3)),
    ) {
        let left = (key_part!(a.0.as_str()), key_part!(a.1), key_part!(a.2.as_slice()));
        let right = (key_part!(b.0.as_str()), key_part!(b.1), key_part!(b.2.as_slice()));
        let (left_owned, right_owned) = (finds_itself(left), finds_itself(right));
        prop_assert_eq!(left_owned == right_owned, a == b);
        let left = (key_part!(a.0.as_str()), key_part!(a.1), key_part!(a.2.as_slice()));
        prop_assert_eq!(Borrowed(&left).equivalent(&right_owned), a == b);
    }
}
