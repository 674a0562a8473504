//! Two sorted ledgers, merged in one pass: a machine that says what it needs next.

use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;

use super::super::class::Class;
use super::super::row::Row;
use super::super::side::{Side, Sides};
use super::finding::Finding;
use super::settle::{self, Part, Terms, settle};
use super::tally::{Tally, Totals};
use super::unsorted::Unsorted;

/// Two ledgers sorted by reference, merged. It reads nothing itself: [`step`](Self::step) says what it
/// needs or what it has found, so that files, cursors of databases and tests are all merged by this.
///
/// It keeps the rows of one reference, and one row of each side.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use steadfast_payments::{Currency, Money};
/// use steadfast_payments::reconciliation::{BadRows, Class, Reconciliation, Row, Side, Status, Step};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
/// let row = |reference: &str| Row::new(reference, Money::new(500, Currency::EUR), Status::Captured, now);
/// let mut internal = vec![row("order-1"), row("order-2")].into_iter();
/// let mut gateway = vec![row("order-1")].into_iter();
///
/// let mut merge = Reconciliation::new(Duration::from_secs(86_400), BadRows::Stop).merge(now);
/// let mut found = Vec::new();
/// loop {
///     match merge.step() {
///         Step::Feed(feed) => {
///             let row = if feed.side() == Side::Internal { internal.next() } else { gateway.next() };
///             match row {
///                 Some(row) => feed.row(row)?,
///                 None => feed.end(),
///             }
///         }
///         Step::Found(finding) => found.push((finding.reference().to_owned(), finding.class())),
///         Step::Done => break,
///     }
/// }
/// assert_eq!(found, [("order-1".to_owned(), Class::Matched), ("order-2".to_owned(), Class::Pending)]);
/// # Ok(())
/// # }
/// ```
pub struct Merge {
    terms: Terms,
    heads: Sides<Head>,
    numbers: Sides<u64>,
    /// The rows of the reference that is being gathered, or whose parts are being handed out.
    group: Sides<Vec<Row>>,
    /// Counted instead of kept, where there are more than may be kept.
    beyond: Option<Sides<Totals>>,
    parts: VecDeque<(Class, Sides<Range<usize>>)>,
    handing_out: bool,
    items: u64,
    tally: Tally,
}

/// What is known of a side beyond the group.
#[derive(Debug, Default)]
enum Head {
    #[default]
    Wanted,
    Row(Row),
    Ended,
}

/// What a [`Merge`] needs, or has.
///
/// See [`Merge`] for an example.
#[derive(Debug)]
pub enum Step<'a> {
    /// It needs the next row of a side, or to hear that there is none.
    Feed(Feed<'a>),
    /// Rows have found their class.
    Found(Finding<'a>),
    /// All rows have.
    Done,
}

/// Takes the next row of a side. Dropped, it changes nothing: the merge asks again.
///
/// See [`Merge`] for an example.
#[derive(Debug)]
pub struct Feed<'a> {
    merge: &'a mut Merge,
    side: Side,
}

impl Feed<'_> {
    /// Whose row.
    ///
    /// See [`Merge`] for an example.
    pub fn side(&self) -> Side {
        self.side
    }

    /// The next row of the side.
    ///
    /// # Errors
    /// When its reference is less than that of the row before: merged, it would count as missing while
    /// the other side has it. The row is counted and not taken.
    ///
    /// See [`Merge`] for an example.
    pub fn row(self, row: Row) -> Result<(), Unsorted> {
        let (merge, side) = (self.merge, self.side);
        merge.numbers[side] += 1;
        let number = merge.numbers[side];
        // A side is asked when its last row is in the group, so this is the row before.
        if merge.reference().is_some_and(|before| row.reference() < before) {
            return Err(Unsorted { side, row: number });
        }
        merge.tally.came(side, &row);
        merge.heads[side] = Head::Row(row.numbered(number));
        Ok(())
    }

    /// There was a row, and it cannot be read: it is counted for the numbers of those behind it.
    ///
    /// ```
    /// # use std::time::{Duration, SystemTime};
    /// use steadfast_payments::reconciliation::{BadRows, Reconciliation, Step};
    ///
    /// let mut merge = Reconciliation::new(Duration::ZERO, BadRows::Stop).merge(SystemTime::UNIX_EPOCH);
    /// let Step::Feed(feed) = merge.step() else { panic!("it begins hungry") };
    /// assert_eq!(feed.skip(), 1);
    /// let Step::Feed(feed) = merge.step() else { panic!("it still is") };
    /// assert_eq!(feed.skip(), 2);
    /// ```
    pub fn skip(self) -> u64 {
        self.merge.numbers[self.side] += 1;
        self.merge.numbers[self.side]
    }

    /// The side has no more rows.
    ///
    /// See [`Merge`] for an example.
    pub fn end(self) {
        self.merge.heads[self.side] = Head::Ended;
    }
}

