//! The small map of a matter: the county it lies in, its neighbours, the point. Drawn here as SVG,
//! from boundaries that are for work inside the platform only (they bear no 审图号).

use std::fmt::{self, Write as _};
use std::sync::LazyLock;

use askama::filters::HtmlSafe;
use procedure::Value;
use procedure::value::Point;
use procedure::{Matter, Procedure};
use serde::Deserialize;

use super::look::Look;
use super::value::{degrees, division_words};
use crate::message::Language;

/// A map ready to be drawn.
#[derive(Debug, Clone)]
pub(crate) struct Map {
    pub(crate) drawing: Drawing,
    /// What it shows, in words.
    pub(crate) words: String,
}

/// The SVG itself.
#[derive(Debug, Clone)]
pub(crate) struct Drawing(String);

impl fmt::Display for Drawing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl askama::FastWritable for Drawing {
    fn write_into(&self, to: &mut dyn fmt::Write, _: &dyn askama::Values) -> askama::Result<()> {
        Ok(to.write_str(&self.0)?)
    }
}

impl HtmlSafe for Drawing {}

const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 240.0;
/// How much of the county's size is shown around it.
const MARGIN: f64 = 0.35;
/// Smallest stretch shown, in degrees: a county of a big city alone says little.
const SPAN_MIN: f64 = 0.25;
/// The room a name takes.
const NAME_WIDTH: f64 = 44.0;
const NAME_HEIGHT: f64 = 15.0;
/// Steps of a line shorter than this, in units of the drawing, are left out.
const STEP_MIN: f64 = 1.0;

/// The map of a division to pick a place on; `None` outside the province.
pub(crate) fn picking(language: Language, code: &str) -> Option<Drawing> {
    let shown: Vec<&County> = COUNTIES.iter().filter(|county| county.is_within(code)).collect();
    let first = shown.first()?;
    let bounds = shown.iter().fold(first.bounds, |bounds, county| bounds.with(county.bounds));
    let words = language.with("form.place-map", "division", division_words(code));
    Some(draw(&shown, bounds.wider(), None, &words))
}

/// The map of a matter that names a division or a point; `None` when it names neither, or a place
/// outside the province.
pub(crate) fn map(look: &Look<'_>, matter: &Matter, procedure: &Procedure) -> Option<Map> {
    let held = || procedure.fields.iter().filter_map(|field| matter.fields.get(&field.id));
    let point = held().find_map(|value| match value {
        Value::Point(point) => Some(*point),
        _ => None,
    });
    let division = held().find_map(|value| match value {
        Value::Division(code) => Some(code.as_str()),
        _ => None,
    });
    let shown: Vec<&County> = match (division, point) {
        (Some(code), _) => COUNTIES.iter().filter(|county| county.is_within(code)).collect(),
        (None, Some(point)) => {
            COUNTIES.iter().find(|county| county.holds(point)).into_iter().collect()
        }
        (None, None) => Vec::new(),
    };
    let first = shown.first()?;
    let bounds = shown.iter().fold(first.bounds, |bounds, county| bounds.with(county.bounds));
    let name = division.map_or_else(|| first.name.clone(), division_words);
    let words = match point {
        Some(point) => look.fill(
            "matter.map.point",
            &[
                ("division", &name),
                ("longitude", &degrees(point.longitude_e6)),
                ("latitude", &degrees(point.latitude_e6)),
            ],
        ),
        None => look.fill("matter.map.no-point", &[("division", &name)]),
    };
    let drawing = draw(&shown, bounds.wider(), point, &words);
    Some(Map { drawing, words })
}

