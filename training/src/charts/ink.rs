//! Colours by name: what a line stands for is said here, how it looks is said once, in [`STYLE`].
//!
//! The plotting crate knows fixed colours only. So each [`Ink`] has a colour of its own that is never seen, `#00KKNN`, and
//! `classes` puts `class="kN"` in its place. The page's style sheet then gives the class its colour in the light and in the dark.

use plotters::style::RGBColor;

/// What something is drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// Labels of axes.
    Text,
    /// Lines of the grid.
    Grid,
    /// A line to compare with: chance, perfection, no effect.
    Guide,
    /// The line of a series.
    Line(u8),
    /// The interval around a line.
    Band(u8),
    /// Bars and areas.
    Bar(u8),
    /// Dots.
    Dot(u8),
    /// The interval of a dot.
    Whisker(u8),
}

/// How many series have a look of their own; others look like the last.
pub const SERIES: u8 = 6;

/// Rules for every class, and the colours they take. Okabe and Ito's palette, which colour-blind people can tell apart, darkened
/// or lightened until each has a contrast of 3 to 1 with the page; lines also differ by their dashes, for print in grey.
pub const STYLE: &str = include_str!("style.css");

impl Ink {
    /// Letter of the class, its place in the unseen colour, and the series.
    fn code(self) -> (char, u8, u8) {
        let series = |series: u8| series.min(SERIES - 1);
        match self {
            Self::Text => ('t', 1, 0),
            Self::Grid => ('g', 2, 0),
            Self::Guide => ('u', 3, 0),
            Self::Line(n) => ('l', 4, series(n)),
            Self::Band(n) => ('b', 5, series(n)),
            Self::Bar(n) => ('r', 6, series(n)),
            Self::Dot(n) => ('d', 7, series(n)),
            Self::Whisker(n) => ('w', 8, series(n)),
        }
    }

    /// The unseen colour.
    pub(super) fn colour(self) -> RGBColor {
        let (_, kind, series) = self.code();
        RGBColor(0, kind, series)
    }

    /// The class, such as `l0`.
    #[must_use]
    pub fn class(self) -> String {
        let (letter, _, series) = self.code();
        format!("{letter}{series}")
    }

    fn all() -> impl Iterator<Item = Self> {
        let series = (0..SERIES).flat_map(|n| [Self::Line(n), Self::Band(n), Self::Bar(n), Self::Dot(n), Self::Whisker(n)]);
        [Self::Text, Self::Grid, Self::Guide].into_iter().chain(series)
    }
}

/// `svg` with classes for the unseen colours, and without the attributes that the style sheet sets.
///
/// Words in the drawing stay as they are: there the plotting crate writes `&quot;` for a quotation mark, so that none of what is
/// looked for can occur in them.
pub(super) fn classes(svg: &str) -> String {
    let mut svg = svg.replace(">\n", ">").replace("\n</", "</").replace(" \"/>", "\"/>");
    for attribute in
        [" opacity=\"1\"", " stroke=\"none\"", " fill=\"none\"", " stroke-width=\"1\"", " font-family=\"sans-serif\"", FONT_SIZE]
    {
        svg = svg.replace(attribute, "");
    }
    for ink in Ink::all() {
        let RGBColor(red, green, blue) = ink.colour();
        let class = format!(" class=\"{}\"", ink.class());
        for attribute in ["fill", "stroke"] {
            svg = svg.replace(&format!(" {attribute}=\"#{red:02X}{green:02X}{blue:02X}\""), &class);
        }
    }
    PLACED.iter().fold(svg, |svg, (attributes, class)| svg.replace(attributes, class))
}

/// Where the labels before and below an axis stand around their point, which the style sheet says too.
const PLACED: [(&str, &str); 2] = [
    (" dy=\"0.5ex\" text-anchor=\"end\" class=\"t0\"", " class=\"t1\""),
    (" dy=\"0.76em\" text-anchor=\"middle\" class=\"t0\"", " class=\"t2\""),
];
/// What the plotting crate writes for words of size [`WORDS`].
const FONT_SIZE: &str = " font-size=\"50\"";
/// Size of words as the plotting crate counts it.
pub(super) const WORDS: f64 = 62.0;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_ink_has_a_colour_and_a_rule_of_its_own() {
        let colours: BTreeSet<(u8, u8, u8)> = Ink::all().map(Ink::colour).map(|RGBColor(r, g, b)| (r, g, b)).collect();
        assert_eq!(colours.len(), Ink::all().count());
        for ink in Ink::all() {
            assert!(STYLE.contains(&format!(".{}", ink.class())), "{ink:?}");
        }
        assert_eq!(Ink::Line(200).class(), "l5");
    }

    #[test]
    fn words_in_a_drawing_stay_as_they_are() {
        let svg = "<text fill=\"#000100\">\nfill=&quot;#000100&quot; opacity=&quot;1&quot;\n</text>\n";
        assert_eq!(classes(svg), "<text class=\"t0\">fill=&quot;#000100&quot; opacity=&quot;1&quot;</text>");
    }
}
