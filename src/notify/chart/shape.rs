//! What is drawn, as points of seconds and bytes: thinned, cut at the budget, and bounded.

use super::axis::seconds;
use crate::notify::message::Chart;

/// Points of a line at most; a phone shows no more.
const POINTS: f64 = 240.0;

/// Room above the highest of what is drawn.
const HEADROOM: f64 = 1.12;

/// A moment in seconds, and bytes.
pub(super) type Point = (f64, f64);

/// What is drawn.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shape {
    /// The moments at the edges, of which the second is later.
    pub(super) span: (f64, f64),
    /// The bytes at the upper edge, above 0.
    pub(super) top: f64,
    /// What was used, by time.
    pub(super) used: Vec<Point>,
    /// The parts of it below or above the amount, in turn.
    pub(super) runs: Vec<Run>,
    /// How much may be used.
    pub(super) amount: Option<f64>,
    /// What is expected: from the newest point to the middle, to as little, to as much.
    pub(super) expected: Option<[Point; 3]>,
}

/// A part of the line on one side of the amount.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Run {
    /// Whether it is above.
    pub(super) is_over: bool,
    /// Its points.
    pub(super) points: Vec<Point>,
}

impl Shape {
    pub(super) fn of(chart: &Chart) -> Self {
        let from = seconds(chart.from);
        let until = seconds(chart.until).max(from + 1.0);
        let used = thinned(chart, (from, until));
        let amount = chart.amount_bytes.map(|bytes| bytes as f64);
        let highest = used.iter().map(|(_, bytes)| *bytes).fold(0.0, f64::max);
        let shown = highest.max(amount.unwrap_or_default());
        let much = chart.forecast_bytes.map_or(0.0, |[middle, _, high]| middle.max(high) as f64);
        // What may come does not squeeze what is there.
        let bound = if shown > 0.0 { much.min(shown * 2.0) } else { much };
        let top = (shown.max(bound) * HEADROOM).max(1.0);
        let expected = chart.forecast_bytes.filter(|_| used.last().is_some_and(|(at, _)| *at < until));
        let expected = expected.map(|bytes| bytes.map(|bytes| (until, bytes as f64)));
        let runs = runs(&used, amount);
        Self { span: (from, until), top, used, runs, amount, expected }
    }

    /// Whether the newest figure is past the amount.
    pub(super) fn is_over(&self) -> bool {
        let newest = self.used.last().map(|(_, bytes)| *bytes);
        newest.zip(self.amount).is_some_and(|(used, amount)| used > amount)
    }
}

/// The points within the span, by time, the newest of each bit of it; from nothing at its start.
fn thinned(chart: &Chart, (from, until): (f64, f64)) -> Vec<Point> {
    let mut points: Vec<Point> = chart.used.iter().map(|(at, bytes)| (seconds(*at), *bytes as f64)).collect();
    points.retain(|(at, _)| (from..=until).contains(at));
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    if points.first().is_some_and(|(at, _)| *at > from) {
        points.insert(0, (from, 0.0));
    }
    let bit = |at: f64| ((at - from) / (until - from) * POINTS).ceil();
    let mut kept: Vec<Point> = Vec::new();
    for point in points {
        if kept.len() > 1 && kept.last().is_some_and(|last| bit(last.0) == bit(point.0)) {
            kept.pop();
        }
        kept.push(point);
    }
    kept
}

fn runs(used: &[Point], amount: Option<f64>) -> Vec<Run> {
    let amount = amount.unwrap_or(f64::INFINITY);
    let mut runs: Vec<Run> = Vec::new();
    let mut before: Option<Point> = None;
    for &point in used {
        let is_over = point.1 > amount;
        match (runs.last_mut(), before) {
            (Some(run), _) if run.is_over == is_over => run.points.push(point),
            (Some(run), Some(before)) => {
                let crossing = where_at(before, point, amount);
                run.points.push(crossing);
                runs.push(Run { is_over, points: vec![crossing, point] });
            }
            _ => runs.push(Run { is_over, points: vec![point] }),
        }
        before = Some(point);
    }
    runs
}

/// The point between two at which a line reaches `bytes`.
pub(super) fn where_at(from: Point, to: Point, bytes: f64) -> Point {
    let rise = to.1 - from.1;
    if rise == 0.0 {
        return (to.0, bytes);
    }
    let share = ((bytes - from.1) / rise).clamp(0.0, 1.0);
    (from.0 + (to.0 - from.0) * share, bytes)
}

/// A line's end, or where it leaves through the upper edge.
pub(super) fn clipped(from: Point, to: Point, top: f64) -> Point {
    if to.1 > top { where_at(from, to, top) } else { to }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_where_it_passes_the_amount() {
        let under = |points| Run { is_over: false, points };
        let over = |points| Run { is_over: true, points };
        let used = [(0.0, 0.0), (10.0, 20.0), (20.0, 20.0), (30.0, 0.0)];
        let parts = [
            under(vec![(0.0, 0.0), (5.0, 10.0)]),
            over(vec![(5.0, 10.0), (10.0, 20.0), (20.0, 20.0), (25.0, 10.0)]),
            under(vec![(25.0, 10.0), (30.0, 0.0)]),
        ];
        assert_eq!(runs(&used, Some(10.0)), parts);
        assert_eq!(runs(&used, None), [under(used.to_vec())]);
        assert_eq!(runs(&[(0.0, 3.0)], Some(0.0)), [over(vec![(0.0, 3.0)])]);
        assert_eq!(runs(&[], Some(0.0)), []);
    }

    #[test]
    fn a_line_leaves_through_the_upper_edge_and_not_along_it() {
        assert_eq!(clipped((0.0, 0.0), (10.0, 40.0), 20.0), (5.0, 20.0));
        assert_eq!(clipped((0.0, 0.0), (10.0, 20.0), 20.0), (10.0, 20.0));
    }
}
