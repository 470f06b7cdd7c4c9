//! Answers that are whole in form and not believable: against what is held, they lost too much.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::mem::{Discriminant, discriminant};

use super::snapshot::{Snapshot, SubUserKey, SubUserRow};
use super::traffic::{AccountUsage, SubUser, Subscription, TargetUsage};
use super::units::Bytes;

/// How often an answer must come in a row to be believed all the same.
pub const BELIEVED_AFTER: u8 = 3;

/// Why an answer is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suspicion {
    /// No row, where there were some.
    Empty {
        /// Rows held.
        held: usize,
    },
    /// No figure, where there was one.
    Unsaid,
    /// All figures 0, where they were more in the same period.
    AllZero {
        /// The sum held.
        held: Bytes,
    },
    /// Fewer than half the rows.
    Halved {
        /// Rows held.
        held: usize,
        /// Rows of the answer.
        rows: usize,
    },
}

impl fmt::Display for Suspicion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty { held } => write!(f, "the answer has no row, the one before had {held}"),
            Self::Unsaid => f.write_str("the answer leaves out a figure that the one before had"),
            Self::AllZero { held } => {
                write!(f, "all figures are 0, and were {held} before in the same period")
            }
            Self::Halved { held, rows } => write!(f, "the answer has {rows} rows, the one before had {held}"),
        }
    }
}

/// Judges a list of sub-users, with the figures that came with it or after it.
///
/// Those of `kept` are in it though the vendor's list has dropped them, and are judged apart: however many they are, a
/// list that is cut is seen, and who stopped because we froze them makes nobody's silence suspect.
#[must_use]
pub fn sub_users(
    held: &Snapshot,
    list: &[SubUser],
    kept: &HashSet<SubUserKey>,
    in_same_period: bool,
) -> Option<Suspicion> {
    let is_kept = |row: &SubUser| !kept.is_empty() && kept.contains(&row.key());
    let rows = || held.rows().iter().filter(|row| !is_kept(&row.sub_user));
    let new = || list.iter().filter(|row| !is_kept(row));
    let held_figure = |row: &SubUserRow| row.usage.as_ref().map(|usage| usage.value.traffic);
    let figure = |row: &SubUser| row.usage.as_ref().map(|usage| usage.traffic);
    let suspicion = lost_rows(rows().count(), new().count())
        .or_else(|| lost_figures(rows().map(held_figure), new().map(figure), in_same_period));
    if kept.is_empty() || suspicion.is_some() {
        return suspicion;
    }
    let answered: HashMap<SubUserKey, Option<Bytes>> = list
        .iter()
        .filter(|row| is_kept(row) && row.usage.is_some())
        .map(|row| (row.key(), figure(row)))
        .collect();
    let before = held.rows().iter().filter(|row| answered.contains_key(&row.sub_user.key()));
    lost_figures(before.map(held_figure), answered.values().copied(), in_same_period)
}

/// Judges a list of plans.
#[must_use]
pub fn subscriptions(held: &Snapshot, list: &[Subscription], in_same_period: bool) -> Option<Suspicion> {
    let rows = held.subscriptions.as_ref().map_or(&[][..], |reading| &reading.value);
    let figure = |plan: &Subscription| plan.traffic;
    lost_rows(rows.len(), list.len())
        .or_else(|| lost_figures(rows.iter().map(figure), list.iter().map(figure), in_same_period))
}

/// Judges an account's total.
#[must_use]
pub fn account(held: &Snapshot, usage: &AccountUsage, in_same_period: bool) -> Option<Suspicion> {
    let before = held.account.as_ref().map(|reading| &reading.value);
    let unsaid = before.is_some_and(|before| {
        (before.traffic.is_some() && usage.traffic.is_none())
            || (before.allocated.is_some() && usage.allocated.is_none())
    });
    if unsaid {
        return Some(Suspicion::Unsaid);
    }
    // A new first day is a new period, whatever else is known of it.
    let in_same_period =
        in_same_period && before.is_none_or(|before| before.period_start == usage.period_start);
    lost_figures(
        before.map(|before| before.traffic).into_iter(),
        std::iter::once(usage.traffic),
        in_same_period,
    )
}

