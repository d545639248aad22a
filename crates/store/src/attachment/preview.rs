//! Pictures to look at: made anew from the pixels of what was uploaded, small, turned the right way up, and
//! without anything else the file says. What it says of where and when it was taken is evidence: that is
//! kept apart, sealed, and told to whoever may open the file.
//!
//! They are made after the upload was answered, one at a time, and kept sealed in `FILES/preview`; one that
//! is not there when it is looked at, because the program stopped or the file is older, is made then.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Cursor, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder as _, ImageReader, Limits};
use jiff::civil::DateTime;
use procedure::Point;
use serde::{Deserialize, Serialize};

use super::sealed::{HEAD_BYTES, Reading, Sealer, place_of};
use crate::db::Statement;
use crate::error::StoreError;
use crate::randomness::Randomness;
use crate::scope::Scope;
use crate::store::Store;
use crate::vault::{Place, Vault};

/// Longest side of a preview, in pixels.
pub const PREVIEW_PIXELS_MAX: u32 = 1_280;
/// Longest side of a picture that is looked at.
const PICTURE_PIXELS_MAX: u32 = 16_384;
/// Most memory a picture may take while it is looked at.
const PICTURE_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Largest file of a picture that is looked at.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// How well the preview keeps what is seen, of 100.
const QUALITY: u8 = 82;

/// Where and when a picture says it was taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// Where.
    pub point: Option<Point>,
    /// When, by the camera's own clock.
    pub at: Option<DateTime>,
    /// By which camera; empty when it does not say.
    #[serde(default)]
    pub camera: String,
}

/// What was made of a picture.
struct Made {
    jpeg: Vec<u8>,
    taken: Taken,
}

impl Store {
    /// Makes the preview of a picture that just came in, when nobody waits.
    pub(super) fn preview_later(&self, sha256: &str, media_type: &str) {
        if !is_picture(media_type) {
            return;
        }
        let (store, sha256) = (self.clone(), sha256.to_owned());
        tokio::spawn(async move {
            if let Err(error) = store.preview_make(&sha256).await {
                tracing::warn!(%error, "the preview of a picture was not made");
            }
        });
    }

    /// The preview of a picture somebody may open, as JPEG; none for what is no picture, or one that cannot
    /// be read, and for what they may not open.
    ///
    /// # Errors
    /// When the database or the disk fails.
    pub async fn attachment_preview(
        &self,
        scope: &Scope,
        sha256: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let Some((attachment, _)) = self.attachment_open(scope, sha256).await? else {
            return Ok(None);
        };
        if !is_picture(&attachment.media_type) {
            return Ok(None);
        }
        if let Some(jpeg) = self.preview_read(sha256).await? {
            return Ok(Some(jpeg).filter(|jpeg| !jpeg.is_empty()));
        }
        self.preview_make(sha256).await?;
        Ok(self.preview_read(sha256).await?.filter(|jpeg| !jpeg.is_empty()))
    }

    /// What a picture somebody may open says of where and when it was taken.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn attachment_taken(
        &self,
        scope: &Scope,
        sha256: &str,
    ) -> Result<Option<Taken>, StoreError> {
        const SQL: &str = "select taken from attachment where sha256 = $1";
        if self.attachment_name(scope, sha256).await?.is_none() {
            return Ok(None);
        }
        let mut tx = self.read().await?;
        let text: String = tx.one(SQL, &[sha256.into()]).await?.unwrap_or_default();
        if text.is_empty() {
            return Ok(None);
        }
        let text = tx.vault().open_column("facts of a picture", &taken_place(sha256), text)?;
        let taken: Taken = serde_json::from_str(&text)
            .map_err(|error| StoreError::damaged("facts of a picture", error))?;
        Ok(Some(taken).filter(|taken| *taken != Taken::default()))
    }

    async fn preview_read(&self, sha256: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let path = preview_path(&self.inner().files, sha256);
        let (database, hash) = (self.database().clone(), sha256.to_owned());
        let read = super::blocking(move || {
            let file = match std::fs::File::open(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            };
            let mut jpeg = Vec::new();
            Reading::sealed(database.vault(), &preview_place(&hash), file)?
                .read_to_end(&mut jpeg)?;
            Ok(Some(jpeg))
        });
        read.await?
            .map_err(|source| super::failed(&preview_path(&self.inner().files, sha256), source))
    }

    /// Makes a preview and keeps it; an empty one of a picture that cannot be read, so that it is not tried
    /// again and again.
    async fn preview_make(&self, sha256: &str) -> Result<(), StoreError> {
        const TAKEN: &str = "update attachment set taken = $2 where sha256 = $1 and taken = ''";
        let inner = self.inner();
        // A picture takes much memory while it is looked at: one at a time.
        let Ok(_turn) = inner.previews.acquire().await else { return Ok(()) };
        let path = preview_path(&inner.files, sha256);
        if path.exists() {
            return Ok(());
        }
        let (database, randomness) = (self.database().clone(), inner.randomness.clone());
        let (files, hash) = (inner.files.clone(), sha256.to_owned());
        let made = super::blocking(move || {
            let made = made(database.vault(), &files, &hash)?;
            keep(database.vault(), &randomness, &files, &hash, &made.jpeg)?;
            Ok::<Taken, io::Error>(made.taken)
        });
        let taken = made.await?.map_err(|source| super::failed(&path, source))?;
        if taken != Taken::default() {
            let text = serde_json::to_string(&taken)
                .map_err(|error| StoreError::damaged("facts of a picture", error))?;
            let sealed = self
                .database()
                .vault()
                .seal(&taken_place(sha256), text.as_bytes())
                .map_err(|error| StoreError::damaged("facts of a picture", error))?;
            self.write(vec![Statement::new(TAKEN, vec![sha256.into(), sealed.into()])]).await?;
        }
        Ok(())
    }
}

