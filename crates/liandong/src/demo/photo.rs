//! Small pictures for the demo, drawn here so that nobody's photo is used: the same kind of place before
//! and after its repair.

use std::io;

/// Width of a picture, in pixels.
const WIDTH: u32 = 480;
/// Height of a picture, in pixels.
const HEIGHT: u32 = 320;

/// What a picture shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scene {
    /// A chimney.
    Chimney,
    /// A river.
    River,
    /// A heap on open ground.
    Heap,
    /// A slope.
    Slope,
}

/// A picture of a scene.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Photo {
    /// What it shows.
    pub(super) scene: Scene,
    /// Whether it is repaired already.
    pub(super) repaired: bool,
}

impl Scene {
    /// The scene of that name in `scenarios.toml`.
    pub(super) fn read(name: &str) -> Option<Self> {
        Some(match name {
            "chimney" => Self::Chimney,
            "river" => Self::River,
            "heap" => Self::Heap,
            "slope" => Self::Slope,
            _ => return None,
        })
    }
}

impl Photo {
    /// The name of its file.
    pub(super) fn name(self) -> &'static str {
        match (self.scene, self.repaired) {
            (Scene::Chimney, false) => "排气筒-整改前（示意）.png",
            (Scene::Chimney, true) => "排气筒-整改后（示意）.png",
            (Scene::River, false) => "河道-整改前（示意）.png",
            (Scene::River, true) => "河道-整改后（示意）.png",
            (Scene::Heap, false) => "堆放点-整改前（示意）.png",
            (Scene::Heap, true) => "堆放点-整改后（示意）.png",
            (Scene::Slope, false) => "坡面-整改前（示意）.png",
            (Scene::Slope, true) => "坡面-整改后（示意）.png",
        }
    }

    /// The colour of a pixel: sky, hills, ground, and what the picture is about.
    fn colour(self, x: i32, y: i32) -> u8 {
        let hill = 120 + wave(x, 97, 26) + wave(x, 41, 8);
        let base = match y {
            _ if y < hill => SKY + u8::try_from((y / 40).clamp(0, 2)).unwrap_or(0),
            _ if y < 190 => HILL,
            _ => GROUND,
        };
        self.subject(x, y).unwrap_or(base)
    }

    fn subject(self, x: i32, y: i32) -> Option<u8> {
        match self.scene {
            Scene::Chimney => self.chimney(x, y),
            Scene::River => self.river(x, y),
            Scene::Heap => self.heap(x, y),
            Scene::Slope => self.slope(x, y),
        }
    }

    fn chimney(self, x: i32, y: i32) -> Option<u8> {
        if (210..236).contains(&x) && (96..250).contains(&y) {
            return Some(if (y / 22) % 2 == 0 { RED } else { WHITE });
        }
        if (150..330).contains(&x) && (190..250).contains(&y) {
            let window = (x / 18) % 2 == 0 && (208..222).contains(&y);
            return Some(if window { DARK } else { GREY });
        }
        let (across, up) = (x - 223 - (96 - y) / 2, 96 - y);
        let width = 12 + up / 2 + wave(x + y, 37, 7);
        let smoke = up > 0 && across.abs() < width;
        match (smoke, self.repaired) {
            (true, false) => Some(if (x + y) % 5 == 0 { GREY } else { DARK }),
            (true, true) if up < 36 => Some(WHITE),
            _ => None,
        }
    }

    fn river(self, x: i32, y: i32) -> Option<u8> {
        let middle = 240 + wave(y, 61, 40);
        let half = (y - 180) * 3 / 4;
        if y < 186 || (x - middle).abs() > half {
            let pipe = !self.repaired && (300..352).contains(&x) && (228..244).contains(&y);
            return pipe.then_some(GREY);
        }
        let ripple = (y + wave(x, 53, 3)) % 14 < 2;
        Some(match (self.repaired, ripple) {
            (true, false) => BLUE,
            (true, true) => WHITE,
            (false, false) => BROWN,
            (false, true) => DARK,
        })
    }

    fn heap(self, x: i32, y: i32) -> Option<u8> {
        let top = 188 + (x - 240).abs() / 3 + wave(x, 23, 6);
        if !(110..370).contains(&x) || y < top || y > 268 {
            return None;
        }
        if self.repaired {
            return (y > 246).then_some(if (x / 6 + y / 6) % 2 == 0 { GREEN } else { LEAF });
        }
        Some(match (x * 7 + y * 13) % 11 {
            0 | 1 => WHITE,
            2 | 3 => RED,
            4..=6 => BROWN,
            7 => BLUE,
            _ => DARK,
        })
    }

    fn slope(self, x: i32, y: i32) -> Option<u8> {
        let edge = 96 + (x - 90).abs() / 2;
        if !(90..420).contains(&x) || y < edge || y > 262 {
            return None;
        }
        let step = (y - edge) / 24 % 2 == 0;
        Some(match (self.repaired, step) {
            (true, _) if (x % 22 < 4) && (y % 24 < 14) => LEAF,
            (true, _) => GREEN,
            (false, true) => BROWN,
            (false, false) => SAND,
        })
    }
}

/// A bumpy line without floating point.
fn wave(at: i32, length: i32, height: i32) -> i32 {
    let place = at.rem_euclid(length);
    let half = (length / 2).max(1);
    let up = if place < half { place } else { length - place };
    up * height / half
}

const SKY: u8 = 0;
const HILL: u8 = 3;
const GROUND: u8 = 4;
const GREY: u8 = 5;
const DARK: u8 = 6;
const WHITE: u8 = 7;
const RED: u8 = 8;
const BLUE: u8 = 9;
const BROWN: u8 = 10;
const GREEN: u8 = 11;
const LEAF: u8 = 12;
const SAND: u8 = 13;

/// The colours, three bytes each.
const COLOURS: [u8; 42] = [
    0xb9, 0xd3, 0xe6, 0xc8, 0xdd, 0xea, 0xd9, 0xe6, 0xee, 0x8f, 0xa3, 0x84, 0xb6, 0xa9, 0x88, 0x9b,
    0x9d, 0x9f, 0x52, 0x50, 0x4e, 0xf2, 0xf3, 0xf1, 0xb5, 0x4a, 0x3c, 0x5d, 0x93, 0xb8, 0x7a, 0x63,
    0x46, 0x6f, 0x99, 0x5a, 0x3f, 0x72, 0x3b, 0xc3, 0xa8, 0x76,
];

/// The picture as a PNG file.
pub(super) fn png(picture: Photo) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, WIDTH, HEIGHT);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(COLOURS.as_slice());
    let mut writer = encoder.write_header()?;
    let (width, height) = (i32::try_from(WIDTH), i32::try_from(HEIGHT));
    let (width, height) = (width.unwrap_or(0), height.unwrap_or(0));
    let pixels: Vec<u8> =
        (0..height).flat_map(|y| (0..width).map(move |x| picture.colour(x, y))).collect();
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_picture_is_a_small_png_and_before_differs_from_after() {
        for scene in [Scene::Chimney, Scene::River, Scene::Heap, Scene::Slope] {
            let before = png(Photo { scene, repaired: false }).unwrap();
            let after = png(Photo { scene, repaired: true }).unwrap();
            assert!(before.starts_with(b"\x89PNG") && before.len() < 60_000, "{}", before.len());
            assert_ne!(before, after);
        }
    }
}
