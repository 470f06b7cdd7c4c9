//! Draws a chart. All measures are those at which it is shown, whatever the density.

use jiff::Timestamp;
use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{Circle, PathElement, Polygon, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, RGBAColor, RGBColor, ShapeStyle, TextStyle};

use super::axis::{self, Tick};
use super::shape::{Point, Shape, clipped};
use super::{ChartError, FAMILY, Sizes};
use crate::domain::units::Bytes;
use crate::notify::message::Chart;
use crate::notify::template::clean;

// Told apart by whoever sees colours differently, and by lightness in grey (Okabe and Ito).
const USED: RGBColor = RGBColor(0, 114, 178);
const OVER: RGBColor = RGBColor(213, 62, 0);
const INK: RGBColor = RGBColor(28, 30, 33);
const FAINT_INK: RGBColor = RGBColor(60, 65, 72);
const GRID: RGBColor = RGBColor(226, 229, 233);
const PAPER: RGBColor = RGBColor(255, 255, 255);

const TITLE: f64 = 22.0;
const LABEL: f64 = 18.0;
const EDGE: f64 = 12.0;

/// Characters of a title that are looked at.
const LONGEST_TITLE: usize = 120;

pub(super) fn paint<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    chart: &Chart,
    sizes: &Sizes,
) -> Result<(), ChartError> {
    let shape = Shape::of(chart);
    let bytes = axis::of_bytes(shape.top);
    let dates = axis::of_time(chart.from, chart.until, &sizes.zone);
    let brush = Brush { area, density: f64::from(sizes.density) };
    let widest = bytes.iter().map(|(_, text)| brush.width(text, LABEL)).fold(0.0, f64::max);
    let (width, height) = (f64::from(sizes.width), f64::from(sizes.height));
    let plot = Plot {
        left: EDGE + widest + 8.0,
        right: width - EDGE,
        top: 78.0,
        bottom: height - 36.0,
        span: shape.span,
        highest: shape.top,
    };
    brush.rectangle((0.0, 0.0), (width, height), PAPER.to_rgba())?;
    head(&brush, chart, &shape, width)?;
    grid(&brush, &plot, &bytes, &dates)?;
    if shape.used.is_empty() {
        let middle = ((plot.left + plot.right) / 2.0, (plot.top + plot.bottom) / 2.0 - 14.0);
        brush.text("no figures yet", middle, LABEL, FAINT_INK, HPos::Center)?;
    }
    forecast(&brush, &plot, &shape)?;
    used(&brush, &plot, &shape)?;
    amount(&brush, &plot, &shape)?;
    area.present().map_err(failed)
}

/// The title, and the figures with the signs by which they are drawn.
fn head<DB: DrawingBackend>(
    brush: &Brush<'_, DB>,
    chart: &Chart,
    shape: &Shape,
    width: f64,
) -> Result<(), ChartError> {
    let title = clean::line(&chart.title, LONGEST_TITLE);
    brush.text(&brush.fitted(&title, TITLE, width - 2.0 * EDGE), (EDGE, 11.0), TITLE, INK, HPos::Left)?;
    let mut x = EDGE;
    let is_shown = |at: Timestamp| chart.from <= at && at <= chart.until;
    let shown = chart.used.iter().filter(|(at, _)| is_shown(*at));
    if let Some((_, newest)) = shown.max_by_key(|(at, _)| *at) {
        let colour = if shape.is_over() { OVER } else { USED };
        brush.rectangle((x, 46.0), (x + 14.0, 58.0), colour.to_rgba())?;
        let text = format!("used {}", Bytes(*newest));
        brush.text(&text, (x + 20.0, 45.0), LABEL, colour, HPos::Left)?;
        x += 20.0 + brush.width(&text, LABEL) + 24.0;
    }
    if let Some([middle, low, high]) = chart.forecast_bytes.filter(|_| shape.expected.is_some()) {
        let (range, short) = (
            format!("forecast {} ({}–{})", Bytes(middle), Bytes(low), Bytes(high)),
            format!("forecast {}", Bytes(middle)),
        );
        let room = width - EDGE - x - 32.0;
        let text = if brush.width(&range, LABEL) <= room { range } else { brush.fitted(&short, LABEL, room) };
        brush.dashes((x, 52.0), (x + 26.0, 52.0), USED)?;
        brush.text(&text, (x + 32.0, 45.0), LABEL, FAINT_INK, HPos::Left)?;
    }
    Ok(())
}