/// Neither rows nor sums.
impl fmt::Debug for Merge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Merge")
            .field("terms", &self.terms)
            .field("rows", &self.numbers)
            .field("items", &self.items)
            .finish_non_exhaustive()
    }
}

impl Merge {
    pub(in super::super) fn new(terms: Terms) -> Self {
        Self {
            terms,
            heads: Sides::default(),
            numbers: Sides::default(),
            group: Sides::default(),
            beyond: None,
            parts: VecDeque::new(),
            handing_out: false,
            items: 0,
            tally: Tally::default(),
        }
    }

    /// What it needs next, or has found. After [`Step::Done`] it is done.
    ///
    /// See [`Merge`] for an example.
    pub fn step(&mut self) -> Step<'_> {
        loop {
            if let Some((class, ranges)) = self.parts.pop_front() {
                return Step::Found(self.hand_out(class, ranges));
            }
            if self.handing_out {
                self.forget_group();
            }
            let hungry = Side::BOTH.into_iter().find(|side| matches!(self.heads[*side], Head::Wanted));
            if let Some(side) = hungry {
                return Step::Feed(Feed { merge: self, side });
            }
            if !self.gather() {
                if self.reference().is_none() {
                    return Step::Done;
                }
                self.close_group();
            }
        }
    }

    pub(in super::super) fn into_tally(self) -> Tally {
        self.tally
    }

    fn reference(&self) -> Option<&str> {
        self.group.internal.first().or(self.group.gateway.first()).map(Row::reference)
    }

    /// Moves heads of the group's reference into the group; of an empty group, those of the least.
    fn gather(&mut self) -> bool {
        let head = |side: Side| match &self.heads[side] {
            Head::Row(row) => Some(row.reference()),
            Head::Wanted | Head::Ended => None,
        };
        let (ours, theirs) = (head(Side::Internal), head(Side::Gateway));
        let wanted = self.reference().or(match (ours, theirs) {
            (Some(ours), Some(theirs)) => Some(ours.min(theirs)),
            (one, other) => one.or(other),
        });
        let belongs =
            Sides { internal: wanted.is_some() && ours == wanted, gateway: wanted.is_some() && theirs == wanted };
        for side in Side::BOTH {
            if belongs[side]
                && let Head::Row(row) = std::mem::take(&mut self.heads[side])
            {
                self.join(side, row);
            }
        }
        belongs.internal || belongs.gateway
    }

    fn join(&mut self, side: Side, row: Row) {
        if self.group[side].len() < self.terms.max_group {
            self.group[side].push(row);
        } else {
            self.beyond.get_or_insert_default()[side].add(row.amount());
        }
    }

    /// The whole group is here: what is it?
    fn close_group(&mut self) {
        self.handing_out = true;
        if let Some(beyond) = &mut self.beyond {
            for side in Side::BOTH {
                self.group[side].iter().for_each(|row| beyond[side].add(row.amount()));
            }
            self.tally.too_many(beyond);
            let first = Sides::each(|side| 0..self.group[side].len().min(1));
            self.parts.push_back((Class::TooMany, first));
            return;
        }
        match (&self.group.internal[..], &self.group.gateway[..]) {
            (ours @ [_], theirs @ [_]) => self.whole_group_is(settle::compare(ours, theirs)),
            ([row], []) => self.whole_group_is(settle::lacking_at_gateway(row, &self.terms)),
            ([], [_]) => self.whole_group_is(Class::MissingInternal),
            _ => self.take_apart(),
        }
    }

    fn whole_group_is(&mut self, class: Class) {
        self.tally.settled(class, &self.group.internal, &self.group.gateway);
        self.parts
            .push_back((class, Sides { internal: 0..self.group.internal.len(), gateway: 0..self.group.gateway.len() }));
    }

    fn take_apart(&mut self) {
        for Part { class, rows } in settle(std::mem::take(&mut self.group), &self.terms) {
            self.tally.settled(class, &rows.internal, &rows.gateway);
            let from = Sides::each(|side| self.group[side].len());
            self.group.internal.extend(rows.internal);
            self.group.gateway.extend(rows.gateway);
            self.parts.push_back((class, Sides::each(|side| from[side]..self.group[side].len())));
        }
    }

    fn hand_out(&mut self, class: Class, ranges: Sides<Range<usize>>) -> Finding<'_> {
        self.items += 1;
        let rows = |side: Side| self.group[side].get(ranges[side].clone()).unwrap_or_default();
        let counts = match (&self.beyond, class) {
            (Some(beyond), Class::TooMany) => Sides::each(|side| beyond[side].rows()),
            _ => Sides::each(|side| rows(side).len() as u64),
        };
        Finding { item: self.items, class, internal: rows(Side::Internal), gateway: rows(Side::Gateway), counts }
    }

    fn forget_group(&mut self) {
        self.handing_out = false;
        self.beyond = None;
        self.group.internal.clear();
        self.group.gateway.clear();
    }
}