/// Whether it is a picture of a kind that previews are made of.
#[must_use]
pub fn is_picture(media_type: &str) -> bool {
    matches!(media_type, "image/jpeg" | "image/png" | "image/webp")
}

fn taken_place(sha256: &str) -> Place {
    place_of(sha256).at("taken")
}

fn preview_place(sha256: &str) -> Place {
    place_of(sha256).at("preview")
}

fn preview_path(files: &Path, sha256: &str) -> PathBuf {
    super::sealed::sealed_path_of(&files.join("preview"), sha256)
}

fn made(vault: &Vault, files: &Path, sha256: &str) -> io::Result<Made> {
    let mut bytes = Vec::new();
    Reading::open(vault, files, sha256)?.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Ok(Made { jpeg: Vec::new(), taken: Taken::default() });
    }
    let taken = taken(&bytes);
    // What cannot be read as a picture has no preview; it is a file all the same.
    let jpeg = small(&bytes).unwrap_or_default();
    Ok(Made { jpeg, taken })
}

/// The pixels anew, as JPEG: nothing of the file is copied.
fn small(bytes: &[u8]) -> Result<Vec<u8>, image::ImageError> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(PICTURE_PIXELS_MAX);
    limits.max_image_height = Some(PICTURE_PIXELS_MAX);
    limits.max_alloc = Some(PICTURE_BYTES_MAX);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let (width, height) = decoder.dimensions();
    let mut picture = DynamicImage::from_decoder(decoder)?;
    if width.max(height) > PREVIEW_PIXELS_MAX {
        picture = picture.thumbnail(PREVIEW_PIXELS_MAX, PREVIEW_PIXELS_MAX);
    }
    picture.apply_orientation(orientation);
    let mut jpeg = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut jpeg, QUALITY);
    picture.to_rgb8().write_with_encoder(encoder)?;
    Ok(jpeg)
}

/// What the file says of where and when it was taken.
fn taken(bytes: &[u8]) -> Taken {
    let read = exif::Reader::new().read_from_container(&mut Cursor::new(bytes));
    let Ok(facts) = read else { return Taken::default() };
    let text = |tag| {
        let field = facts.get_field(tag, exif::In::PRIMARY)?;
        match &field.value {
            exif::Value::Ascii(lines) => lines.first().map(|line| String::from_utf8_lossy(line)),
            _ => None,
        }
    };
    let degrees = |tag, sign, minus: &str| {
        let field = facts.get_field(tag, exif::In::PRIMARY)?;
        let exif::Value::Rational(parts) = &field.value else { return None };
        let [degrees, minutes, seconds] = parts.as_slice() else { return None };
        let value = degrees.to_f64() + minutes.to_f64() / 60.0 + seconds.to_f64() / 3600.0;
        let value = if text(sign)?.starts_with(minus) { -value } else { value };
        // A picture may say anything; a place on the earth is within these.
        #[expect(clippy::cast_possible_truncation, reason = "within ±180 million")]
        (value.is_finite() && value.abs() <= 180.0).then(|| (value * 1e6).round() as i32)
    };
    let latitude = degrees(exif::Tag::GPSLatitude, exif::Tag::GPSLatitudeRef, "S");
    let longitude = degrees(exif::Tag::GPSLongitude, exif::Tag::GPSLongitudeRef, "W");
    let point = longitude.zip(latitude).filter(|(_, latitude)| latitude.abs() <= 90_000_000);
    let at = text(exif::Tag::DateTimeOriginal);
    let at = at.and_then(|at| DateTime::strptime("%Y:%m:%d %H:%M:%S", at.trim()).ok());
    let camera = [exif::Tag::Make, exif::Tag::Model].into_iter().filter_map(text);
    let camera: Vec<String> = camera.map(|part| part.trim().to_owned()).collect();
    let camera: String =
        camera.join(" ").chars().filter(|one| !one.is_control()).take(80).collect();
    Taken {
        point: point.map(|(longitude_e6, latitude_e6)| Point { longitude_e6, latitude_e6 }),
        at,
        camera: camera.trim().to_owned(),
    }
}