/// Judges one sub-user's targets of one day against those held for that day, whose figures only grow.
#[must_use]
pub fn targets(held: &[TargetUsage], new: &[TargetUsage]) -> Option<Suspicion> {
    let figure = |target: &TargetUsage| Some(target.traffic);
    lost_rows(held.len(), new.len())
        .or_else(|| lost_figures(held.iter().map(figure), new.iter().map(figure), true))
}

fn lost_rows(held: usize, rows: usize) -> Option<Suspicion> {
    match rows {
        _ if held == 0 => None,
        0 => Some(Suspicion::Empty { held }),
        // Of two rows one may well go; half of it is a judgement for lists.
        rows if rows * 2 < held => Some(Suspicion::Halved { held, rows }),
        _ => None,
    }
}

fn lost_figures(
    held: impl Iterator<Item = Option<Bytes>>,
    new: impl Iterator<Item = Option<Bytes>>,
    in_same_period: bool,
) -> Option<Suspicion> {
    let held: Bytes = held.flatten().sum();
    let mut new = new.flatten().peekable();
    let all_zero = new.peek().is_some() && new.all(|figure| figure == Bytes(0));
    (in_same_period && all_zero && held > Bytes(0)).then_some(Suspicion::AllZero { held })
}

/// What a collector was last not believed for, and how often in a row.
///
/// An answer that is empty and one that is halved do not bear each other out: only the same kind counts on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Doubt(Option<(Discriminant<Suspicion>, u8)>);