fn grid<DB: DrawingBackend>(
    brush: &Brush<'_, DB>,
    plot: &Plot,
    bytes: &[Tick],
    dates: &[Tick],
) -> Result<(), ChartError> {
    for (at, text) in bytes {
        let y = plot.y(*at);
        let colour = if *at > 0.0 { GRID } else { FAINT_INK };
        brush.line(&[(plot.left, y), (plot.right, y)], colour.to_rgba(), 1.0)?;
        brush.text(text, (plot.left - 8.0, y - LABEL * 0.36), LABEL, FAINT_INK, HPos::Right)?;
    }
    let mut free = 0.0;
    for (at, text) in dates {
        let (x, half) = (plot.x(*at), brush.width(text, LABEL) / 2.0);
        brush.line(&[(x, plot.bottom), (x, plot.bottom + 6.0)], FAINT_INK.to_rgba(), 1.0)?;
        let middle = x.clamp(half + 2.0, plot.right + EDGE - half - 2.0);
        if middle - half >= free {
            brush.text(text, (middle, plot.bottom + 12.0), LABEL, FAINT_INK, HPos::Center)?;
            free = middle + half + 10.0;
        }
    }
    Ok(())
}

fn used<DB: DrawingBackend>(brush: &Brush<'_, DB>, plot: &Plot, shape: &Shape) -> Result<(), ChartError> {
    let mut below: Vec<Point> = Vec::new();
    for run in &shape.runs {
        let level =
            |point: &Point| (point.0, if run.is_over { shape.amount.unwrap_or(point.1) } else { point.1 });
        below.extend(run.points.iter().map(level));
    }
    if let (Some(first), Some(last)) = (below.first(), below.last()) {
        let closed = [(last.0, 0.0), (first.0, 0.0)];
        let outline: Vec<Point> = below.iter().chain(&closed).map(|point| plot.at(*point)).collect();
        brush.fill(&outline, USED.mix(0.22))?;
    }
    for run in &shape.runs {
        let line: Vec<Point> = run.points.iter().map(|point| plot.at(*point)).collect();
        if let (true, Some(amount)) = (run.is_over, shape.amount) {
            let mut outline = line.clone();
            outline.extend(line.iter().rev().map(|(x, _)| (*x, plot.y(amount))));
            brush.fill(&outline, OVER.mix(0.42))?;
        }
        brush.line(&line, if run.is_over { OVER } else { USED }.to_rgba(), 3.0)?;
    }
    let Some(newest) = shape.used.last() else { return Ok(()) };
    brush.dot(plot.at(*newest), if shape.is_over() { OVER } else { USED })
}

fn forecast<DB: DrawingBackend>(brush: &Brush<'_, DB>, plot: &Plot, shape: &Shape) -> Result<(), ChartError> {
    let (Some(newest), Some([middle, low, high])) = (shape.used.last(), shape.expected) else {
        return Ok(());
    };
    let end = |to: Point| clipped(*newest, to, shape.top);
    let corner = (shape.span.1, shape.top);
    let mut band = vec![*newest, end(high)];
    if high.1 > shape.top && low.1 <= shape.top {
        band.push(corner);
    }
    band.push(end(low));
    let band: Vec<Point> = band.into_iter().map(|point| plot.at(point)).collect();
    brush.fill(&band, USED.mix(0.16))?;
    brush.dashes(plot.at(*newest), plot.at(end(middle)), USED)
}

fn amount<DB: DrawingBackend>(brush: &Brush<'_, DB>, plot: &Plot, shape: &Shape) -> Result<(), ChartError> {
    let Some(amount) = shape.amount else { return Ok(()) };
    let y = plot.y(amount);
    brush.line(&[(plot.left, y), (plot.right, y)], INK.to_rgba(), 2.0)?;
    let text = format!("budget {}", Bytes(amount as u64));
    let high = LABEL * 1.3;
    // Above the line, or below where there is no room.
    let top = if y - high - 3.0 < plot.top { y + 4.0 } else { y - high - 3.0 };
    let end = (plot.left + brush.width(&text, LABEL) + 14.0, top + high);
    brush.rectangle((plot.left + 6.0, top), end, PAPER.mix(0.8))?;
    brush.text(&text, (plot.left + 10.0, top + 5.0), LABEL, INK, HPos::Left)
}

/// Where the axes are.
struct Plot {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    span: (f64, f64),
    highest: f64,
}