fn keep(
    vault: &Vault,
    randomness: &Arc<dyn Randomness>,
    files: &Path,
    sha256: &str,
    jpeg: &[u8],
) -> io::Result<()> {
    let path = preview_path(files, sha256);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let random = crate::randomness::secret(&**randomness).map_err(io::Error::other)?;
    let new = files.join("incoming").join(random);
    let mut sealer = Sealer::new(&**randomness).map_err(io::Error::other)?;
    let mut file = BufWriter::new(OpenOptions::new().write(true).create_new(true).open(&new)?);
    file.write_all(&[0; HEAD_BYTES])?;
    file.write_all(&sealer.push(jpeg)?)?;
    let (last, head) = sealer.finish(vault, &preview_place(sha256))?;
    file.write_all(&last)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&head)?;
    file.flush()?;
    std::fs::rename(&new, &path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A JPEG of 4×2 pixels turned by a quarter, taken at the bridge over the Wei.
    fn turned() -> Vec<u8> {
        let mut jpeg = Vec::new();
        let picture = image::RgbImage::from_pixel(4, 2, image::Rgb([200, 10, 10]));
        picture.write_with_encoder(JpegEncoder::new(&mut jpeg)).unwrap();
        let mut tiff: Vec<u8> = b"II*\0\x08\0\0\0".to_vec();
        let entry = |tag: u16, kind: u16, count: u32, value: u32| {
            let mut entry = Vec::new();
            entry.extend(tag.to_le_bytes());
            entry.extend(kind.to_le_bytes());
            entry.extend(count.to_le_bytes());
            entry.extend(value.to_le_bytes());
            entry
        };
        // Orientation 6, and where the places are: after this list of 2 entries.
        tiff.extend(2_u16.to_le_bytes());
        tiff.extend(entry(0x0112, 3, 1, 6));
        tiff.extend(entry(0x8825, 4, 1, 38));
        tiff.extend(0_u32.to_le_bytes());
        // 4 entries: N, latitude at 92, E, longitude at 116.
        tiff.extend(4_u16.to_le_bytes());
        tiff.extend(entry(1, 2, 2, u32::from(b'N')));
        tiff.extend(entry(2, 5, 3, 92));
        tiff.extend(entry(3, 2, 2, u32::from(b'E')));
        tiff.extend(entry(4, 5, 3, 116));
        tiff.extend(0_u32.to_le_bytes());
        for part in [34_u32, 1, 22, 1, 30, 1, 107, 1, 9, 1, 0, 1] {
            tiff.extend(part.to_le_bytes());
        }
        let mut with = jpeg[..2].to_vec();
        let length = u16::try_from(2 + 6 + tiff.len()).unwrap();
        with.extend([0xFF, 0xE1]);
        with.extend(length.to_be_bytes());
        with.extend(b"Exif\0\0");
        with.extend(&tiff);
        with.extend(&jpeg[2..]);
        with
    }

    #[test]
    fn a_preview_stands_upright_and_says_nothing_but_its_pixels() {
        let picture = turned();
        let jpeg = small(&picture).unwrap();
        let again = image::load_from_memory(&jpeg).unwrap();
        assert_eq!((again.width(), again.height()), (2, 4));
        assert_eq!(taken(&jpeg), Taken::default());
        assert!(!jpeg.windows(4).any(|window| window == b"Exif"));
    }

    #[test]
    fn where_it_was_taken_is_read() {
        let point = taken(&turned()).point.unwrap();
        assert_eq!((point.latitude_e6, point.longitude_e6), (34_375_000, 107_150_000));
        assert_eq!(taken(b"\xFF\xD8\xFFno picture"), Taken::default());
    }

    #[test]
    fn a_small_file_that_would_fill_the_memory_is_no_picture() {
        // A PNG of a few bytes that claims 60,000 × 60,000 pixels.
        let mut png = b"\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR".to_vec();
        png.extend(60_000_u32.to_be_bytes());
        png.extend(60_000_u32.to_be_bytes());
        png.extend([8, 2, 0, 0, 0, 0, 0, 0, 0]);
        assert!(small(&png).is_err());
        assert!(small(b"<svg/>").is_err());
    }
}