impl Doubt {
    /// Takes a judgement; gives the suspicion back unless it has come often enough to be believed.
    pub fn weigh(&mut self, suspicion: Option<Suspicion>) -> Option<Suspicion> {
        let Some(suspicion) = suspicion else {
            self.0 = None;
            return None;
        };
        let kind = discriminant(&suspicion);
        let before = self.0.filter(|(held, _)| *held == kind).map_or(0, |(_, times)| times);
        if before + 1 >= BELIEVED_AFTER {
            self.0 = None;
            return None;
        }
        self.0 = Some((kind, before + 1));
        Some(suspicion)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::civil::date;

    use super::*;
    use crate::domain::snapshot::Reading;
    use crate::domain::traffic::{SubUserId, Usage, Window};

    fn list(figures: &[Option<u64>]) -> Vec<SubUser> {
        let row = |(number, figure): (usize, &Option<u64>)| SubUser {
            id: Some(SubUserId(number.to_string().into())),
            username: format!("u{number}").into(),
            status: None,
            product: None,
            limit: None,
            limit_enforced: None,
            auto_disable: None,
            lifetime: None,
            created: None,
            usage: figure.map(|bytes| Usage {
                traffic: Bytes(bytes),
                requests: None,
                window: Window::Unknown,
            }),
        };
        figures.iter().enumerate().map(row).collect()
    }

    fn held(figures: &[Option<u64>]) -> Snapshot {
        Snapshot::default().with_sub_users(Timestamp::UNIX_EPOCH, list(figures))
    }

    #[test]
    fn f17_what_lost_too_much_is_suspect() {
        let before = held(&[Some(5), Some(0), Some(1)]);
        for (new, in_same_period, expected) in [
            (vec![], true, Some(Suspicion::Empty { held: 3 })),
            (vec![Some(5)], true, Some(Suspicion::Halved { held: 3, rows: 1 })),
            (vec![Some(5), Some(9)], true, None),
            (vec![Some(0); 3], true, Some(Suspicion::AllZero { held: Bytes(6) })),
            (vec![Some(0); 3], false, None),
            (vec![Some(0), None, Some(1)], true, None),
            (vec![None; 3], true, None),
        ] {
            let none = HashSet::new();
            assert_eq!(sub_users(&before, &list(&new), &none, in_same_period), expected, "{new:?}");
        }
        let none = HashSet::new();
        assert_eq!(
            sub_users(&Snapshot::default(), &[], &none, true),
            None,
            "with nothing held it is accepted"
        );
        let zero = [Some(0)];
        assert_eq!(sub_users(&held(&zero), &list(&zero), &none, true), None, "0 after 0 is nothing new");
    }

    #[test]
    fn f5_who_was_frozen_neither_hides_a_cut_list_nor_looks_like_one() {
        let before = held(&[Some(5), Some(0), Some(1), Some(7), Some(8)]);
        for (listed, kept, expected) in [
            (
                vec![None, Some(0)],
                vec![Some(1), Some(7), Some(8)],
                Some(Suspicion::AllZero { held: Bytes(5) }),
            ),
            (vec![Some(5), Some(0)], vec![None, None, None], None),
            (
                vec![Some(5), Some(0)],
                vec![Some(0), Some(0), None],
                Some(Suspicion::AllZero { held: Bytes(8) }),
            ),
            (vec![Some(5), Some(0)], vec![Some(0), Some(7), Some(0)], None),
            (vec![], vec![Some(5), Some(0), Some(1), Some(7), Some(8)], None),
        ] {
            let new: Vec<_> = listed.iter().chain(&kept).copied().collect();
            let new = list(&new);
            let frozen = new[listed.len()..].iter().map(SubUser::key).collect();
            assert_eq!(sub_users(&before, &new, &frozen, true), expected, "{listed:?} {kept:?}");
        }
        // Three of five are frozen, and one of the other two is not listed; then neither is.
        let all = list(&[Some(5), Some(0), Some(1), Some(7), Some(8)]);
        let frozen: HashSet<_> = all[2..].iter().map(SubUser::key).collect();
        assert_eq!(sub_users(&before, &all[1..], &frozen, false), None, "of two rows one may go");
        let empty = Some(Suspicion::Empty { held: 2 });
        assert_eq!(sub_users(&before, &all[2..], &frozen, true), empty);
        assert_eq!(
            sub_users(&before, &all[..1], &HashSet::new(), true),
            Some(Suspicion::Halved { held: 5, rows: 1 })
        );
    }

    #[test]
    fn f17_a_total_that_falls_to_0_is_suspect_unless_a_period_began() {
        let usage = |bytes, day| AccountUsage {
            traffic: Some(Bytes(bytes)),
            period_start: Some(date(2026, 1, day)),
            ..AccountUsage::default()
        };
        let account_held = Some(Reading { observed: Timestamp::UNIX_EPOCH, value: usage(7, 1) });
        let before = Snapshot { account: account_held, ..Snapshot::default() };
        assert_eq!(account(&before, &usage(0, 1), true), Some(Suspicion::AllZero { held: Bytes(7) }));
        assert_eq!(account(&before, &usage(0, 2), true), None, "a new first day");
        assert_eq!(account(&before, &usage(3, 1), true), None, "a correction");
        assert_eq!(account(&before, &AccountUsage::default(), true), Some(Suspicion::Unsaid));
        assert_eq!(account(&Snapshot::default(), &usage(0, 1), true), None);
    }

    #[test]
    fn f17_targets_of_a_day_only_grow() {
        let target = |bytes| TargetUsage { target: "a".into(), traffic: Bytes(bytes), requests: None };
        let held = [target(5), target(6), target(7)];
        assert_eq!(targets(&held, &[target(0)]), Some(Suspicion::Halved { held: 3, rows: 1 }));
        assert_eq!(targets(&held, &[target(0), target(0)]), Some(Suspicion::AllZero { held: Bytes(18) }));
        assert_eq!(targets(&held, &[target(0), target(9)]), None);
        assert_eq!(targets(&[], &[target(0)]), None);
    }

    #[test]
    fn f17_three_in_a_row_are_believed() {
        let suspicion = Some(Suspicion::Empty { held: 3 });
        let mut doubt = Doubt::default();
        assert_eq!(doubt.weigh(suspicion), suspicion);
        assert_eq!(doubt.weigh(None), None);
        assert_eq!(doubt.weigh(suspicion), suspicion, "it starts anew after a good one");
        assert_eq!(doubt.weigh(suspicion), suspicion);
        assert_eq!(doubt.weigh(suspicion), None);
        assert_eq!(doubt.weigh(suspicion), suspicion);
        let other = Some(Suspicion::AllZero { held: Bytes(1) });
        for _ in 0..5 {
            assert_eq!(doubt.weigh(other), other, "kinds that take turns do not bear each other out");
            assert_eq!(doubt.weigh(suspicion), suspicion);
        }
    }
}
