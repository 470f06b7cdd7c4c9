//! What holds for all inputs.

use proptest::prelude::*;

use super::*;

/// What is remembered, in an order of its own.
fn sorted(mut incidents: Incidents) -> Incidents {
    for tracks in incidents.budgets.values_mut().flat_map(|budget| budget.accounts.values_mut()) {
        tracks.tracks.sort_by(|one, other| one.target.cmp(&other.target));
    }
    incidents
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_order_of_rows_changes_nothing(
        looks in prop::collection::vec(
            (1_i64..40, prop::collection::btree_map(0_u8..12, 0_u64..130, 0..12), any::<u64>()), 1..8),
    ) {
        let budgets = || vec![ladder(&[50, 80, 100]), Budget { name: "c".into(), ..with_amount("80% of limit", &[70]) }];
        let (mut one, mut other) = (Month::new(budgets()), Month::new(budgets()));
        let mut now = at(0, 0);
        for (hours, rows, seed) in looks {
            now += hours.hours();
            let rows: Vec<_> = rows.into_iter().map(|(id, used)| (id.to_string(), format!("u{id}"), used)).collect();
            let mut shuffled = rows.clone();
            shuffled.sort_by_key(|(id, ..)| id.parse::<u64>().unwrap().wrapping_mul(seed | 1) >> 3);
            let row = |(id, name, used): &(String, String, u64)| (id.clone(), name.clone(), *used);
            for (month, rows) in [(&mut one, rows), (&mut other, shuffled)] {
                let rows: Vec<_> = rows.iter().map(row).collect();
                let rows: Vec<_> = rows.iter().map(|(id, name, used)| (&**id, &**name, *used)).collect();
                month.look(now, &rows);
            }
            prop_assert_eq!(&one.events, &other.events);
            prop_assert_eq!(sorted(one.incidents.clone()), sorted(other.incidents.clone()));
        }
    }

    #[test]
    fn a_threshold_is_told_once_a_target_and_period(
        readings in prop::collection::vec(0_u64..150, 1..60),
    ) {
        let mut month = Month::new(vec![ladder(&[50, 80, 100])]);
        let mut told = crate::domain::incident::Latches::default();
        for (hour, used) in readings.iter().enumerate() {
            month.look(at(0, i64::try_from(hour).unwrap()), &[("1", "a", *used)]);
            for event in &month.events {
                if let crate::domain::event::Event::Fired { latched, .. } = event {
                    prop_assert!(told.within(*latched).is_empty(), "told twice");
                    told = told.and(*latched);
                }
            }
        }
        let highest = readings.iter().max().unwrap();
        let passed = [50, 80, 100].iter().filter(|percent| highest >= percent).count();
        prop_assert_eq!(told.len() as usize, passed, "and each that was passed is");
    }

    #[test]
    fn no_input_panics(
        seconds in prop::collection::vec(any::<i64>(), 1..6), used in any::<u64>(), limit in any::<u64>(), total in any::<u64>(),
    ) {
        let mut month = Month::new(vec![
            with_amount("300% of limit", &[1, 100, 10_000]),
            rolling(&[0, 100]),
            Budget { per: Per::Unattributed, ..ladder(&[100]) },
            Budget { per: Per::Account, ..ladder(&[100]) },
        ]);
        for (at, budget) in month.budgets.iter_mut().enumerate() {
            budget.name = format!("b{at}").into();
        }
        for second in seconds {
            let now = jiff::Timestamp::from_second(second.rem_euclid(500_000_000_000) - 250_000_000_000).unwrap();
            month.look(now, &[("1", "a", 1)]);
            month.limit = Some(Limit::of(Bytes(limit)));
            let mut rows = month.snapshot.rows().to_vec();
            for usage in rows.iter_mut().filter_map(|row| row.usage.as_mut()) {
                usage.value.traffic = Bytes(used);
            }
            month.snapshot.sub_users =
                Some(std::sync::Arc::new(crate::domain::snapshot::Reading { observed: now, value: rows }));
            if let Some(reading) = &mut month.snapshot.account {
                reading.value.traffic = Some(Bytes(total));
            }
            month.rolled = Some(Bytes(used));
            month.evaluate(now);
        }
    }
}
