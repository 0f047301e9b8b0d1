//! The only place that speaks to the plotting crate: panels in, SVG out.

use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon, Rectangle, Text};
use plotters::prelude::{Cartesian2d, IntoTextStyle, SVGBackend};
use plotters::style::colors::TRANSPARENT;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, ShapeStyle, TextStyle};

use super::axis::{Axis, CHARACTER};
use super::ink::{Ink, WORDS, classes};
use super::{Chart, Mark, Panel};

/// Units of the drawing in a CSS pixel: the plotting crate counts in whole units, which at one a pixel would show as steps.
const FINE: u32 = 4;
/// Height of the labels under a panel, and of a line of words, in CSS pixels.
const LINE: u32 = 19;
/// Room for half of the last label under a panel, in CSS pixels.
const RIGHT: u32 = 16;
/// Half of a dot, in CSS pixels.
const RADIUS: f64 = 3.0;

type Plane<'a> = ChartContext<'a, SVGBackend<'a>, Cartesian2d<Axis, Axis>>;
type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// The chart as one `<svg>` element for a page, with a title and a description.
pub(super) fn svg(chart: &Chart) -> String {
    let height: u32 = chart.panels.iter().map(|panel| panel.height).sum();
    let (width, height) = (FINE * chart.width, FINE * height.max(1));
    let mut drawing = String::new();
    let drawn = panels(chart, SVGBackend::with_string(&mut drawing, (width, height)).into_drawing_area());
    let inner = match drawn {
        Ok(()) => classes(drawing.split_once('>').map_or("", |(_, inner)| inner).trim().trim_end_matches("</svg>")),
        Err(error) => format!("<text x=\"0\" y=\"60\">{}</text>", escaped(&format!("this chart could not be drawn: {error}"))),
    };
    let desc = if chart.desc.is_empty() { String::new() } else { format!("<desc>{}</desc>", escaped(&chart.desc)) };
    let title = escaped(&chart.title);
    format!("<svg class=\"ch\" viewBox=\"0 0 {width} {height}\" role=\"img\"><title>{title}</title>{desc}{inner}</svg>")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn panels(chart: &Chart, area: DrawingArea<SVGBackend<'_>, Shift>) -> Drawn {
    let labels = chart.panels.iter().flat_map(|panel| panel.y.labels());
    let widest = labels.map(|label| label.chars().count()).max().unwrap_or(0);
    let left = if widest == 0 { 2.0 } else { CHARACTER * widest as f64 + 10.0 };
    let mut rest = area;
    for one in &chart.panels {
        let (top, below) = rest.split_vertically(FINE * one.height);
        panel(one, &top, (f64::from(FINE) * left) as u32)?;
        rest = below;
    }
    rest.present()
}

fn panel(panel: &Panel, area: &DrawingArea<SVGBackend<'_>, Shift>, left: u32) -> Drawn {
    let name_above = FINE * if panel.y.name.is_empty() { LINE / 4 } else { LINE + 4 };
    let below = if panel.x.ticks.is_empty() { LINE / 2 } else { LINE } + if panel.x.name.is_empty() { 0 } else { LINE };
    let mut plane: Plane<'_> = ChartBuilder::on(area)
        .margin_top(name_above)
        .margin_right(FINE * RIGHT)
        .x_label_area_size(FINE * below)
        .y_label_area_size(left)
        .build_cartesian_2d(panel.x.clone(), panel.y.clone())?;
    mesh(&mut plane, panel)?;
    for one in panel.marks.iter().filter(|one| one.is_finite()) {
        mark(&plane, one)?;
    }
    let (width, height) = area.dim_in_pixel();
    if !panel.y.name.is_empty() {
        area.draw(&Text::new(panel.y.name.clone(), (FINE.cast_signed(), 0), words(HPos::Left, VPos::Top)))?;
    }
    if !panel.x.name.is_empty() {
        let at = ((width - FINE * RIGHT).cast_signed(), (height - FINE).cast_signed());
        area.draw(&Text::new(panel.x.name.clone(), at, words(HPos::Right, VPos::Bottom)))?;
    }
    Ok(())
}

fn words(across: HPos, along: VPos) -> TextStyle<'static> {
    ("sans-serif", WORDS).with_color(Ink::Text.colour()).into_text_style(&(1, 1)).pos(Pos::new(across, along))
}

fn mesh(plane: &mut Plane<'_>, panel: &Panel) -> Drawn {
    let mut mesh = plane.configure_mesh();
    if !panel.x.grid {
        mesh.disable_x_mesh();
    }
    if !panel.y.grid {
        mesh.disable_y_mesh();
    }
    mesh.set_all_tick_mark_size(FINE * 3)
        // The grid and what is drawn show where the axes are.
        .axis_style(TRANSPARENT)
        .bold_line_style(Ink::Grid.colour())
        .label_style(("sans-serif", WORDS).with_color(Ink::Text.colour()))
        .draw()
}

fn mark(plane: &Plane<'_>, mark: &Mark) -> Drawn {
    let area = plane.plotting_area();
    match mark {
        Mark::Line(points, ink) if points.len() > 1 => area.draw(&PathElement::new(points.clone(), style(*ink))),
        Mark::Area(points, ink) if points.len() > 1 => area.draw(&Polygon::new(points.clone(), style(*ink))),
        Mark::Line(..) | Mark::Area(..) => Ok(()),
        Mark::Bar(one, other, ink) => area.draw(&Rectangle::new([*one, *other], style(*ink))),
        Mark::Dot(place, ink) => area.draw(&Circle::new(*place, (f64::from(FINE) * RADIUS) as i32, style(*ink))),
        Mark::Whisker(from, to, ink) => area.draw(&PathElement::new(vec![*from, *to], style(*ink))),
    }
}

fn style(ink: Ink) -> ShapeStyle {
    match ink {
        Ink::Bar(_) | Ink::Dot(_) | Ink::Band(_) => ink.colour().filled(),
        _ => ink.colour().stroke_width(1),
    }
}
