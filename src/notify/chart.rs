//! How the use of a period came about, as a picture: for mails as PNG, for pages as SVG.
//!
//! Pure: the same chart gives the same bytes on every machine, since the letters come with the binary.

mod axis;
mod paint;
mod shape;

use std::sync::LazyLock;

use jiff::tz::TimeZone;
use plotters::backend::{BitMapBackend, SVGBackend};
use plotters::drawing::IntoDrawingArea;
use plotters::style::{FontStyle, register_font};

use super::message::Chart;

/// The family under which the letters are known; a browser has one of that name as well.
const FAMILY: &str = "sans-serif";

/// How large a picture is, and by whose calendar.
#[derive(Clone, Debug)]
pub struct Sizes {
    /// The width at which it is shown, from 200 to 2,000.
    pub width: u32,
    /// The height at which it is shown, from 150 to 2,000.
    pub height: u32,
    /// Pixels for each of these, from 1 to 4.
    pub density: u32,
    /// Where days begin.
    pub zone: TimeZone,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { width: 600, height: 300, density: 2, zone: TimeZone::UTC }
    }
}

/// Why there is no picture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChartError {
    /// A size out of bounds.
    #[error("a chart cannot be {width} by {height} at {density} pixels for each")]
    Size {
        /// What was asked for.
        width: u32,
        /// Likewise.
        height: u32,
        /// Likewise.
        density: u32,
    },
    /// The letters cannot be read.
    #[error("the font of charts cannot be read")]
    Font,
    /// It could not be drawn or packed.
    #[error("the chart could not be drawn: {0}")]
    Draw(String),
}

/// The chart as PNG.
///
/// # Errors
/// A size out of bounds; a failure of the drawing library.
pub fn png(chart: &Chart, sizes: &Sizes) -> Result<Vec<u8>, ChartError> {
    check(sizes)?;
    let (width, height) = (sizes.width * sizes.density, sizes.height * sizes.density);
    let mut pixels = vec![u8::MAX; width as usize * height as usize * 3];
    {
        let backend = BitMapBackend::with_buffer(&mut pixels, (width, height));
        paint::paint(&backend.into_drawing_area(), chart, sizes)?;
    }
    let mut packed = Vec::new();
    let mut encoder = png::Encoder::new(&mut packed, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Balanced);
    let failed = |error: png::EncodingError| ChartError::Draw(error.to_string());
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(&pixels).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(packed)
}

/// The chart as SVG of 600 by 300, in UTC.
///
/// # Errors
/// A failure of the drawing library.
pub fn svg(chart: &Chart) -> Result<String, ChartError> {
    let sizes = Sizes { density: 1, ..Sizes::default() };
    check(&sizes)?;
    let mut text = String::new();
    {
        let backend = SVGBackend::with_string(&mut text, (sizes.width, sizes.height));
        paint::paint(&backend.into_drawing_area(), chart, &sizes)?;
    }
    Ok(text)
}

fn check(sizes: &Sizes) -> Result<(), ChartError> {
    static IS_REGISTERED: LazyLock<bool> = LazyLock::new(|| {
        register_font(FAMILY, FontStyle::Normal, epaint_default_fonts::UBUNTU_LIGHT).is_ok()
    });
    let Sizes { width, height, density, .. } = *sizes;
    let is_sane = (200..=2_000).contains(&width) && (150..=2_000).contains(&height);
    if !is_sane || !(1..=4).contains(&density) {
        return Err(ChartError::Size { width, height, density });
    }
    if *IS_REGISTERED { Ok(()) } else { Err(ChartError::Font) }
}

#[cfg(test)]
mod tests;