fn draw(shown: &[&County], view: Bounds, point: Option<Point>, words: &str) -> Drawing {
    let eye = Eye::on(view);
    let mut svg = String::new();
    let _ = write!(
        svg,
        r#"<svg class="map" viewBox="0 0 {WIDTH} {HEIGHT}" data-west="{:.6}" data-north="{:.6}" data-across="{:.4}" data-down="{:.4}" role="img" aria-label="{}">"#,
        eye.west,
        eye.north,
        eye.across,
        eye.down,
        escaped(words)
    );
    let near = || COUNTIES.iter().filter(|county| county.bounds.meets(eye.seen));
    for county in near() {
        let class =
            if shown.iter().any(|one| one.code == county.code) { "area here" } else { "area" };
        let _ = write!(svg, r#"<path class="{class}" d=""#);
        for ring in &county.rings {
            eye.trace(ring, &mut svg);
        }
        svg.push_str(r#""/>"#);
    }
    let pin =
        point.map(|point| eye.place(in_degrees(point.longitude_e6), in_degrees(point.latitude_e6)));
    // Those shown are named first; a name that would lie on another is left out.
    let mut taken: Vec<(f64, f64)> = Vec::new();
    let is_here = |county: &&County| shown.iter().any(|one| one.code == county.code);
    for county in near().filter(is_here).chain(near().filter(|county| !is_here(county))) {
        let (x, mut y) = eye.place(county.centre.0, county.centre.1);
        if pin.is_some_and(|(a, b)| (a - x).abs() < NAME_WIDTH && (b - y).abs() < NAME_HEIGHT) {
            y -= NAME_HEIGHT;
        }
        let fits = (24.0..WIDTH - 24.0).contains(&x) && (14.0..HEIGHT - 6.0).contains(&y);
        let collides =
            |(a, b): &(f64, f64)| (a - x).abs() < NAME_WIDTH && (b - y).abs() < NAME_HEIGHT;
        if !fits || taken.iter().any(collides) {
            continue;
        }
        taken.push((x, y));
        let class = if is_here(&county) { "" } else { r#" class="sub""# };
        let _ =
            write!(svg, r#"<text{class} x="{x:.0}" y="{y:.0}">{}</text>"#, escaped(&county.name));
    }
    if let Some((x, y)) = pin {
        let _ = write!(svg, r#"<circle class="pin" cx="{x:.1}" cy="{y:.1}" r="6"/>"#);
    }
    svg.push_str("</svg>");
    Drawing(svg)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn in_degrees(micro: i32) -> f64 {
    f64::from(micro) / 1e6
}

/// Where the drawing looks from: degrees in, units of the drawing out.
struct Eye {
    west: f64,
    north: f64,
    across: f64,
    down: f64,
    seen: Bounds,
}

impl Eye {
    /// Shows the whole of some bounds, north up, one scale in both directions.
    fn on(view: Bounds) -> Self {
        let middle = f64::midpoint(view.south, view.north);
        let narrowing = middle.to_radians().cos().max(0.1);
        let scale =
            (WIDTH / ((view.east - view.west) * narrowing)).min(HEIGHT / (view.north - view.south));
        let (across, down) = (scale * narrowing, scale);
        let (half_width, half_height) = (WIDTH / across / 2.0, HEIGHT / down / 2.0);
        let centre = f64::midpoint(view.west, view.east);
        let seen = Bounds {
            west: centre - half_width,
            east: centre + half_width,
            south: middle - half_height,
            north: middle + half_height,
        };
        Self { west: seen.west, north: seen.north, across, down, seen }
    }

    fn place(&self, longitude: f64, latitude: f64) -> (f64, f64) {
        ((longitude - self.west) * self.across, (self.north - latitude) * self.down)
    }

    /// Writes a ring as a path, leaving out steps too small to be seen.
    fn trace(&self, ring: &[(f32, f32)], svg: &mut String) {
        let mut last: Option<(f64, f64)> = None;
        for (longitude, latitude) in ring {
            let (x, y) = self.place(f64::from(*longitude), f64::from(*latitude));
            let far = last.is_none_or(|(a, b)| (x - a).abs() + (y - b).abs() >= STEP_MIN);
            if far {
                let pen = if last.is_none() { 'M' } else { 'L' };
                let _ = write!(svg, "{pen}{x:.0} {y:.0}");
                last = Some((x, y));
            }
        }
        if last.is_some() {
            svg.push('Z');
        }
    }
}

/// A stretch of the earth, in degrees.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    west: f64,
    south: f64,
    east: f64,
    north: f64,
}

impl Bounds {
    const NONE: Self = Self { west: 180.0, south: 90.0, east: -180.0, north: -90.0 };

    fn around(self, longitude: f64, latitude: f64) -> Self {
        Self {
            west: self.west.min(longitude),
            south: self.south.min(latitude),
            east: self.east.max(longitude),
            north: self.north.max(latitude),
        }
    }

    fn with(self, other: Self) -> Self {
        self.around(other.west, other.south).around(other.east, other.north)
    }

    fn meets(self, other: Self) -> bool {
        self.west < other.east
            && other.west < self.east
            && self.south < other.north
            && other.south < self.north
    }

    fn holds(self, longitude: f64, latitude: f64) -> bool {
        (self.west..=self.east).contains(&longitude)
            && (self.south..=self.north).contains(&latitude)
    }

    fn wider(self) -> Self {
        let more = |low: f64, high: f64| {
            let span = (high - low).max(SPAN_MIN);
            let middle = f64::midpoint(low, high);
            let half = span * (0.5 + MARGIN / 2.0);
            (middle - half, middle + half)
        };
        let ((west, east), (south, north)) =
            (more(self.west, self.east), more(self.south, self.north));
        Self { west, south, east, north }
    }
}

/// A county and its boundary.
struct County {
    code: String,
    name: String,
    centre: (f64, f64),
    bounds: Bounds,
    rings: Vec<Vec<(f32, f32)>>,
}

impl County {
    /// Whether it is a division or lies in it; codes of provinces and cities end in zeros.
    fn is_within(&self, code: &str) -> bool {
        let code = code.get(..6).unwrap_or(code);
        let stem = match (code.strip_suffix("0000"), code.strip_suffix("00")) {
            (Some(province), _) => province,
            (None, Some(city)) => city,
            (None, None) => code,
        };
        !stem.is_empty() && self.code.starts_with(stem)
    }

    fn holds(&self, point: Point) -> bool {
        let (x, y) = (in_degrees(point.longitude_e6), in_degrees(point.latitude_e6));
        if !self.bounds.holds(x, y) {
            return false;
        }
        // A line from the point northwards crosses the boundary an odd number of times.
        let crossings = self.rings.iter().flat_map(|ring| ring.iter().zip(ring.iter().skip(1)));
        let odd = crossings
            .filter(|((x1, y1), (x2, y2))| {
                let (x1, y1, x2, y2) =
                    (f64::from(*x1), f64::from(*y1), f64::from(*x2), f64::from(*y2));
                (x1 > x) != (x2 > x) && y < (y2 - y1) * (x - x1) / (x2 - x1) + y1
            })
            .count();
        odd % 2 == 1
    }
}

/// Counties of Shaanxi; see `data/geo` for where they come from.
const COUNTIES_GEOJSON: &str = include_str!("../../../../data/geo/shaanxi_counties_mit.geojson");

static COUNTIES: LazyLock<Vec<County>> = LazyLock::new(|| {
    let file: Option<Collection> = serde_json::from_str(COUNTIES_GEOJSON).ok();
    file.map(|file| file.features.into_iter().map(County::from).collect()).unwrap_or_default()
});

#[derive(Deserialize)]
struct Collection {
    features: Vec<Feature>,
}

#[derive(Deserialize)]
struct Feature {
    properties: Properties,
    geometry: Geometry,
}

#[derive(Deserialize)]
struct Properties {
    code: String,
    name: String,
    center: (f64, f64),
}

#[derive(Deserialize)]
#[serde(tag = "type", content = "coordinates")]
enum Geometry {
    Polygon(Vec<Vec<(f32, f32)>>),
    MultiPolygon(Vec<Vec<Vec<(f32, f32)>>>),
}

impl From<Feature> for County {
    fn from(feature: Feature) -> Self {
        let rings = match feature.geometry {
            Geometry::Polygon(rings) => rings,
            Geometry::MultiPolygon(parts) => parts.into_iter().flatten().collect(),
        };
        let corners = rings.iter().flatten();
        let bounds = corners.fold(Bounds::NONE, |bounds, (longitude, latitude)| {
            bounds.around(f64::from(*longitude), f64::from(*latitude))
        });
        let Properties { code, name, center: centre } = feature.properties;
        Self { code, name, centre, bounds, rings }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counties(code: &str) -> Vec<&'static County> {
        COUNTIES.iter().filter(|county| county.is_within(code)).collect()
    }

    #[test]
    fn every_county_of_the_file_is_read() {
        assert_eq!(COUNTIES.len(), 107);
        assert!(COUNTIES.iter().all(|county| county.bounds.west < county.bounds.east));
    }

    #[test]
    fn a_point_in_fengxiang_lies_in_fengxiang() {
        let point = Point { longitude_e6: 107_390_000, latitude_e6: 34_520_000 };
        let found: Vec<_> = COUNTIES.iter().filter(|county| county.holds(point)).collect();
        assert_eq!(found.iter().map(|county| county.name.as_str()).collect::<Vec<_>>(), ["凤翔区"]);
    }

    #[test]
    fn codes_of_cities_and_townships_lead_to_their_counties() {
        assert_eq!(counties("610000").len(), 107);
        assert!(counties("610300").len() > 5);
        assert_eq!(counties("610305").len(), 1);
        assert_eq!(counties("610305101").len(), counties("610305").len());
        assert!(counties("").is_empty());
    }

    #[test]
    fn the_drawing_is_small_and_holds_the_point() {
        let shown = counties("610305");
        let bounds = shown.iter().fold(Bounds::NONE, |bounds, county| bounds.with(county.bounds));
        let point = Point { longitude_e6: 107_390_000, latitude_e6: 34_520_000 };
        let Drawing(svg) = draw(&shown, bounds.wider(), Some(point), "凤翔 <区>");
        assert!(svg.len() < 30_000, "{} bytes", svg.len());
        assert!(svg.contains("class=\"pin\"") && svg.contains("class=\"area here\""));
        assert!(svg.contains("凤翔 &lt;区&gt;"));
        assert!(svg.contains("data-west=\"10") && svg.contains("data-north=\"3"));
        assert!(picking(Language::Zh, "110000").is_none());
        let picking = picking(Language::Zh, "610305").unwrap().to_string();
        assert!(picking.contains("凤翔区") && !picking.contains("class=\"pin\""));
    }
}
