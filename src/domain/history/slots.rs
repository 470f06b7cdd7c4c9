//! The newest days or hours in whole steps of 64 KiB.

use crate::domain::units::Bytes;

/// Bytes of one step.
const STEP: u64 = 1 << 16;

/// Stands for what is not known; the most that a slot holds is one step less, 281 TB.
const NOT_KNOWN: u32 = u32::MAX;

/// What was used in each of the newest `N` spans.
///
/// A slot is rounded up, so that a little is not nothing.
/// The newest span is kept to the byte beside its slot: a thousand small additions are rounded once.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Slots<const N: usize> {
    /// The newest last.
    steps: [u32; N],
    newest: u64,
}

impl<const N: usize> Default for Slots<N> {
    fn default() -> Self {
        Self { steps: [NOT_KNOWN; N], newest: 0 }
    }
}

impl<const N: usize> Slots<N> {
    /// Begins a newest span which is `ahead` of the one that was; those between are nothing where they were `watched`,
    /// by how many spans they lie back.
    pub(super) fn begin(&mut self, ahead: u64, watched: impl Fn(usize) -> bool) {
        let ahead = usize::try_from(ahead).unwrap_or(N).min(N);
        self.steps.copy_within(ahead.., 0);
        for (back, slot) in self.steps.iter_mut().rev().enumerate().take(ahead) {
            *slot = if back > 0 && watched(back) { 0 } else { NOT_KNOWN };
        }
        self.newest = 0;
    }

    /// Says what was used in a span; one further back than the remembered ones is nothing.
    pub(super) fn set(&mut self, back: u64, used: Bytes) {
        if back == 0 {
            self.newest = used.0;
        }
        if let Some(slot) = self.slot(back) {
            *slot = steps(used.0);
        }
    }

    /// Adds to the newest span.
    pub(super) fn add_to_newest(&mut self, used: Bytes) {
        self.newest = self.newest.saturating_add(used.0);
        if let Some(slot) = self.steps.last_mut() {
            *slot = steps(self.newest);
        }
    }

    /// Adds to any span; to one before the newest in whole steps.
    pub(super) fn add(&mut self, back: u64, used: Bytes) {
        if back == 0 {
            self.add_to_newest(used);
        } else if let Some(slot) = self.slot(back) {
            let held = if *slot == NOT_KNOWN { 0 } else { *slot };
            *slot = held.saturating_add(steps(used.0)).min(NOT_KNOWN - 1);
        }
    }

    /// What was used in a span, where that is known.
    pub(super) fn get(&self, back: usize) -> Option<Bytes> {
        let steps = *self.steps.get(N.checked_sub(1 + back)?)?;
        (steps != NOT_KNOWN).then(|| Bytes(u64::from(steps) * STEP))
    }

    /// The spans, newest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = Option<Bytes>> + use<'_, N> {
        (0..N).map(|back| self.get(back))
    }

    fn slot(&mut self, back: u64) -> Option<&mut u32> {
        self.steps.get_mut(N.checked_sub(1 + usize::try_from(back).ok()?)?)
    }
}

/// Rounded as a slot rounds.
pub(super) fn rounded(used: Bytes) -> Bytes {
    Bytes(u64::from(steps(used.0)) * STEP)
}

/// Whole steps, a part of one up.
fn steps(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(STEP)).unwrap_or(NOT_KNOWN).min(NOT_KNOWN - 1)
}