impl Plot {
    fn x(&self, at: f64) -> f64 {
        let share = (at - self.span.0) / (self.span.1 - self.span.0);
        self.left + (self.right - self.left) * share.clamp(0.0, 1.0)
    }

    fn y(&self, bytes: f64) -> f64 {
        self.bottom - (self.bottom - self.top) * (bytes / self.highest).clamp(0.0, 1.0)
    }

    fn at(&self, (at, bytes): Point) -> Point {
        (self.x(at), self.y(bytes))
    }
}

/// What draws, in measures at which the picture is shown.
struct Brush<'a, DB: DrawingBackend> {
    area: &'a DrawingArea<DB, Shift>,
    density: f64,
}

impl<DB: DrawingBackend> Brush<'_, DB> {
    fn pixel(&self, (x, y): Point) -> (i32, i32) {
        ((x * self.density).round() as i32, (y * self.density).round() as i32)
    }

    fn stroke(&self, colour: RGBAColor, width: f64) -> ShapeStyle {
        colour.stroke_width((width * self.density).round() as u32)
    }

    /// The library's size is that of a line; ours of a letter's square.
    fn font_size(&self, size: f64) -> f64 {
        size * self.density * 1.24
    }

    fn width(&self, text: &str, size: f64) -> f64 {
        let font = (FAMILY, self.font_size(size)).into_font();
        font.box_size(text).map_or(0.0, |(width, _)| f64::from(width) / self.density)
    }

    /// As much of `text` as fits into `width`, with a mark where it is cut.
    fn fitted(&self, text: &str, size: f64, width: f64) -> String {
        let mut fitted = text.to_owned();
        let mut length = text.chars().count();
        while length > 1 && self.width(&fitted, size) > width {
            length -= 1;
            fitted = text.chars().take(length).collect::<String>().trim_end().to_owned() + "…";
        }
        fitted
    }

    fn text(
        &self,
        text: &str,
        at: Point,
        size: f64,
        colour: RGBColor,
        anchor: HPos,
    ) -> Result<(), ChartError> {
        let style = TextStyle::from((FAMILY, self.font_size(size)).into_font()).color(&colour);
        let style = style.pos(Pos::new(anchor, VPos::Top));
        self.area.draw(&Text::new(text, self.pixel(at), style)).map_err(failed)
    }

    fn line(&self, points: &[Point], colour: RGBAColor, width: f64) -> Result<(), ChartError> {
        let points: Vec<(i32, i32)> = points.iter().map(|point| self.pixel(*point)).collect();
        if points.len() < 2 {
            return Ok(());
        }
        self.area.draw(&PathElement::new(points, self.stroke(colour, width))).map_err(failed)
    }

    fn fill(&self, points: &[Point], colour: RGBAColor) -> Result<(), ChartError> {
        let points: Vec<(i32, i32)> = points.iter().map(|point| self.pixel(*point)).collect();
        if points.len() < 3 {
            return Ok(());
        }
        self.area.draw(&Polygon::new(points, colour.filled())).map_err(failed)
    }

    fn rectangle(&self, from: Point, to: Point, colour: RGBAColor) -> Result<(), ChartError> {
        self.area.draw(&Rectangle::new([self.pixel(from), self.pixel(to)], colour.filled())).map_err(failed)
    }

    fn dot(&self, at: Point, colour: RGBColor) -> Result<(), ChartError> {
        let radius = |radius: f64| (radius * self.density).round() as i32;
        self.area.draw(&Circle::new(self.pixel(at), radius(7.0), PAPER.filled())).map_err(failed)?;
        self.area.draw(&Circle::new(self.pixel(at), radius(5.0), colour.filled())).map_err(failed)
    }

    fn dashes(&self, from: Point, to: Point, colour: RGBColor) -> Result<(), ChartError> {
        const DASH: f64 = 8.0;
        const GAP: f64 = 5.0;
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        let on = |along: f64| {
            let share = (along / length).min(1.0);
            (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share)
        };
        let mut along = 0.0;
        while along < length {
            self.line(&[on(along), on(along + DASH)], colour.to_rgba(), 3.0)?;
            along += DASH + GAP;
        }
        Ok(())
    }
}

fn failed<E: std::error::Error + Send + Sync>(
    error: plotters::drawing::DrawingAreaErrorKind<E>,
) -> ChartError {
    ChartError::Draw(error.to_string())
}
